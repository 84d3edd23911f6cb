"""The final result of a question: an answer, or a failure with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.model import Answer, Failure, is_in
from qabot.aws import errors
from qabot.engines.fargate.failures import CLASSES, SYSTEMATIC, Cause
from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from answerer.items import Item
    from answerer.table import Table
    from qabot.answers.model import Result
    from qabot.engines.fargate.job import Job

# After this many failures of a kind that affects every task, and no answer, the run is given up.
_HOPELESS = 5
# Failures that the task's log may explain.
_LOGGED = {"crashed", "no-answer", "out-of-memory", "table"}


class Verdicts:
    """Makes the results of one run.

    Args:
        table: for failures that the task could not write itself.
        model: identity of the model that answers must come from.
        log_tail: the last lines of a task's log, by its ARN.
    """

    def __init__(self, table: Table, model: str, log_tail: Callable[[str], str]) -> None:
        self._table = table
        self._model = model
        self._log_tail = log_tail
        self._answered = 0
        self._hopeless: set[str] = set()  # the tasks that failed this way

    def answer(self, job: Job, item: Item) -> Result:
        """The answer in an item, checked."""
        if item.model != self._model:
            reason = f"the task answered with the model {item.model}, not {self._model}"
            return self.give_up(job, Cause("wrong-model", reason))
        if not is_of(item, job.request.context):
            return self.give_up(
                job, Cause("bad-item", "the answer in the table is not a span of the context")
            )
        self._answered += 1
        return Answer(job.key, self._model, item.spans[0], item.spans[1:])

    def refuse(self, job: Job, item: Item) -> Failure:
        """A failure that only a change to the question or its context can help, as the task reports."""
        return Failure(
            job.key,
            self._model,
            item.kind or "input",
            item.reason or "",
            attempts=max(1, job.launched),
            permanent=True,
        )

    def give_up(self, job: Job, cause: Cause) -> Failure:
        """The failure of a question without further attempts.

        Raises:
            CloudError: every question of this run would fail the same way.
        """
        class_ = CLASSES[cause.kind]
        if cause.kind in SYSTEMATIC:
            self._hopeless.add(cause.evidence.get("task", job.token))
            if len(self._hopeless) >= _HOPELESS and not self._answered:
                raise CloudError(
                    f"{cause.reason}; the first {_HOPELESS} tasks all failed this way, so the "
                    f"run is given up: {class_.advice}"
                )
        evidence = dict(cause.evidence)
        if cause.kind in _LOGGED and (tail := self._log_tail(evidence.get("task", ""))):
            evidence["log"] = tail
        for kind, times in job.failures.items():
            if kind != cause.kind:
                evidence[f"also {kind}"] = f"{times} times"
        reason = f"{cause.reason}; {class_.advice}"
        self._record(job, cause.kind, reason)
        attempts = max(1, job.launched)
        return Failure(
            job.key, self._model, cause.kind, reason, attempts=attempts, evidence=evidence
        )

    def _record(self, job: Job, kind: str, reason: str) -> None:
        if not job.attempt:
            return  # the item does not exist
        try:
            self._table.fail(job.key, job.attempt, kind, reason)
        except Exception as error:
            # The result is reported in any case; the table is only for `qabot list`.
            if errors.explain(error, "") is None:
                raise

    def timed_out(self, job: Job, seconds: float) -> Failure:
        """The failure of a question that was unanswered at the run's time-out."""
        reason = f"no answer within the run's {seconds:.0f} s; run again to continue"
        evidence = {"task": job.task} if job.task else {}
        return Failure(
            job.key, self._model, "timeout", reason, attempts=job.launched, evidence=evidence
        )


def is_of(item: Item, context: str) -> bool:
    """Whether every span of an item is in this context."""
    return all(is_in(span, context) for span in item.spans)
