"""Run something that may hang or be interrupted, and return in time in any case.

Python runs signal handlers between two instructions of the main thread, so a main thread that is
inside a model or a socket neither sees SIGTERM nor a deadline. Here the work runs in a thread
beside it, and the main thread only waits.
"""

from __future__ import annotations

import queue
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class DeadlineError(Exception):
    """The work took longer than allowed."""


class InterruptionError(Exception):
    """The process was asked to stop.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Supervisor:
    """Runs work in a separate thread; `supervised` makes one."""

    def __init__(self) -> None:
        # A SimpleQueue may be filled from a signal handler: its `put` is re-entrant.
        self._events: queue.SimpleQueue[tuple[object, Any, BaseException | None]]
        self._events = queue.SimpleQueue()

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """Run `work`, and return or raise what it does.

        Args:
            work: abandoned in a daemon thread if it does not finish in time.
            seconds: how long it may take.

        Raises:
            DeadlineError: it took longer.
            InterruptionError: SIGTERM or SIGINT came first.
        """
        # Abandoned work could still write to the table: do not begin it.
        while not self._events.empty():
            whose, _, error = self._events.get()
            if whose is None and error is not None:
                raise error
        token = object()

        def body() -> None:
            try:
                self._events.put((token, work(), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again, by who waits
                self._events.put((token, None, error))

        threading.Thread(target=body, name="work", daemon=True).start()
        while True:
            try:
                whose, result, error = self._events.get(timeout=max(seconds, 0))
            except queue.Empty:
                raise DeadlineError from None
            if error is not None and whose in (token, None):
                raise error
            if whose is token:
                return result  # type: ignore[no-any-return]
            # Otherwise it belongs to work that was abandoned before.

    def interrupt(self, number: int, _frame: object = None) -> None:
        """Make the running work raise `InterruptionError`; a signal handler."""
        self._events.put((None, None, InterruptionError(number)))


@contextmanager
def supervised() -> Iterator[Supervisor]:
    """A `Supervisor` that SIGTERM and SIGINT interrupt, where this is the main thread."""
    supervisor = Supervisor()
    if threading.current_thread() is not threading.main_thread():
        yield supervisor
        return
    before = {
        number: signal.signal(number, supervisor.interrupt)
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield supervisor
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
