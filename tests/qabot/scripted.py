"""An engine that answers by a script, for tests of everything around engines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from answerer.spans import Span
from qabot.answers.model import Answer, Failure, Request, Result


class ScriptedEngine:
    """Answers with the first word of the context, or as scripted.

    Args:
        before: called with each request before it is answered; may raise, or give the result.
        model: the identity it answers with.
    """

    def __init__(
        self,
        before: Callable[[Request], Result | None] = lambda request: None,
        model: str = "m@1/s1",
    ) -> None:
        self._before = before
        self.model = model
        self.asked: list[Request] = []
        self.closed = False

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """See `qabot.engines.Engine`."""
        try:
            for request in requests:
                result = self._before(request)
                self.asked.append(request)
                yield result if result is not None else first_word(request, self.model)
        finally:
            self.closed = True


def first_word(request: Request, model: str = "m@1/s1", score: float = 0.9) -> Answer:
    """The first word of the context as the answer."""
    start = len(request.context) - len(request.context.lstrip())
    word = request.context.split()[0]
    return Answer(request.key, model, Span(word, start, start + len(word), score))


def failure(request: Request, *, permanent: bool = False) -> Failure:
    """A failed request."""
    return Failure(request.key, "m@1/s1", "crashed", "it crashed", 3, permanent, {"exitCode": "1"})
