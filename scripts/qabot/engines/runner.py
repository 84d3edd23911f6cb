"""The embedded engine: answers inside this process, on all of its cores."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from answerer.errors import InputError
from qabot.answers.model import TOP_K, Answer, Failure
from qabot.models.local import LocalModel, bundled_model
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from answerer.spans import Span
    from qabot.answers.model import Request, Result


class RunnerEngine:
    """Answers on this machine.

    Args:
        model: exported first if needed (default: the bundled model).
        recorder: records when each question is given to the model.
        note: called with messages.

    Raises:
        ModelError: the bundled model cannot be read.
    """

    def __init__(
        self,
        model: LocalModel | None = None,
        recorder: Recorder | None = None,
        note: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._model = model or bundled_model()
        self._recorder = recorder or Recorder()
        self._note = note

    @property
    def model(self) -> str:
        """The model's identity."""
        return self._model.identity

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """Answer all questions; see `qabot.engines.Engine`."""
        if not requests:
            return  # loading the model takes longer than anything else here
        from answerer.model import Model

        model = Model.load(self._model.prepare(self._note))
        with contextlib.closing(model.answer_all(self._pairs(requests), top_k=TOP_K)) as results:
            for index, spans in results:
                yield self._result(requests[index], spans)

    def _pairs(self, requests: Sequence[Request]) -> Iterator[tuple[str, str]]:
        """The pairs for the model, taken a few ahead of its answers, so that no core waits."""
        for request in requests:
            self._recorder.started(request.key)
            yield request.context, request.question

    def _result(self, request: Request, spans: list[Span] | InputError) -> Result:
        if isinstance(spans, InputError):
            return Failure(request.key, self.model, spans.kind, spans.reason, permanent=True)
        return Answer(request.key, self.model, spans[0], tuple(spans[1:]))
