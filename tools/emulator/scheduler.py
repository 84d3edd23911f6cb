"""A timer and a pool of threads, which move tasks through their states."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Scheduler:
    """Runs timed steps in one thread, and work in a few others.

    Args:
        workers: pieces of work that run in parallel; further ones wait.
    """

    def __init__(self, workers: int) -> None:
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        # Errors of the cloud itself, to be raised in the caller's thread.
        self.errors: list[Exception] = []
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._tick, name="cloud-clock", daemon=True),
            *(
                threading.Thread(target=self._labour, name=f"cloud-task-{number}", daemon=True)
                for number in range(workers)
            ),
        ]
        for thread in self._threads:
            thread.start()

    def after(self, seconds: float, step: Callable[[], None]) -> None:
        """Run a short step later; it must not block."""
        with self._changed:
            due = time.monotonic() + seconds
            heapq.heappush(self._steps, (due, next(self._number), step))
            self._changed.notify()

    def work(self, piece: Callable[[], None]) -> None:
        """Run something that may take long, as soon as a worker is free."""
        self._work.put(piece)

    def check(self) -> None:
        """Raise an error that happened in a thread of the cloud."""
        if self.errors:
            raise self.errors[0]

    def close(self, seconds: float) -> None:
        """Start nothing more, and wait for running work."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        for _ in self._threads[1:]:
            self._work.put(None)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _tick(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (
                    not self._steps or self._steps[0][0] > time.monotonic()
                ):
                    due = self._steps[0][0] - time.monotonic() if self._steps else None
                    self._changed.wait(due)
                if self._closed:
                    return
                _, _, step = heapq.heappop(self._steps)
            self._try(step)

    def _labour(self) -> None:
        while (piece := self._work.get()) is not None:
            if self._closed:
                return
            self._try(piece)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - raised by `check`, in a thread that matters
            self.errors.append(error)
