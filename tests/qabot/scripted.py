"""An engine that answers by a script: what the tests of everything around engines need."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from answerer.spans import Span
from qabot.answers.model import Answer, Ask, Failure, Result


class ScriptedEngine:
    """Answers with the first word of the context, or as it is told.

    Args:
        before: called with each ask before it is answered; may raise, or give the result.
        model: the identity it answers with.
    """

    def __init__(
        self, before: Callable[[Ask], Result | None] = lambda ask: None, model: str = "m@1/s1"
    ) -> None:
        self._before = before
        self.model = model
        self.asked: list[Ask] = []
        self.closed = False

    def ask(self, asks: Sequence[Ask]) -> Generator[Result, None, None]:
        """See `qabot.engines.Engine`."""
        try:
            for ask in asks:
                result = self._before(ask)
                self.asked.append(ask)
                yield result if result is not None else first_word(ask, self.model)
        finally:
            self.closed = True


def first_word(ask: Ask, model: str = "m@1/s1", score: float = 0.9) -> Answer:
    """The first word of the context as the answer."""
    start = len(ask.context) - len(ask.context.lstrip())
    word = ask.context.split()[0]
    return Answer(ask.key, model, Span(word, start, start + len(word), score))


def failure(ask: Ask, *, permanent: bool = False) -> Failure:
    """A failure of an ask."""
    return Failure(ask.key, "m@1/s1", "crashed", "it crashed", 3, permanent, {"exitCode": "1"})
