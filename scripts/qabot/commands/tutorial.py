"""The tutorial's commands, `python scripts/run_task.py`, on qabot's code.

They are used as in the tutorial. New: a question that was answered before is not paid for again,
failures have a reason, and `ask_many --wait` prints the answers as they arrive.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.answers.key import Keys
from qabot.answers.model import Answer, Failure, Request
from qabot.commands.arguments import positive
from qabot.commands.engine_options import FargateOptions, make_fargate_engine
from qabot.console.reporter import Reporter
from qabot.console.text import count, for_log
from qabot.exit_codes import run_and_report
from qabot.questions.read import read_question_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from answerer.spans import Span
    from qabot.engines.fargate.engine import FargateEngine

PROBLEMS = Path("questions") / "problems.json"


def main(root: Path, argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        root: the repository.
        argv: its arguments (default: the arguments of the process).

    Returns:
        The exit code; see `qabot.errors`.
    """
    report = Reporter()

    def command() -> int:
        args = _parser().parse_args(argv)
        match args.command:
            case "ask":
                return _ask(root, [(args.context, args.question)], report)
            case "ask_many":
                questions = read_question_file(args.problems or root / PROBLEMS).questions
                pairs = [(question.context, question.question) for question in questions]
                return (_ask if args.wait else _submit)(root, pairs, report)
            case "list_answers":
                return list_answers(root, args.limit)
            case _:
                return clear(root)

    return run_and_report(
        command, report, interrupted="interrupted; the tasks that were launched are stopped"
    )


def list_answers(root: Path, limit: int) -> int:
    """Print the answers that the table has, at most `limit`."""
    from qabot.commands import deployed_table

    answered = deployed_table.answered(deployed_table.open_table(root), limit)
    for number, (item, context) in enumerate(answered):
        print(number)
        _print(context, item.question, item.spans[0])
    return 0


def clear(root: Path) -> int:
    """Delete every question and answer of the table."""
    from qabot.aws.errors import translated
    from qabot.commands.deployed_table import open_table

    table = open_table(root)
    with translated("emptying the table"):
        table.clear()
    print("Deleted all answers in the DynamoDB!")
    return 0


def _begin(
    root: Path, pairs: Sequence[tuple[str, str]], report: Reporter
) -> tuple[FargateEngine, dict[str, Request]]:
    """The engine, and by its key each distinct question."""
    print("Submitting task...", flush=True)
    engine = make_fargate_engine(root, FargateOptions(), report)
    keys = Keys(engine.model)
    requests = (
        Request(keys.key(context, question), question, context) for context, question in pairs
    )
    return engine, {request.key: request for request in requests}


def _ask(root: Path, pairs: Sequence[tuple[str, str]], report: Reporter) -> int:
    engine, requests = _begin(root, pairs, report)
    print("Waiting for the task to finish...", flush=True)
    failed = 0
    for result in engine.answer(list(requests.values())):
        request = requests[result.key]
        if isinstance(result, Answer):
            _print(request.context, request.question, result.span)
        else:
            failed += 1
            _print_failure(request, result, report)
    return 1 if failed else 0


def _submit(root: Path, pairs: Sequence[tuple[str, str]], report: Reporter) -> int:
    engine, requests = _begin(root, pairs, report)
    known = engine.submit(list(requests.values()))
    failed = [result for result in known if isinstance(result, Failure)]
    for failure in failed:
        _print_failure(requests[failure.key], failure, report)
    print(
        f"Submitted {count(len(requests) - len(known), 'task')}; "
        f"{count(len(known) - len(failed), 'question')} answered already."
    )
    print("Read the answers in a minute: python scripts/run_task.py list_answers")
    return 1 if failed else 0


def _print(context: str, question: str, span: Span) -> None:
    texts = {"Context": context, "Question": question, "Answer": span.answer or "null"}
    for name, text in texts.items():
        print(f"{name}: {for_log(text, max(1, len(text)))}")
    print(f"Score: {span.score}", flush=True)


def _print_failure(request: Request, failure: Failure, report: Reporter) -> None:
    report.error(f"no answer to '{request.question}' ({failure.kind}): {failure.reason}")
    for name, text in failure.evidence.items():
        report.note(f"  {name}: {text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_task.py", description="Ask questions of the deployed stack, as the tutorial does."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    ask = commands.add_parser("ask", help="ask one question and wait for the answer")
    ask.add_argument("context", help="the text that contains the answer")
    ask.add_argument("question", help="the question")
    many = commands.add_parser("ask_many", help="submit every question of a file")
    many.add_argument(
        "problems", nargs="?", type=Path, help=f"the file (default: {PROBLEMS.as_posix()})"
    )
    many.add_argument("--wait", action="store_true", help="wait, and print the answers")
    list_ = commands.add_parser("list_answers", help="print the answers that the table has")
    list_.add_argument("--limit", type=positive, default=50, help="how many at most (default: 50)")
    commands.add_parser("clear", help="delete every question and answer of the table")
    return parser
