"""The embedded engine: answers inside this process, on all of its cores."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import answerer
from answerer.errors import InputError
from answerer.info import ModelInfo, read_info
from qabot.answers.model import TOP_K, Answer, Failure
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from answerer.spans import Span
    from qabot.answers.model import Request, Result

# The model that comes with the program: beside the package that runs it in a checkout, in it in a wheel.
_PACKAGE = Path(answerer.__file__).parent
BUNDLED = _PACKAGE.parent / "model" if _PACKAGE.parent.name == "container" else _PACKAGE / "bundled"


class RunnerEngine:
    """Answers with a model directory on this machine.

    Args:
        directory: the model directory; the bundled one unless told.
        recorder: told when each question is given to the model.

    Raises:
        ModelError: it is none.
    """

    def __init__(self, directory: Path = BUNDLED, recorder: Recorder | None = None) -> None:
        self._directory = directory
        self._recorder = recorder or Recorder()
        self.info: ModelInfo = read_info(directory)

    @property
    def model(self) -> str:
        """The model's identity."""
        return self.info.identity

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """Answer all questions; see `qabot.engines.Engine`."""
        if not requests:
            return  # loading the model takes longer than anything else here
        from answerer.model import Model

        model = Model.load(self._directory)
        with contextlib.closing(model.answer_all(self._pairs(requests), top_k=TOP_K)) as results:
            for index, spans in results:
                yield self._result(requests[index], spans)

    def _pairs(self, requests: Sequence[Request]) -> Iterator[tuple[str, str]]:
        """What the model takes, a few ahead of its answers, so that no core waits."""
        for request in requests:
            self._recorder.started(request.key)
            yield request.context, request.question

    def _result(self, request: Request, spans: list[Span] | InputError) -> Result:
        if isinstance(spans, InputError):
            return Failure(request.key, self.model, spans.kind, spans.reason, permanent=True)
        return Answer(request.key, self.model, spans[0], tuple(spans[1:]))
