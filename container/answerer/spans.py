"""A span, the part of a text that answers a question, and the search for the best ones.

The model gives each token of a window two numbers, the logits of "the answer starts here" and "the
answer ends here". A model with a null gives them to the first token, too, for "this window does not
say". Spans are compared by their rank:

    rank = start + end - (the window's null) + LEXICAL_WEIGHT * (BM25 of the passage)

Ranks share a scale over all windows, where probabilities per window would let a window without the
answer be as sure as the one with it (https://github.com/google-research/bert/issues/783). The same
order within one window is that of the classic question-answering pipeline.

Spans are widened to whole words. Those that overlap or have the same text count for one answer.
docs/models.md gives the figures, and `answerer.scores` turns the result into a probability.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.edges import whole_words
from answerer.errors import ModelError
from answerer.scores import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from answerer.scores import Calibration
    from answerer.windows import Context

# The weight of a point of BM25 in a span's rank (chosen on long documents; docs/models.md).
LEXICAL_WEIGHT = 0.4

# The number of best spans kept of each window; the others together weigh next to nothing. And the
# number of starts whose best span is kept as well, for more distant alternatives.
KEPT = 200
KEPT_STARTS = 50

# The number of candidates, of all windows, that are compared with each other.
COMPARED = 1000

# Two dates in brackets, such as (10 December 1815 – 27 November 1852).
_DATES = re.compile(
    r"[(\[]([^()\[\]]*?\d{3,4}[^()\[\]–—-]*)[–—-]([^()\[\]]*\d{3,4}[^()\[\]]*)[)\]]"
)
LONGEST_DATES = 80

# English words that ask for the first date of a period, or for the last; a question with none of
# them mostly wants both (docs/models.md).
FIRST_DATE = ("born", "birth", "begin", "began", "start", "started")
LAST_DATE = ("die", "died", "death", "end", "ended")

END_PUNCTUATION = " .,;:!?\"'”’)]。、"


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a text that answers a question, or the result that none does.

    Args:
        answer: the text, `context[start:end]`; empty where the text does not say.
        start: offset of its first code point in the context.
        end: offset after its last code point.
        score: probability that this is right, in [0, 1].
    """

    answer: str
    start: int
    end: int
    score: float

    @property
    def found(self) -> bool:
        """Whether there is an answer: the text says."""
        return bool(self.answer)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A span with its rank, and with the rank it has without the lexical part."""

    rank: float
    start: int
    end: int
    model_rank: float
    overlap: float


@dataclass(frozen=True, slots=True)
class _Group:
    """The candidates of one answer.

    Args:
        best: the answer.
        mentions: it, and all others with the same text.
        candidates: the mentions, and every span that overlaps one.
    """

    best: _Candidate
    mentions: list[_Candidate]
    candidates: list[_Candidate]


class SpanSearch:
    """The best spans of one question over all windows of its text.

    Args:
        text: the whole text.
        max_answer_tokens: the longest span considered, in tokens.
        question: for which date of a period it asks.
    """

    def __init__(self, text: str, max_answer_tokens: int, question: str = "") -> None:
        self._text = text
        self._width = max_answer_tokens
        self._side = _date_asked_for(question)
        self._candidates: dict[tuple[int, int], _Candidate] = {}

    def add(
        self,
        context: Context,
        window: range,
        start: NDArray[np.float32],
        end: NDArray[np.float32],
        *,
        offset: int = 0,
        null: float = 0.0,
        lexical: float = 0.0,
        overlap: float = 0.0,
    ) -> None:
        """Add the logits of one window. The order of the windows does not matter.

        Args:
            context: the tokenised passage that the window is part of.
            window: the window's tokens.
            start: (tokens,) logits of those tokens for the start.
            end: (tokens,) the same for the end.
            offset: where the passage starts in the whole text.
            null: the sum of the first token's logits; 0 for a model without a null.
            lexical: BM25 of the passage.
            overlap: share of the question's terms that the passage contains.

        Raises:
            ModelError: they are not numbers, so that the model is broken.
        """
        import numpy as np

        if not (np.isfinite(start).all() and np.isfinite(end).all() and math.isfinite(null)):
            raise ModelError(
                "the model is broken: its logits are not finite numbers; export it again"
            )
        # A blank token can be inside an answer but not its first or last one.
        blank = context.blank[window.start : window.stop]
        start = np.where(blank, -np.inf, start)
        end = np.where(blank, -np.inf, end)
        after = np.full(self._width - 1, -np.inf, dtype=np.float32)
        ends = np.lib.stride_tricks.sliding_window_view(np.concatenate([end, after]), self._width)
        # sums[i, k]: the span from token i to token i + k.
        sums = start[:, None] + ends
        for row, length in _best_cells(sums):
            if sums[row, length] == -np.inf:
                continue
            first = window.start + row
            found = context.stripped(first, first + length)
            place = whole_words(self._text, found[0] + offset, found[1] + offset)
            model_rank = float(sums[row, length]) - null
            rank = model_rank + LEXICAL_WEIGHT * lexical
            known = self._candidates.get(place)
            if known is None or known.rank < rank:
                self._candidates[place] = _Candidate(rank, *place, model_rank, overlap)

    def best(
        self, top_k: int, *, has_null: bool = False, calibration: Calibration | None = None
    ) -> list[Span]:
        """The answer and its alternatives, best first.

        Args:
            top_k: how many spans at most.
            has_null: whether the model has a null.
            calibration: turns the evidence into probabilities.

        Returns:
            the answer, which is an empty span where the text does not say, then other answers;
            no two overlap or have the same text.
        """
        from answerer.scores import probabilities

        spans: list[Span] = []
        everything = self._everything()
        for group in itertools.islice(self._groups(), top_k):
            found = self._evidence(group, everything)
            right, none = probabilities(found, has_null=has_null, calibration=calibration)
            best = group.best
            spans.append(Span(self._text[best.start : best.end], best.start, best.end, right))
            if len(spans) == 1 and has_null and _is_none(found, none, calibration):
                spans.insert(0, Span("", 0, 0, none))
        # An alternative never has a higher score than the answer.
        top = spans[0].score if spans[0].found else 1 - spans[0].score
        return [spans[0], *(_at_most(span, top) for span in spans[1:])][:top_k]

    def evidence(self) -> tuple[Span, Evidence]:
        """The best span, with the score 0, and the evidence for it."""
        group = next(self._groups())
        best = group.best
        span = Span(self._text[best.start : best.end], best.start, best.end, 0.0)
        return span, self._evidence(group, self._everything())

    def _groups(self) -> Iterator[_Group]:
        """The candidates grouped by answer, the best answer first."""
        ordered = sorted(self._candidates.values(), key=lambda c: (-c.rank, c.start, c.end))
        left = ordered[:COMPARED]
        said = {c: _said(self._text[c.start : c.end]) for c in left}
        while left:
            best = self._one_date(left[0], left)
            # A span that overlaps another mention of the same text counts for it, too.
            mentions = [c for c in left if said[c] == said[best]]
            group: list[_Candidate] = []
            others: list[_Candidate] = []
            for candidate in left:
                speaks = any(candidate.start < m.end and m.start < candidate.end for m in mentions)
                (group if speaks else others).append(candidate)
            yield _Group(best, mentions, group)
            left = others

    def _one_date(self, best: _Candidate, candidates: Iterable[_Candidate]) -> _Candidate:
        """Where a span holds both dates of a pair in brackets, the best in the one that is asked for."""
        if self._side is None:
            return best
        first = max(0, best.start - LONGEST_DATES)
        for pair in _DATES.finditer(self._text, first, best.end + LONGEST_DATES):
            sides = (pair.span(1), pair.span(2))
            if all(best.start < end and start < best.end for start, end in sides):
                start, end = sides[self._side]
                for candidate in candidates:
                    if start <= candidate.start and candidate.end <= end:
                        return candidate
        return best

    def _everything(self) -> float:
        return _log_sum([candidate.rank for candidate in self._candidates.values()])

    def _evidence(self, group: _Group, everything: float) -> Evidence:
        agreement = math.fsum(
            math.exp(candidate.rank - everything) * overlap
            for candidate, overlap in zip(group.candidates, _overlaps(group), strict=True)
        )
        # In a text of few spans the model has no choice, which is not a reason to be sure.
        choices = len(self._candidates)
        return Evidence(
            agreement=min(1.0, agreement) * choices / (choices + 1),
            support=_log_sum([candidate.model_rank for candidate in group.candidates]),
            rank=group.best.model_rank,
            overlap=group.best.overlap,
        )


def _overlaps(group: _Group) -> list[float]:
    """The F1, in code points, of each candidate with the nearest mention.

    1 for what reaches from one mention to another: its start and its end are the same answer's.
    """
    import numpy as np

    first, last = np.array([(c.start, c.end) for c in group.candidates]).T[:, :, None]
    start, end = np.array([(m.start, m.end) for m in group.mentions]).T
    shared = np.maximum(0, np.minimum(last, end) - np.maximum(first, start))
    nearest = (2 * shared / (last - first + end - start)).max(axis=1)
    reaching = ((first == start).any(axis=1)) & ((last == end).any(axis=1))
    overlaps: list[float] = np.where(reaching, 1.0, nearest).tolist()
    return overlaps


def _best_cells(sums: NDArray[np.float32]) -> set[tuple[int, int]]:
    """The cells of the highest sums, and the best cell of the rows that have the highest."""
    import numpy as np

    def top(values: NDArray[np.float32], most: int) -> list[int]:
        chosen = np.argpartition(-values, most)[:most] if len(values) > most else range(len(values))
        return [int(index) for index in chosen]

    cells = {divmod(cell, sums.shape[1]) for cell in top(sums.ravel(), KEPT)}
    rows = top(sums.max(axis=1), KEPT_STARTS)
    return cells | {(row, int(sums[row].argmax())) for row in rows}


def _is_none(found: Evidence, none: float, calibration: Calibration | None) -> bool:
    return found.rank < 0 if calibration is None else none >= calibration.threshold


def _at_most(span: Span, score: float) -> Span:
    return Span(span.answer, span.start, span.end, min(span.score, score))


def _date_asked_for(question: str) -> int | None:
    """Which date of a period a question asks for: 0 for the first, 1 for the last, `None` for both."""
    words = set(re.findall(r"\w+", question.lower()))
    first, last = (not words.isdisjoint(asked) for asked in (FIRST_DATE, LAST_DATE))
    return None if first == last else int(last)


def _said(text: str) -> str:
    """The text by which mentions are compared: without case, white space and end punctuation."""
    return " ".join(text.casefold().split()).strip(END_PUNCTUATION) or text


def _log_sum(ranks: list[float]) -> float:
    """The logarithm of the sum of the exponentials; exact, so that the order does not matter."""
    top = max(ranks)
    return top + math.log(math.fsum(math.exp(rank - top) for rank in ranks))
