"""A text to answer from: its passages, which of them to read, and their tokens.

A short text is one passage. Of a longer one the lexical ranking chooses the passages that the model
reads, and only those are tokenised; where no passage shares a term with the question, all are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from answerer import passages
from answerer.errors import InputError
from answerer.ranking import Ranking, best
from answerer.windows import check_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from answerer.windows import Context, Windows

# The number of passages that the model reads of a long text (chosen on long documents; docs/models.md).
PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that the model is to read for a question.

    Args:
        offset: where it starts in the whole text, in code points.
        context: its tokens.
        lexical: its BM25 for the question.
        overlap: share of the question's terms that it contains.
    """

    offset: int
    context: Context
    lexical: float
    overlap: float


class Text:
    """A text, tokenised as far as questions need it.

    Args:
        windows: the tokenizer.
        text: the whole text.

    Raises:
        InputError: it is blank, too long, or not Unicode text.
    """

    def __init__(self, windows: Windows, text: str) -> None:
        check_text("context", text)
        self._windows = windows
        self._text = text
        self._cuts = [cut for cut in passages.cut(text) if text[cut.start : cut.stop].strip()]
        self._contexts: dict[int, Context] = {}

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(self._text[cut.start : cut.stop] for cut in self._cuts)

    def passages(self, question: str) -> list[Passage]:
        """The passages to read for a question.

        Args:
            question: any text.

        Raises:
            InputError: the tokenizer finds no token in them.
            ModelError: the tokenizer fails on them.
        """
        found = list(self._passages(question))
        if not found:
            raise InputError(
                "context-without-tokens",
                "the context holds no character that the model knows; give a text of words",
            )
        return found

    def _passages(self, question: str) -> Iterator[Passage]:
        scores = self._ranking.scores(question)
        overlaps = self._ranking.overlaps(question)
        chosen = list(range(len(self._cuts)))
        if len(chosen) > PASSAGES:
            chosen = best(scores, PASSAGES) or chosen
        alone = len(self._cuts) == 1
        for number in chosen:
            context = self._tokenised(number)
            if not context.blank.all():
                offset = self._cuts[number].start
                lexical = 0.0 if alone else scores[number]
                yield Passage(offset, context, lexical, overlaps[number])

    def _tokenised(self, number: int) -> Context:
        context = self._contexts.get(number)
        if context is None:
            cut = self._cuts[number]
            context = self._windows.context(self._text[cut.start : cut.stop])
            self._contexts[number] = context
        return context
