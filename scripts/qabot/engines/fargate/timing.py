"""How long things take on Fargate or may take, and the clock that measures it."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take or may take, seconds.

    Args:
        poll: between two looks into the table.
        describe: between two looks at ECS.
        start: from the launch of a task until it has claimed its item. A task is ready after 30 to
            45 s as a rule; one that isn't after five minutes won't be.
        settle: how long ECS may not know a task that it has just launched, and how long a task may
            take to end after it has written its failure.
        retry: before the second attempt at a question.
        stop: for stopping everything. GitHub gives 7.5 s between SIGINT and SIGTERM.
    """

    poll: float = 2.0
    describe: float = 6.0
    start: float = 300.0
    settle: float = 60.0
    retry: float = 2.0
    stop: float = 6.5


class Timing:
    """The time, and all waiting; a simulation has its own."""

    def now(self) -> float:
        """Seconds, from any start."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix time, which the tasks and the table know too."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let some time go by."""
        time.sleep(seconds)

    def wait_for(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, not longer than this; whether it is there."""
        return event.wait(seconds)

    def wait_any(self, futures: Iterable[Future[Any]], seconds: float) -> None:
        """Wait for one of some futures, not longer than this."""
        wait(futures, seconds, FIRST_COMPLETED)
