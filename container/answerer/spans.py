"""A span, the part of a context that answers a question, and the search for the best ones.

The model gives each token of a window two numbers, the logits of "the answer starts here" and "the
answer ends here". A span's rank is their sum. Within one window this is the order of the classic
question-answering pipeline (softmax of each over the window's context tokens, multiplied; end not
before start; a limited number of tokens), and so is the score.

Over several windows the two differ. A softmax per window lets every window hand out a probability
of one, so a window without the answer can look as sure as the one with it
(https://github.com/google-research/bert/issues/783). Raw logits share a scale, so they rank the
spans of all windows, and a score is a span's part of all that the windows say together: the
exponential of its rank over the sum, over the windows, of what their spans' would come to. The sum
is over windows and not over the whole context's starts and ends, of which most pairs lie in no one
window. docs/models.md gives the figures of these ways on long documents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from answerer.windows import Context


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a context, and how sure the model is of it.

    Args:
        answer: the text, `context[start:end]`.
        start: offset of its first code point in the context.
        end: offset behind its last code point.
        score: probability that it is the answer, in [0, 1].
    """

    answer: str
    start: int
    end: int
    score: float


class SpanSearch:
    """The logits of one question over all windows of its context, and the best spans in them.

    Memory is `4 * max_answer_tokens` bytes for each token of the context.

    Args:
        context: the tokenised context.
        max_answer_tokens: the longest span considered, in tokens.
    """

    def __init__(self, context: Context, max_answer_tokens: int) -> None:
        import numpy as np

        tokens = len(context.ids)
        self._context = context
        self._width = max(1, min(max_answer_tokens, tokens))
        # Of each window, the logarithm of the sum of the exponentials of all its ranks.
        self._totals: list[float] = []
        # _pairs[i, k]: the best sum of logits of the span from token i to token i + k.
        self._pairs = np.full((tokens, self._width), -np.inf, dtype=np.float32)

    def add(self, first: int, start: NDArray[np.float32], end: NDArray[np.float32]) -> None:
        """Add what one window says. The order in which windows come doesn't matter.

        Args:
            first: index, in the context, of the window's first context token.
            start: (tokens,) logits of the window's context tokens.
            end: (tokens,) the same for the end.

        Raises:
            ModelError: they are not numbers, so that the model is broken.
        """
        import numpy as np

        if not (np.isfinite(start).all() and np.isfinite(end).all()):
            raise ModelError(
                "the model is broken: its logits are not finite numbers; export it again"
            )

        rows = slice(first, first + len(start))
        self._totals.append(_log_sum_exp(start) + _log_sum_exp(end))
        # A blank token can be inside of an answer but not its first or last one.
        blank = self._context.blank[rows]
        start = np.where(blank, -np.inf, start)
        end = np.where(blank, -np.inf, end)
        behind = np.full(self._width - 1, -np.inf, dtype=np.float32)
        ends = np.lib.stride_tricks.sliding_window_view(np.concatenate([end, behind]), self._width)
        np.maximum(self._pairs[rows], start[:, None] + ends, out=self._pairs[rows])

    def best(self, top_k: int) -> list[Span]:
        """The best spans, best first, no two overlapping; fewer where the context has no more.

        Call it once, when all windows are added: what it chose is struck out of the search.

        Args:
            top_k: how many at most.
        """
        top = max(self._totals)
        # An exact sum, so that the order in which windows came changes no digit.
        total = top + math.log(math.fsum(math.exp(window - top) for window in self._totals))
        spans: list[Span] = []
        while len(spans) < top_k:
            cell = int(self._pairs.argmax())
            first, length = divmod(cell, self._width)
            rank = float(self._pairs[first, length])
            if rank == -math.inf:
                break
            last = first + length
            start, end = self._context.stripped(first, last)
            score = min(1.0, math.exp(rank - total))
            spans.append(Span(self._context.text[start:end], start, end, score))
            self._strike_out(first, last)
        return spans

    def _strike_out(self, first: int, last: int) -> None:
        """Exclude every span that shares a code point with the one of tokens first..last."""
        # Tokens can share code points: the bytes of one emoji, for instance.
        starts, ends = self._context.starts, self._context.ends
        start, end = starts[first], ends[last]
        while first > 0 and ends[first - 1] > start:
            first -= 1
        while last + 1 < len(starts) and starts[last + 1] < end:
            last += 1
        for row in range(max(0, first - self._width + 1), first):
            self._pairs[row, first - row :] = -math.inf
        self._pairs[first : last + 1] = -math.inf


def _log_sum_exp(logits: NDArray[np.float32]) -> float:
    import numpy as np

    top = float(logits.max())
    return top + float(np.log(np.exp(logits.astype(np.float64) - top).sum()))
