"""Intervals and time limits of the fargate engine, and its clock."""

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
    """Intervals and time limits, in seconds.

    Args:
        poll: between two reads of the table.
        describe: between two calls to describe tasks.
        start: from the launch of a task until it has claimed its item. A task is usually ready after
            30 to 45 s; one that is not after five minutes will not be.
        settle: for ECS to know a task that it has just launched, and for a task to end after it has
            written its failure.
        retry: before the second attempt at a question.
        stop: for stopping everything. GitHub waits 7.5 s between SIGINT and SIGTERM.
    """

    poll: float = 2.0
    describe: float = 6.0
    start: float = 300.0
    settle: float = 60.0
    retry: float = 2.0
    stop: float = 6.5


class Timing:
    """The time, and all waiting; a simulation replaces it."""

    def now(self) -> float:
        """Seconds since an arbitrary moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Unix time, which the tasks and the table use, too."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def wait_for(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, not longer than this; returns whether it happened."""
        return event.wait(seconds)

    def wait_any(self, futures: Iterable[Future[Any]], seconds: float) -> None:
        """Wait until one of some futures is done, not longer than this."""
        wait(futures, seconds, FIRST_COMPLETED)
