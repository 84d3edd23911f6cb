"""Threads that run the model, one window each, so that every core is busy.

One window per run, on one thread: a run's numbers then depend on its window alone (dynamic
quantisation takes its scale from the whole batch), and no core waits for another.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from answerer.session import Session

    Inputs: TypeAlias = dict[str, NDArray[np.int64]]
    Logits: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]

Tag = TypeVar("Tag")


class Pool(Generic[Tag]):
    """A context manager: a few threads with a model's session, stopped immediately on exit.

    The threads are daemons, and exiting also waits for them: an interrupted program neither hangs on
    them nor tears the interpreter down under them.

    Args:
        session: the model.
        threads: how many.
    """

    def __init__(self, session: Session, threads: int) -> None:
        self._session = session
        self._work: queue.SimpleQueue[tuple[Tag, Inputs] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Tag, Logits | Exception]] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._options = [session.run_options() for _ in range(threads)]
        self._threads = [
            threading.Thread(target=self._serve, args=[options], name="answerer", daemon=True)
            for options in self._options
        ]

    def __enter__(self) -> Pool[Tag]:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for options in self._options:
            options.terminate = True
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, tag: Tag, inputs: Inputs) -> None:
        """Queue one window for the model.

        Args:
            tag: `result` returns it with the logits.
            inputs: as for `Session.run`.
        """
        self._work.put((tag, inputs))

    def result(self) -> tuple[Tag, Logits]:
        """Wait for any window to be done.

        Raises:
            ModelError: the model failed on it.
        """
        tag, outcome = self._done.get()
        if isinstance(outcome, Exception):
            raise outcome
        return tag, outcome

    def _serve(self, options: object) -> None:
        while (item := self._work.get()) is not None and not self._stopped.is_set():
            tag, inputs = item
            try:
                self._done.put((tag, self._session.run(inputs, options)))
            except Exception as error:  # noqa: BLE001 - raised again by `result`
                self._done.put((tag, error))
