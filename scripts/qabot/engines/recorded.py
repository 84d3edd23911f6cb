"""An engine whose runs are recorded as a timeline."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from qabot.answers.model import Request, Result
    from qabot.engines import Engine
    from qabot.timeline.recorder import Recorder


class Recorded:
    """An engine whose runs are recorded.

    Args:
        engine: answers; may also record to the recorder itself.
        recorder: records the run's events.
    """

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self._engine = engine
        self._recorder = recorder

    @property
    def model(self) -> str:
        """The identity of the model that answers."""
        return self._engine.model

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """Answer all questions; see `qabot.engines.Engine`."""
        self._recorder.queued(request.key for request in requests)
        try:
            with contextlib.closing(self._engine.answer(requests)) as results:
                for result in results:
                    self._recorder.ended(result)
                    yield result
        finally:
            self._recorder.stop()
