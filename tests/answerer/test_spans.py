"""The span search against the sentence that defines it, spelled out in plain loops."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer.errors import ModelError
from answerer.spans import SpanSearch
from answerer.windows import Context

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOGITS = st.floats(-12, 12, width=32)


def words(count: int) -> Context:
    """A context of `count` one-letter words, one token each."""
    places = np.arange(count, dtype=np.int32)
    return Context(
        text=" ".join("abcdefghij"[place % 10] for place in range(count)),
        ids=places.astype(np.int64),
        starts=2 * places,
        ends=2 * places + 1,
        blank=np.zeros(count, bool),
        breaks=np.ones(count, bool),
    )


def softmax(logits: NDArray[np.float32]) -> list[float]:
    weights = [math.exp(logit) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def reference(start: NDArray[np.float32], end: NDArray[np.float32], longest: int) -> float:
    """Softmax of each, multiplied; end not before start; at most `longest` tokens; the best."""
    starts, ends = softmax(start), softmax(end)
    return max(
        starts[i] * ends[j]
        for i, j in itertools.product(range(len(start)), repeat=2)
        if i <= j < i + longest
    )


@given(
    st.integers(1, 25).flatmap(
        lambda n: st.tuples(*[st.lists(LOGITS, min_size=n, max_size=n)] * 2)
    ),
    st.integers(1, 30),
)
def test_one_window_is_scored_as_the_reference(
    logits: tuple[list[float], list[float]], longest: int
) -> None:
    start, end = (np.array(part, np.float32) for part in logits)
    search = SpanSearch(words(len(start)), longest)
    search.add(0, start, end)
    (span,) = search.best(1)
    starts, ends = softmax(start), softmax(end)
    first, last = span.start // 2, (span.end - 1) // 2
    assert 0 <= last - first < longest
    assert span.score == pytest.approx(reference(start, end, longest), rel=1e-4)
    assert span.score == pytest.approx(starts[first] * ends[last], rel=1e-4)


@given(
    st.lists(st.tuples(LOGITS, LOGITS), min_size=3, max_size=25),
    st.integers(1, 6),
    st.integers(1, 8),
)
def test_alternatives_are_the_best_of_what_is_left(
    logits: list[tuple[float, float]], longest: int, top_k: int
) -> None:
    start, end = np.array(logits, np.float32).T
    context = words(len(start))
    search = SpanSearch(context, longest)
    search.add(0, start, end)
    spans = search.best(top_k)
    sums = {
        (i, j): start[i] + end[j]
        for i, j in itertools.product(range(len(start)), repeat=2)
        if i <= j < i + longest
    }
    for span in spans:
        assert context.text[span.start : span.end] == span.answer
        first, last = span.start // 2, (span.end - 1) // 2
        assert sums[first, last] == max(sums.values())
        sums = {(i, j): s for (i, j), s in sums.items() if j < first or i > last}
    assert len(spans) == top_k or not sums


def test_confident_window_without_the_answer_does_not_win() -> None:
    # Softmax per window would give the first window, sure among low logits, a score near 1.
    search = SpanSearch(words(8), 4)
    search.add(0, np.array([-9, 1, -9, -9], np.float32), np.array([-9, 1, -9, -9], np.float32))
    search.add(4, np.array([5, 7, 5, 5], np.float32), np.array([5, 7, 5, 5], np.float32))
    (span,) = search.best(1)
    assert (span.start, span.end) == (10, 11)


def test_score_is_the_part_of_all_that_the_windows_say() -> None:
    start, end = np.array([[0, 3, 1, 0, 2, 1], [1, 0, 4, 0, 1, 5]], np.float32)
    search = SpanSearch(words(6), 4)
    search.add(0, start[:4], end[:4])
    search.add(2, start[2:], end[2:])
    (span,) = search.best(1)
    parts = [np.exp(start[part]).sum() * np.exp(end[part]).sum() for part in np.s_[:4, 2:]]
    # The first window's tokens 1 to 2, or the second's 4 to 5, are equally good.
    assert span.score == pytest.approx(np.exp(3 + 4) / sum(parts))


def test_order_of_windows_does_not_matter() -> None:
    random = np.random.default_rng(1)
    windows = [(first, *random.normal(size=(2, 10)).astype(np.float32)) for first in (0, 6, 12)]
    one, other = SpanSearch(words(22), 5), SpanSearch(words(22), 5)
    for window in windows:
        one.add(*window)
    for window in reversed(windows):
        other.add(*window)
    assert one.best(3) == other.best(3)


def test_span_never_crosses_from_one_window_into_another() -> None:
    search = SpanSearch(words(6), 6)
    search.add(0, np.array([9, 0, 0], np.float32), np.zeros(3, np.float32))
    search.add(3, np.zeros(3, np.float32), np.array([0, 0, 9], np.float32))
    (span,) = search.best(1)
    assert span.end <= 5 or span.start >= 6


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_an_error(broken: float) -> None:
    search = SpanSearch(words(2), 2)
    with pytest.raises(ModelError, match="finite"):
        search.add(0, np.array([broken, 1], np.float32), np.array([0, 1], np.float32))


def test_tokens_of_one_character_are_one_answer() -> None:
    # Four byte tokens of one emoji, then a letter.
    context = Context(
        text="😀a",
        ids=np.arange(5),
        starts=np.array([0, 0, 0, 0, 1], np.int32),
        ends=np.array([1, 1, 1, 1, 2], np.int32),
        blank=np.zeros(5, bool),
        breaks=np.zeros(5, bool),
    )
    search = SpanSearch(context, 5)
    search.add(0, np.array([0, 5, 0, 0, 1], np.float32), np.array([0, 5, 0, 0, 1], np.float32))
    assert [span.answer for span in search.best(5)] == ["😀", "a"]
