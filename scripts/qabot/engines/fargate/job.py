"""The state of a question in the fargate engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qabot.deployment import fargate_limits as fargate
from qabot.engines.fargate.failures import CLASSES, FailureClass, Remedy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from answerer.items import Item
    from qabot.answers.model import Request
    from qabot.engines.fargate.failures import Cause

# The most tasks for one question in one run, whatever the kinds of its failures.
MOST_TASKS = 8
# Between the attempts at a question, seconds: the first and the longest pause.
_LONGEST_PAUSE = 30.0


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """A question, and its attempts so far.

    Args:
        request: the question.
        context_id: the id of its context's item.
        spot: whether its next task runs on Spot.
        size: CPU units and MiB of its next task.
        attempt: the attempt in the table, or the one last claimed; 0 for none.
        token: of that attempt.
        rejoin: whether to find that attempt's task again, rather than launch a new one.
        alone: whether its next task has no other question.
        over_answer: whether a new attempt may replace an answer.
        write_context: whether the context is to be written again before the next launch.
        task: ARN of the task that runs for it.
        ours: whether this run launched that task.
        launched: number of tasks that this run has launched for it.
        since: when the task was launched or found, seconds.
        stopped: the task's description once it is over; `None` inside says that ECS forgot it.
        reported: the item, once it is FAILED and the task's end is awaited.
        reported_at: when it was first read so.
        failures: number of failures of each kind.
    """

    request: Request
    context_id: str
    spot: bool
    size: tuple[int, int]
    attempt: int = 0
    token: str = ""
    rejoin: bool = False
    alone: bool = False
    over_answer: bool = False
    write_context: bool = False
    task: str | None = None
    ours: bool = False
    launched: int = 0
    since: float = 0.0
    stopped: tuple[Mapping[str, Any] | None] | None = None
    reported: Item | None = None
    reported_at: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        """The question's key."""
        return self.request.key

    def may_join(self, other: Job) -> bool:
        """Whether one task may take both, each in its next attempt."""
        if self.rejoin or other.rejoin:
            # A repeated request must name the same questions.
            return self.rejoin and other.rejoin and self.token == other.token
        alike = (self.spot, self.size) == (other.spot, other.size)
        return alike and not self.alone and not other.alone

    def follow(self, item: Item) -> None:
        """Take over the attempt that is in the table."""
        self.attempt, self.token = item.attempt, item.token

    def attach(self, task: str, *, ours: bool, now: float) -> None:
        """Note that a task runs for it."""
        self.task, self.ours, self.since = task, ours, now
        self.launched += ours
        self.rejoin = self.write_context = False
        self.stopped = self.reported = None

    def retry(self, cause: Cause, pause: float) -> float | None:
        """Prepare the next attempt.

        Args:
            cause: why the last one failed.
            pause: seconds before a second attempt; longer before later ones.

        Returns:
            How many seconds to wait before it, or `None` where there is none.
        """
        class_: FailureClass = CLASSES[cause.kind]
        self.failures[cause.kind] += 1
        times = self.failures[cause.kind]
        self.task, self.stopped, self.reported = None, None, None
        self.rejoin = class_.remedy is Remedy.REPEAT
        self.alone = self.alone or class_.alone
        if times > class_.retries or self.launched >= MOST_TASKS:
            return None
        match class_.remedy:
            case Remedy.NONE:
                return None
            case Remedy.ON_DEMAND if times > 1:
                self.spot = False
            case Remedy.ELSEWHERE:
                self.spot = False
            case Remedy.CONTEXT:
                self.write_context = True
            case Remedy.MORE_MEMORY:
                larger = fargate.next_size(*self.size)
                if larger is None:
                    return None
                self.size = larger
        return float(min(_LONGEST_PAUSE, pause * 2 ** min(times - 1, 10)))
