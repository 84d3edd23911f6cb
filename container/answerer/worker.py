"""One question of the table: claim it, answer it, write the answer; or write why not.

While the model loads, the item is fetched. Whatever happens, the item says so in the end, except
where the process is killed outright; then its lease tells.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from answerer import surroundings
from answerer.bounded import Bounded, DeadlineError, InterruptionError
from answerer.errors import AnswererError, InputError, ModelError
from answerer.logs import log
from answerer.table import SupersededError, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from answerer.model import Model

T = TypeVar("T")

# After its deadline a task has this long to write it down before its lease is over, seconds.
GRACE = 60
# What writing a failure down may take. ECS kills 30 s after SIGTERM.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
LAST_WORDS = 20.0
CRASH_EXIT = 1
AWS_EXIT = 3
DEADLINE_EXIT = 124  # as timeout(1) has it


class Worker:
    """The task of one attempt at one question.

    Args:
        environ: the environment; `answerer.surroundings` says what of it is read.
        load: loads the model.
        key: the question's key.
        attempt: the attempt that this task is; `None` takes the one that the table has.
        top_k: how many spans to keep, the answer included.
        deadline: seconds from now until the task gives up.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        load: Callable[[], Model],
        *,
        key: str,
        attempt: int | None,
        top_k: int,
        deadline: float,
    ) -> None:
        self._environ = environ
        self._load = load
        self._key = key
        self._attempt = attempt
        self._top_k = top_k
        self._deadline = deadline
        self._begun = time.monotonic()

    def run(self, bounded: Bounded) -> int:
        """Do the work, and write down what became of it.

        Args:
            bounded: runs it.

        Returns:
            The exit code for the process: 0 when the table has the answer, or a newer attempt.
        """
        try:
            bounded.run(self._answer, self._deadline)
        except Exception as error:  # noqa: BLE001 - the last to hear of it; the table is told
            if isinstance(error, SupersededError):
                log(str(error))
                return error.exit_code
            kind, reason, code = explain(error, self._deadline)
            self._record(bounded, kind, reason, permanent=isinstance(error, InputError))
            return code
        log(f"answered after {time.monotonic() - self._begun:.2f} s")
        return 0

    @cached_property
    def _table(self) -> Table:
        return surroundings.open_table(self._environ)

    def _answer(self) -> None:
        model = _later(self._load)
        if self._attempt is None:
            self._attempt = self._table.get(self._key).attempt
        item = self._table.start(
            self._key,
            self._attempt,
            task=surroundings.task_name(self._environ),
            lease=int(time.time() + self._deadline + GRACE),
        )
        context = self._table.context(item.context_id or "")
        loaded = model()
        spans = loaded.answer(context, item.question, top_k=self._top_k)
        if not self._table.answer(self._key, self._attempt, spans, loaded.info.identity):
            raise SupersededError(f"the table has gone on without attempt {self._attempt}")

    def _record(self, bounded: Bounded, kind: str, reason: str, *, permanent: bool) -> None:
        if self._attempt is None:
            return  # there is no such item
        attempt = self._attempt
        # Half surrogates can't be stored, and a reason may quote a text.
        stored = reason.encode(errors="backslashreplace").decode()

        def fail() -> bool:
            return self._table.fail(self._key, attempt, kind, stored, permanent=permanent)

        try:
            if not bounded.run(fail, LAST_WORDS):
                log("the table has gone on without this attempt; its failure is not recorded")
        except Exception as error:  # noqa: BLE001 - there is nobody left to tell but the log
            log(f"could not record the failure: {type(error).__name__}: {error}")


def explain(error: Exception, deadline: float) -> tuple[str, str, int]:
    """What a failure is, and a log of it.

    Args:
        error: what ended the work.
        deadline: how long the work might take, seconds.

    Returns:
        A short, stable kind, a reason for people, and the exit code.
    """
    kind, reason, code = _explain(error, deadline)
    log(f"failed: {kind}: {reason}")
    if kind == "crashed":
        for line in "".join(traceback.format_exception(error)).splitlines():
            log(line)
    return kind, reason, code


def _explain(error: Exception, deadline: float) -> tuple[str, str, int]:
    if isinstance(error, DeadlineError):
        reason = f"no answer after {deadline:g} s: the task gave up at its own deadline"
        return "deadline", reason, DEADLINE_EXIT
    if isinstance(error, InterruptionError):
        return "interrupted", f"the task was told to stop ({error})", 128 + error.number
    if isinstance(error, InputError):
        return error.kind, error.reason, error.exit_code
    if isinstance(error, ModelError):
        return "model", str(error), error.exit_code
    if isinstance(error, AnswererError):
        return "table", str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out-of-memory", "the task had no memory left", CRASH_EXIT
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, _aws_errors()):
        return "table", reason, AWS_EXIT
    return "crashed", reason, CRASH_EXIT


def _later(work: Callable[[], T]) -> Callable[[], T]:
    """Start some work in a thread beside this one; call what is returned to get its result."""
    future: Future[T] = Future()

    def body() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again, by who waits
            future.set_exception(error)

    threading.Thread(target=body, name="load", daemon=True).start()
    return future.result


def _aws_errors() -> tuple[type[Exception], ...]:
    """Botocore's errors, without importing it where nothing has."""
    exceptions = sys.modules.get("botocore.exceptions")
    return (exceptions.BotoCoreError, exceptions.ClientError) if exceptions else ()
