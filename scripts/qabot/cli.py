"""The command line: what there is to say, and who does it.

Nothing is imported before a command needs it, so that `qabot check` and `qabot plan` start at once.
What commands raise is told by `qabot.exit_codes`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import EXIT_CODES, add_command, positive
from qabot.console.reporter import Reporter
from qabot.exit_codes import settle
from qabot.models import cli as models

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: its arguments; the process's own unless told.

    Returns:
        The exit code; see `qabot.errors`.
    """
    args = _parser().parse_args(argv)
    report = Reporter()
    return settle(lambda: _run(args, report), report)


def _run(args: argparse.Namespace, report: Reporter) -> int:
    match args.command:
        case "answer":
            from qabot.commands import reconciling

            return reconciling.answer(args, report)
        case "plan":
            from qabot.commands import reconciling

            return reconciling.plan(args, report)
        case "preview":
            from qabot.commands import reconciling

            return reconciling.preview(args, report)
        case "check":
            from qabot.commands import checking

            return checking.check(args, report)
        case "ask":
            from qabot.commands import asking

            return asking.ask(args, report)
        case "list":
            from qabot.commands import asking

            return asking.list_answers(args)
        case "commit" | "dispatch":
            from qabot.commands import gitops

            return (gitops.commit if args.command == "commit" else gitops.dispatch)(args, report)
        case "site":
            from qabot.commands import site

            return site.site(args, report)
        case "model":
            code: int = args.run(args)
            return code
        case _:
            from qabot.commands import cloud

            return (
                cloud.clear(args, report) if args.command == "clear" else cloud.reap(args, report)
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qabot",
        description="Answer the questions of questions/ into answers/.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        help="the repository; found upwards from here unless given",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    answer = add_command(
        commands,
        "answer",
        "answer every question that has no fresh answer",
        "An answer is fresh while its question, its context and the model stay the same. Answers whose "
        "question is gone are removed; nothing else is touched.",
        "qabot answer                  everything\n"
        "qabot answer einstein         questions/einstein.yaml\n"
        "qabot answer 'team-a/*'       what lies in questions/team-a/\n"
        "qabot answer --force einstein ask again what is answered already",
    )
    _selection(answer)
    _engine(answer)
    _fargate_run(answer)
    answer.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    _timeline(answer)

    plan = add_command(
        commands,
        "plan",
        "show what a run would do",
        "Lists the questions that would be asked and the answers that would be removed.",
        "qabot plan --format markdown  for a pull request's summary",
    )
    _selection(plan)
    _engine(plan)
    plan.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    plan.add_argument(
        "--summary", action="store_true", help="add it to the job summary, too, where there is one"
    )

    preview = add_command(
        commands,
        "preview",
        "try what would be asked, and write nothing",
        "The bundled model answers on this machine, whichever engine is to answer in the end; on GitHub "
        "the answers become part of the job summary.",
        "qabot preview --engine fargate",
    )
    _selection(preview)
    _engine(preview)

    check = add_command(
        commands,
        "check",
        "look for mistakes in questions/",
        "Tells every mistake in every file, with its line and what to do. On GitHub they become "
        "annotations.",
        "qabot check",
    )
    check.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of question files"
    )

    ask = add_command(
        commands,
        "ask",
        "ask one question and print the answer",
        "Finds the part of CONTEXT that answers QUESTION. Nothing is written.",
        'qabot ask "She named the baby Momotaro." "What is the name of the baby?"\n'
        'qabot ask - "Who may sign?" < contract.txt',
    )
    ask.add_argument(
        "context", metavar="CONTEXT", help="the text that holds the answer; - reads it"
    )
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument(
        "--top-k", type=positive, default=1, metavar="N", help="print the N best answers (1)"
    )
    ask.add_argument("--json", action="store_true", help="print one JSON object an answer")
    _engine(ask)
    _fargate_run(ask)

    list_ = add_command(
        commands,
        "list",
        "print the answers there are",
        "One line an answer: file, id, score, answer; or, with --engine fargate, what the table has.",
        "qabot list einstein --format json\nqabot list --engine fargate   what the table has",
    )
    _globs(list_)
    _engine_name(list_)
    list_.add_argument("--format", choices=("text", "json"), default="text")
    list_.add_argument("--limit", type=positive, metavar="N", help="print N at most")

    clear = add_command(
        commands,
        "clear",
        "empty the fargate engine's table",
        "Deletes every question and answer in DynamoDB, after asking. answers/ stays as it is.",
        "qabot clear --yes             without asking",
    )
    clear.add_argument("--yes", action="store_true", help="don't ask")

    reap = add_command(
        commands,
        "reap",
        "stop every task that a run of the fargate engine has left",
        "A run that ends stops its own tasks; this is for one that was killed. Each run says its name "
        "when it begins.",
        "qabot reap github-1234567890-1",
    )
    reap.add_argument("run", metavar="RUN", help="the run's name")

    commit = add_command(
        commands,
        "commit",
        "commit the answers to the branch that people read",
        "What answers/ holds goes on top of what origin has by then, and nothing else does. Where the "
        "branch takes no pushes a pull request is opened, or updated. The workflows call this.",
        "qabot commit --branch main",
    )
    _engine(commit)
    commit.add_argument("--branch", metavar="NAME", help="the checkout's unless given")

    dispatch = add_command(
        commands,
        "dispatch",
        "do what a form on GitHub asks for",
        "Reads ASK_CONTEXT and ASK_QUESTION (a question to add to questions/asked/), ASK_GLOB, "
        "ASK_FORCE, ASK_DRY_RUN and ASK_SHARD from the environment, where no shell reads them, and "
        "answers. The workflows call this.",
        'ASK_CONTEXT="It was 1921." ASK_QUESTION="When was it?" qabot dispatch',
    )
    _engine(dispatch)
    _fargate_run(dispatch)
    _timeline(dispatch)

    site = add_command(
        commands,
        "site",
        "write the answers as one static page",
        "The page searches, filters, shows each answer in its text, and has a form to ask. It is one "
        "file that needs nothing else.",
        "qabot site --out public       writes public/index.html\n"
        "qabot site --open             shows it in a browser",
    )
    site.add_argument("--out", type=Path, metavar="DIR", help="the folder to write index.html to")
    site.add_argument("--open", action="store_true", help="open the page in a browser")
    site.add_argument(
        "--timeline",
        type=Path,
        metavar="FILE",
        help="show the run that qabot answer --timeline wrote",
    )

    model = add_command(
        commands,
        "model",
        "make and measure models",
        "A model directory holds model.onnx, tokenizer.json and model.json.",
        "qabot model export OWNER/NAME@REVISION --out DIR\nqabot model evaluate dev-v1.1.json",
    )
    models.add_parsers(model.add_subparsers(metavar="COMMAND", required=True))
    return parser


def _globs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "globs",
        nargs="*",
        metavar="GLOB",
        help="question files, with or without questions/ and .yaml",
    )


def _selection(parser: argparse.ArgumentParser) -> None:
    _globs(parser)
    parser.add_argument("--force", action="store_true", help="take no answer for fresh")
    parser.add_argument(
        "--shard",
        default="",
        metavar="I/N",
        help="only part I of N, for N machines that share the files among them",
    )


def _engine_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("runner", "fargate"),
        default="runner",
        help="answer on this machine (runner), or with one Fargate task a question (fargate)",
    )


def _fargate_run(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fargate engine")
    group.add_argument(
        "--max-tasks", type=positive, metavar="N", help="tasks in flight; cdk.json's unless given"
    )
    group.add_argument(
        "--timeout", type=positive, metavar="SECONDS", help="of the whole run (3300)"
    )
    group.add_argument("--run", metavar="NAME", help="names the run, for qabot reap")


def _timeline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeline",
        type=Path,
        metavar="FILE",
        help="write when what happened in the run, for qabot site",
    )


def _engine(parser: argparse.ArgumentParser) -> None:
    _engine_name(parser)
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="a model directory; the bundled model unless given",
    )
