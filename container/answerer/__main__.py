"""The container's program: `python -m answerer`.

    CONTEXT QUESTION ITEM_ID            answer, print one line of JSON, write the item
    CONTEXT QUESTION ITEM_ID --no_save  answer, print one line of JSON
    --item-id KEY [--attempt N]         read question and context from the table, answer, write

The last may be given several times, each with its attempt, to answer several questions.

Exit codes: 0 done, or superseded; 1 crashed; 2 invalid arguments, environment, model, question or
context; 3 the table refused; 124 the deadline passed; 130 and 143 stopped by SIGINT and SIGTERM. With
`--item-id`, each item records its own result, and the code is that of the first question that failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from answerer import environment
from answerer.errors import AnswererError
from answerer.logs import log
from answerer.supervisor import Supervisor, supervised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from answerer.model import Model


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one task.

    It may run in any thread; SIGTERM and SIGINT are handled in the main thread only.

    Args:
        argv: the arguments, without the program's name; default: those of the process.
        environ: the environment (default: that of the process). `MODEL_DIR`, `TABLE_NAME`,
            `DEADLINE_SECONDS`, `ITEM_TTL_DAYS` and AWS's own variables are read.

    Returns:
        The exit code; see the module.
    """
    environ = os.environ if environ is None else environ
    try:
        arguments = _parser().parse_args(argv)
        _check(arguments)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    try:
        deadline = environment.deadline(environ)
    except AnswererError as error:
        log(str(error))
        return error.exit_code
    with supervised() as supervisor:
        return _run(arguments, environ, supervisor, deadline)


def _run(
    arguments: argparse.Namespace,
    environ: Mapping[str, str],
    supervisor: Supervisor,
    deadline: float,
) -> int:
    directory = environment.model_directory(environ)
    if arguments.keys:
        from answerer.worker import Task, run_all

        task = Task(
            environ,
            lambda: _load(directory),
            top_k=arguments.top_k,
            deadline=deadline,
            questions=len(arguments.keys),
        )
        attempts = arguments.attempts or [None] * len(arguments.keys)
        return run_all(task, list(zip(arguments.keys, attempts, strict=True)), supervisor)
    try:
        line = supervisor.run(lambda: _tutorial(arguments, environ, _load(directory)), deadline)
    except Exception as error:  # noqa: BLE001 - the last to hear of it
        from answerer.worker import explain

        return explain(error, deadline)[2]
    print(line, flush=True)
    return 0


def _tutorial(arguments: argparse.Namespace, environ: Mapping[str, str], model: Model) -> str:
    """Answer the question of the command line; returns the line to print."""
    spans = model.answer(arguments.context, arguments.question, top_k=arguments.top_k)
    best = spans[0]
    answer = {
        "score": best.score,
        "start": best.start,
        "end": best.end,
        "answer": best.answer or None,
    }
    if not arguments.no_save:
        lifetime = environment.lifetime(environ)
        environment.open_table(environ).save(
            arguments.item_id,
            arguments.context,
            arguments.question,
            spans,
            model.info.identity,
            expires_at=None if lifetime is None else int(time.time()) + lifetime,
        )
    return json.dumps(answer)


_LOADING = threading.Lock()


def _load(directory: Path) -> Model:
    # Where one process runs many tasks, they share the model, and the first ones wait for it together.
    with _LOADING:
        return _loaded(directory)


@lru_cache(maxsize=1)
def _loaded(directory: Path) -> Model:
    from answerer.model import Model

    return Model.load(directory)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="answerer",
        description="Answer a question from a context.",
        allow_abbrev=False,
    )
    parser.add_argument("context", nargs="?", help="the text that holds the answer")
    parser.add_argument("question", nargs="?", help="the question")
    parser.add_argument("item_id", nargs="?", help="the item to write")
    parser.add_argument("--no_save", action="store_true", help="write no item")
    parser.add_argument(
        "--item-id",
        dest="keys",
        action="append",
        default=[],
        help="answer this item of the table instead; can be repeated",
    )
    parser.add_argument(
        "--attempt",
        dest="attempts",
        action="append",
        type=_positive,
        help="number of this attempt at the item; one for each --item-id, in the same order",
    )
    parser.add_argument(
        "--top-k", type=_positive, default=1, help="how many spans to keep in the item (default: 1)"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _check(arguments: argparse.Namespace) -> None:
    given = [arguments.context, arguments.question, arguments.item_id]
    if not arguments.keys and None in given:
        _parser().error("give CONTEXT QUESTION ITEM_ID, or --item-id KEY")
    if arguments.keys and (given != [None] * 3 or arguments.no_save):
        _parser().error("--item-id cannot be combined with CONTEXT QUESTION ITEM_ID or --no_save")
    if arguments.attempts and len(arguments.attempts) != len(arguments.keys):
        _parser().error("give --attempt once for each --item-id, or not at all")


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The answer is written: do not wait for a model that hangs, or for its cleanup.
    os._exit(code)
