"""`qabot ask` and `qabot list`: one question, and the answers there are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from qabot import store
from qabot.cli import find_root
from qabot.engines.runner import BUNDLED
from qabot.errors import UsageError
from qabot.plan import select
from qabot.report import clean
from qabot.results import Answer

if TYPE_CHECKING:
    import argparse


def ask(args: argparse.Namespace) -> int:
    """Print the answer to one question.

    Args:
        args: `context`, `question`, `top_k`, `json` and `model`.

    Raises:
        InputError: it can't be answered.
        ModelError: the model can't be loaded.
    """
    from answerer.model import Model

    context = args.context if args.context != "-" else _read_standard_input()
    model = Model.load(args.model or BUNDLED)
    for span in model.answer(context, args.question, top_k=args.top_k):
        if args.json:
            print(json.dumps(asdict(span), ensure_ascii=False))
        else:
            print(f"{clean(' '.join(span.answer.split()))} ({span.score:.2f})")
    return 0


def _read_standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start}); convert it") from None


def list_answers(args: argparse.Namespace) -> int:
    """Print the answers of `answers/`, a line each.

    Args:
        args: `root`, `globs` and `format`.

    Raises:
        UsageError: a glob selects nothing.
    """
    sets = [one.answers for one in store.read_all(find_root(args.root)).values() if one.answers]
    selected = select([one.source for one in sets], args.globs)
    for one in sets:
        if one.source not in selected:
            continue
        for entry in one.entries:
            result = entry.result
            if args.format == "json":
                print(json.dumps({"source": one.source, **asdict(entry)}, ensure_ascii=False))
            elif isinstance(result, Answer):
                words = " ".join(result.span.answer.split())
                print(clean(f"{one.source}  {entry.id}  {result.span.score:.2f}  {words}"))
            else:
                print(clean(f"{one.source}  {entry.id}  error  {result.reason}"))
    return 0
