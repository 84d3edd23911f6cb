"""Answer questions of the table: claim each, answer it, write the answer or the failure.

The item is fetched while the model loads. Whatever happens is recorded in the item, unless the
process is killed; then its lease expires.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from answerer import environment
from answerer.errors import AnswererError, InputError, ModelError
from answerer.logs import log
from answerer.supervisor import DeadlineError, InterruptionError, Supervisor
from answerer.table import SupersededError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from answerer.items import Item
    from answerer.model import Model
    from answerer.table import Table

T = TypeVar("T")

# Seconds between a task's deadline and the end of its lease, to record the failure.
GRACE = 60
# Seconds that recording a failure may take. ECS kills 30 s after SIGTERM.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
LAST_WORDS = 20.0
CRASH_EXIT = 1
AWS_EXIT = 3
DEADLINE_EXIT = 124  # as timeout(1) has it


@dataclass(frozen=True)
class Task:
    """One task: the table, model and deadline that its questions share.

    Args:
        environ: the environment; see `answerer.environment`.
        load: loads the model; called once, in a thread.
        top_k: how many spans to keep, the answer included.
        deadline: seconds after which the task gives up a question.
        questions: how many questions the task has.
    """

    environ: Mapping[str, str]
    load: Callable[[], Model]
    top_k: int
    deadline: float
    questions: int = 1

    @cached_property
    def table(self) -> Table:
        """The table; making its client takes a tenth of a second."""
        return environment.open_table(self.environ)

    @cached_property
    def name(self) -> str:
        """The task's ARN, or another unique name."""
        return environment.task_name(self.environ)

    @cached_property
    def model(self) -> Callable[[], Model]:
        """Start to load the model; call the result to wait for it."""
        return _later(self.load)

    def lease(self) -> int:
        """Unix time after which this task, if it begins now, counts as dead."""
        return int(time.time() + self.questions * self.deadline + GRACE)


class Worker:
    """One attempt at one question of a task.

    Args:
        task: whose question it is.
        key: the question's key.
        attempt: the attempt that this is; `None` takes the one that the table has.
    """

    def __init__(self, task: Task, key: str, attempt: int | None) -> None:
        self._task = task
        self._key = key
        self._attempt = attempt
        self._item: Item | None = None
        self._code: int | None = None
        # The exception that ended the work early, if any.
        self.error: Exception | None = None

    def claim(self, supervisor: Supervisor) -> None:
        """Record in the table that this task has the question; `run` does it if it was not done."""
        self._do(supervisor, self._claim)

    def run(self, supervisor: Supervisor) -> int:
        """Do the work, and record the result.

        Args:
            supervisor: runs it.

        Returns:
            The exit code for the process: 0 when the table has the answer, or a newer attempt.
        """
        begun = time.monotonic()
        if self._code is None:
            self._do(supervisor, self._answer)
        if self._code is None:
            self._code = 0
            log(f"answered after {time.monotonic() - begun:.2f} s")
        return self._code

    def fail(self, supervisor: Supervisor, error: Exception) -> int:
        """Record that it fails, unless that is recorded already.

        Args:
            supervisor: runs the writing.
            error: why.

        Returns:
            The exit code for the process.
        """
        if self._code is not None:
            return self._code
        self.error = error
        if isinstance(error, SupersededError):
            log(str(error))
            self._code = error.exit_code
        else:
            kind, reason, self._code = explain(error, self._task.deadline)
            self._record(supervisor, kind, reason, permanent=isinstance(error, InputError))
        return self._code

    def _do(self, supervisor: Supervisor, work: Callable[[], object]) -> None:
        try:
            supervisor.run(work, self._task.deadline)
        except Exception as error:  # noqa: BLE001 - recorded in the table instead
            self.fail(supervisor, error)

    def _claim(self) -> Item:
        if self._attempt is None:
            self._attempt = self._task.table.get(self._key).attempt
        self._item = self._task.table.start(
            self._key, self._attempt, task=self._task.name, lease=self._task.lease()
        )
        return self._item

    def _answer(self) -> None:
        model = self._task.model
        item = self._item or self._claim()
        context = self._task.table.context(item.context_id or "")
        loaded = model()
        spans = loaded.answer(context, item.question, top_k=self._task.top_k)
        if not self._task.table.answer(self._key, item.attempt, spans, loaded.info.identity):
            raise SupersededError(f"attempt {item.attempt} was superseded")

    def _record(self, supervisor: Supervisor, kind: str, reason: str, *, permanent: bool) -> None:
        if self._attempt is None:
            return  # the item does not exist
        attempt = self._attempt
        # Half surrogates cannot be stored, and a reason may quote a text.
        stored = reason.encode(errors="backslashreplace").decode()

        def fail() -> bool:
            return self._task.table.fail(self._key, attempt, kind, stored, permanent=permanent)

        try:
            if not supervisor.run(fail, LAST_WORDS):
                log("this attempt was superseded; its failure is not recorded")
        except Exception as error:  # noqa: BLE001 - only the log is left
            log(f"could not record the failure: {type(error).__name__}: {error}")


def run_all(task: Task, attempts: Sequence[tuple[str, int | None]], supervisor: Supervisor) -> int:
    """Answer the questions of a task, one after the other.

    A failure does not affect the other questions; a signal to stop ends them all.

    Args:
        task: what they share.
        attempts: each question's key, and which attempt at it this is.
        supervisor: runs everything.

    Returns:
        The exit code for the process: the first that is not 0.
    """
    workers = [Worker(task, key, attempt) for key, attempt in attempts]
    if len(workers) > 1:
        task.model  # noqa: B018 - it begins to load
        # A question that waits must not look as if its task had never started.
        for worker in workers:
            worker.claim(supervisor)
            if isinstance(worker.error, InterruptionError):
                break
    stop = next(
        (worker.error for worker in workers if isinstance(worker.error, InterruptionError)), None
    )
    codes = []
    for worker in workers:
        codes.append(worker.run(supervisor) if stop is None else worker.fail(supervisor, stop))
        if isinstance(worker.error, InterruptionError):
            stop = worker.error
    return next((code for code in codes if code), 0)


def explain(error: Exception, deadline: float) -> tuple[str, str, int]:
    """Classify and log a failure.

    Args:
        error: what ended the work.
        deadline: seconds that the work was allowed.

    Returns:
        A short, stable kind, a reason, and the exit code.
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
        return "interrupted", f"the task was stopped ({error})", 128 + error.number
    if isinstance(error, InputError):
        return error.kind, error.reason, error.exit_code
    if isinstance(error, ModelError):
        return "model", str(error), error.exit_code
    if isinstance(error, AnswererError):
        return "table", str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out-of-memory", "the task ran out of memory", CRASH_EXIT
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, _aws_errors()):
        return "table", reason, AWS_EXIT
    return "crashed", reason, CRASH_EXIT


def _later(work: Callable[[], T]) -> Callable[[], T]:
    """Start some work in another thread; call the returned function to get its result."""
    future: Future[T] = Future()

    def body() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again, by who waits
            future.set_exception(error)

    threading.Thread(target=body, name="load", daemon=True).start()
    return future.result


def _aws_errors() -> tuple[type[Exception], ...]:
    """Botocore's exception classes, if it has been imported."""
    exceptions = sys.modules.get("botocore.exceptions")
    return (exceptions.BotoCoreError, exceptions.ClientError) if exceptions else ()
