"""`qabot ask` and `qabot list`: one question, and the answers there are."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.model import Answer
from qabot.console.text import for_log, json_for_log
from qabot.engines.runner import BUNDLED
from qabot.errors import UsageError
from qabot.repository import find_root
from qabot.run.plan import select

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from qabot.answers.model import Entry
    from qabot.console.reporter import Reporter


def ask(args: argparse.Namespace, report: Reporter) -> int:
    """Print the answer to one question.

    Args:
        args: `context`, `question`, `top_k`, `json`, `engine` and `model`.
        report: for what the fargate engine says.

    Raises:
        InputError: it can't be answered.
        ModelError: the model can't be loaded.
    """
    context = args.context if args.context != "-" else _read_standard_input()
    if args.engine == "fargate":
        from qabot.commands import cloud

        return cloud.ask(args, context, report)
    from answerer.model import Model

    model = Model.load(args.model or BUNDLED)
    for span in model.answer(context, args.question, top_k=args.top_k):
        if args.json:
            print(json_for_log(asdict(span)))
        else:
            print(for_log(f"{' '.join(span.answer.split())} ({span.score:.2f})"))
    return 0


def _read_standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start}); convert it") from None


def list_answers(args: argparse.Namespace) -> int:
    """Print the answers of `answers/`, a line each.

    Args:
        args: `root`, `globs`, `format`, `limit` and `engine`; the fargate engine's answers are
            those in its table, which knows no files.

    Raises:
        UsageError: a glob selects nothing, or is given for the table.
        CloudError: the table can't be read.
    """
    if args.engine == "fargate":
        if args.globs:
            raise UsageError("the table knows no files; leave the names out, or --engine fargate")
        from qabot.commands import cloud

        return cloud.list_items(args)
    for source, entry in islice(_entries(args), args.limit):
        result = entry.result
        if args.format == "json":
            print(json_for_log({"source": source, **asdict(entry)}))
        elif isinstance(result, Answer):
            words = " ".join(result.span.answer.split())
            print(for_log(f"{source}  {entry.id}  {result.span.score:.2f}  {words}"))
        else:
            print(for_log(f"{source}  {entry.id}  error  {result.reason}"))
    return 0


def _entries(args: argparse.Namespace) -> Iterator[tuple[str, Entry]]:
    """Every entry of the selected answers files, with the question file it belongs to."""
    sets = [one.answers for one in store.read_all(find_root(args.root)).values() if one.answers]
    selected = select([one.source for one in sets], args.globs)
    for one in sets:
        if one.source in selected:
            yield from ((one.source, entry) for entry in one.entries)
