"""A pool of threads that an ending process does not wait for.

The standard pool's threads are joined when the interpreter ends, so one slow call would keep a
cancelled run alive after GitHub's 7.5 s.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from qabot.errors import QabotError

if TYPE_CHECKING:
    from collections.abc import Callable


class DaemonPool(Executor):
    """Makes calls in daemon threads, each started when it is first needed.

    Args:
        most: how many threads at most.
        name: of the threads.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._threads = 0
        self._open = 0  # unfinished calls
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Make a call as soon as a thread is free.

        Raises:
            QabotError: the operating system does not start even a single thread.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._open >= self._threads and self._threads < self._most:
                self._start()
            self._open += 1
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def _start(self) -> None:
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError as error:
            if not self._threads:
                raise QabotError(
                    f"cannot start a thread ({error}): this machine's limit on processes and "
                    "threads is reached; close other programs, or raise it (ulimit -u)"
                ) from None
        else:
            self._threads += 1

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
                    future.set_exception(error)
            with self._lock:
                self._open -= 1
