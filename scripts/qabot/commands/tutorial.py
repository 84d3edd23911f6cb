"""The tutorial's commands, `python scripts/run_task.py`, on qabot's own code.

They are used as the tutorial uses them. What is new: a question that was answered before is not
paid for again, failures say why, and `ask_many --wait` prints the answers as they come.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.answers.key import Keys
from qabot.answers.model import Answer, Request
from qabot.console.reporter import Reporter
from qabot.console.text import count, for_log
from qabot.exit_codes import settle
from qabot.questions.read import read_question_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qabot.answers.model import Result

PROBLEMS = Path("questions") / "problems.json"


def main(root: Path, argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        root: the repository.
        argv: its arguments; the process's own unless told.

    Returns:
        The exit code; see `qabot.errors`.
    """
    args = _parser().parse_args(argv)
    report = Reporter()
    return settle(
        lambda: _run(root, args, report),
        report,
        interrupted="interrupted; the tasks that were launched are stopped",
    )


def _run(root: Path, args: argparse.Namespace, report: Reporter) -> int:
    from qabot.commands import cloud

    if args.command == "ask":
        return _ask(root, args, [(args.context, args.question)], report)
    if args.command == "ask_many":
        questions = read_question_file(args.problems or root / PROBLEMS).questions
        pairs = [(one.context, one.question) for one in questions]
        return _ask(root, args, pairs, report) if args.wait else _submit(root, args, pairs, report)
    if args.command == "list_answers":
        for number, (item, context) in enumerate(
            cloud.answered(cloud.open_table(root), args.limit)
        ):
            print(number)
            _print(context, item.question, item.spans[0].answer, item.spans[0].score)
        return 0
    from qabot.aws.errors import translated

    table = cloud.open_table(root)
    with translated("emptying the table"):
        table.clear()
    print("Deleted all answers in the DynamoDB!")
    return 0


def _requests(model: str, pairs: Sequence[tuple[str, str]]) -> list[Request]:
    """One request per distinct question, in their order."""
    keys = Keys(model)
    requests = (
        Request(keys.key(context, question), question, context) for context, question in pairs
    )
    return list({request.key: request for request in requests}.values())


def _ask(
    root: Path, args: argparse.Namespace, pairs: Sequence[tuple[str, str]], report: Reporter
) -> int:
    from qabot.commands import cloud

    print("Submitting task...", flush=True)
    engine = cloud.make_engine(root, args, report)
    requests = {request.key: request for request in _requests(engine.model, pairs)}
    print("Waiting for the task to finish...", flush=True)
    failed = 0
    for result in engine.answer(list(requests.values())):
        request = requests[result.key]
        if isinstance(result, Answer):
            _print(request.context, request.question, result.span.answer, result.span.score)
        else:
            failed += 1
            _print_failure(request, result, report)
    return 1 if failed else 0


def _submit(
    root: Path, args: argparse.Namespace, pairs: Sequence[tuple[str, str]], report: Reporter
) -> int:
    from qabot.commands import cloud

    print("Submitting task...", flush=True)
    engine = cloud.make_engine(root, args, report)
    requests = {request.key: request for request in _requests(engine.model, pairs)}
    known = engine.submit(list(requests.values()))
    failed = [one for one in known if not isinstance(one, Answer)]
    for one in failed:
        _print_failure(requests[one.key], one, report)
    print(
        f"Submitted {count(len(requests) - len(known), 'task')}; "
        f"{count(len(known) - len(failed), 'question')} answered already."
    )
    print("Read the answers in a minute: python scripts/run_task.py list_answers")
    return 1 if failed else 0


def _print(context: str, question: str, answer: str, score: float) -> None:
    texts = {"Context": context, "Question": question, "Answer": answer}
    for name, text in texts.items():
        print(f"{name}: {for_log(text, max(1, len(text)))}")
    print(f"Score: {score}", flush=True)


def _print_failure(request: Request, result: Result, report: Reporter) -> None:
    if not isinstance(result, Answer):
        report.error(f"no answer to '{request.question}' ({result.kind}): {result.reason}")
        for name, text in result.evidence.items():
            report.note(f"  {name}: {text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_task.py", description="Ask questions of the deployed stack, as the tutorial does."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    ask = commands.add_parser("ask", help="ask one question and wait for the answer")
    ask.add_argument("context", help="the text that holds the answer")
    ask.add_argument("question", help="the question")
    many = commands.add_parser("ask_many", help="submit every question of a file")
    many.add_argument(
        "problems", nargs="?", type=Path, help=f"the file; {PROBLEMS.as_posix()} unless given"
    )
    many.add_argument("--wait", action="store_true", help="wait, and print the answers")
    list_ = commands.add_parser("list_answers", help="print the answers that the table has")
    list_.add_argument("--limit", type=int, default=50, help="how many at most (50)")
    commands.add_parser("clear", help="delete every question and answer of the table")
    return parser
