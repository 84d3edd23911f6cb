"""The span search against the sentence that defines it, spelled out in plain loops."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerer.errors import ModelError
from answerer.spans import SpanSearch
from answerer.windows import Context, Windows
from tests.answerer.test_edges import CLUSTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOGITS = st.floats(-12, 12, width=32)


BUNDLED = Path(__file__).parents[2] / "container/model/tokenizer.json"


def words(count: int) -> Context:
    """A context of `count` one-letter words, all different, one token each."""
    places = np.arange(count, dtype=np.int32)
    return Context(
        text=" ".join(chr(0x4E00 + place) for place in range(count)),
        ids=places.astype(np.int64),
        starts=2 * places,
        ends=2 * places + 1,
        blank=np.zeros(count, bool),
        breaks=np.ones(count, bool),
    )


def add(search: SpanSearch, context: Context, first: int, *logits: NDArray[np.float32]) -> None:
    """Add a window of a context that is the whole text."""
    search.add(context, range(first, first + len(logits[0])), *logits)


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
def test_one_window_is_ranked_as_the_reference(
    logits: tuple[list[float], list[float]], longest: int
) -> None:
    start, end = (np.array(part, np.float32) for part in logits)
    context = words(len(start))
    search = SpanSearch(context.text, longest)
    add(search, context, 0, start, end)
    (span,) = search.best(1)
    starts, ends = softmax(start), softmax(end)
    first, last = span.start // 2, (span.end - 1) // 2
    assert 0 <= last - first < longest
    assert starts[first] * ends[last] == pytest.approx(reference(start, end, longest), rel=1e-4)


@pytest.fixture(scope="module")
def bundled() -> Windows:
    return Windows(BUNDLED, 384)


@settings(max_examples=200)
@given(
    clusters=st.lists(
        st.sampled_from([*CLUSTERS, *"ab1 .,\nởïﬁİßǆ½"]),
        min_size=1,
        max_size=40,
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_answer_ends_inside_a_character_of_any_script(
    bundled: Windows, clusters: list[str], seed: int
) -> None:
    # The tokenizer drops marks and cuts words into pieces; whatever the model prefers of them, an
    # answer is made of whole characters, as they were put into the text.
    text = "".join(clusters)
    context = bundled.context(text)
    if context.blank.all():
        return
    logits = np.random.default_rng(seed).normal(0, 4, (2, len(context.ids))).astype(np.float32)
    search = SpanSearch(text, 5)
    add(search, context, 0, *logits)
    borders = set(itertools.accumulate(map(len, clusters), initial=0))
    spans = search.best(5)
    assert spans
    for span in spans:
        assert text[span.start : span.end] == span.answer != ""
        assert {span.start, span.end} <= borders


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
    search = SpanSearch(context.text, longest)
    add(search, context, 0, start, end)
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
    context = words(8)
    search = SpanSearch(context.text, 4)
    low, high = np.array([[-9, 1, -9, -9], [5, 7, 5, 5]], np.float32)
    add(search, context, 0, low, low)
    add(search, context, 4, high, high)
    (span,) = search.best(1)
    assert (span.start, span.end) == (10, 11)


def test_order_of_windows_does_not_matter() -> None:
    random = np.random.default_rng(1)
    windows = [(first, *random.normal(size=(2, 10)).astype(np.float32)) for first in (0, 6, 12)]
    context = words(22)
    forwards, backwards = SpanSearch(context.text, 5), SpanSearch(context.text, 5)
    for window in windows:
        add(forwards, context, *window)
    for window in reversed(windows):
        add(backwards, context, *window)
    assert forwards.best(3) == backwards.best(3)


def test_span_never_crosses_from_one_window_into_another() -> None:
    context = words(6)
    search = SpanSearch(context.text, 6)
    add(search, context, 0, np.array([9, 0, 0], np.float32), np.zeros(3, np.float32))
    add(search, context, 3, np.zeros(3, np.float32), np.array([0, 0, 9], np.float32))
    (span,) = search.best(1)
    assert span.end <= 5 or span.start >= 6


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_logits_that_are_not_numbers_are_an_error(broken: float) -> None:
    context = words(2)
    search = SpanSearch(context.text, 2)
    logits, right = np.array([[broken, 1], [0, 1]], np.float32)
    with pytest.raises(ModelError, match="finite"):
        add(search, context, 0, logits, right)
    with pytest.raises(ModelError, match="finite"):
        search.add(context, range(2), right, right, null=broken)


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
    search = SpanSearch(context.text, 5)
    logits = np.array([0, 5, 0, 0, 1], np.float32)
    add(search, context, 0, logits, logits)
    assert [span.answer for span in search.best(5)] == ["😀", "a"]


def token_words(text: str) -> Context:
    """A context of words, one token each."""
    places = [match.span() for match in re.finditer(r"\w+", text)]
    starts, ends = np.array(places, np.int32).T
    none = np.zeros(len(places), bool)
    return Context(text, np.arange(len(places)), starts, ends, none, none)


def search_in(text: str, likely: dict[str, float], null: float = 0.0) -> SpanSearch:
    """A search over a text of words where those named have the given logits, all others -8."""
    context = token_words(text)
    words_of = [text[start:end] for start, end in zip(context.starts, context.ends, strict=True)]
    logits = np.array([likely.get(word, -8.0) for word in words_of], np.float32)
    search = SpanSearch(text, 5)
    search.add(context, range(len(words_of)), logits, logits, null=null)
    return search


def test_mentions_of_one_answer_speak_for_it_together() -> None:
    days = [f"Day {day}: the captain was Hagen, mate Lund." for day in range(20)]
    logits = {"Hagen": 3.0, "Lund": 2.0}
    best, other = search_in(" ".join(days), logits).best(2)
    assert (best.answer, other.answer) == ("Hagen", "Lund")
    assert best.score == pytest.approx(search_in(days[0], logits).best(1)[0].score, abs=0.05)
    (only,) = search_in("It was Hagen and nobody else on that day. " * 60, {"Hagen": 9}).best(1)
    assert only.score > 0.99, "what has no rival is not in doubt"
    # From one mention to the next the model finds as much as in each.
    (only,) = search_in("It was Hagen. " * 60, {"Hagen": 9}).best(1)
    assert (only.answer, only.score > 0.99) == ("Hagen", True)
    mixed = "hagen. Hagen, HAGEN; Lund"
    spans = search_in(mixed, {"hagen": 1, "Hagen": 3, "HAGEN": 1, "Lund": 0}).best(3)
    assert [span.answer for span in spans] == ["Hagen", "Lund"]


def test_overlapping_spans_speak_for_one_answer() -> None:
    # "Anna" and "Anna Maria Lee" are as likely, "Rome" less.
    context = words(5)
    starts, ends = np.array([[4, -8, -8, -8, 1], [4, -8, 4, -8, 1]], np.float32)
    search = SpanSearch(context.text, 5)
    add(search, context, 0, starts, ends)
    best, other = search.best(2)
    assert best.start == 0
    assert 0.5 < best.score < 0.7, "sure of the place, and not of where the answer ends"
    assert other.start == 8
    assert other.score < 0.1


def test_null_that_outranks_every_span_says_that_the_text_does_not_say() -> None:
    none, best = search_in("in Rome", {"Rome": 1}, null=7.0).best(2, has_null=True)
    assert not none.found
    assert (none.answer, none.start, none.end) == ("", 0, 0)
    assert none.score > 0.99
    assert best.answer == "Rome"
    assert best.score < 0.01
    (found,) = search_in("in Rome", {"Rome": 4}, null=1.0).best(1, has_null=True)
    assert found.answer == "Rome"


@pytest.mark.parametrize("text", ["Rome", "It was Rome"])
def test_a_few_words_are_never_sure(text: str) -> None:
    (span,) = search_in(text, {"Rome": 9}).best(1)
    assert span.score < 0.9


@pytest.mark.parametrize(
    ("dates", "question", "answer"),
    [
        ("(1815-1852)", "In what year did she die?", "1852"),
        ("(10 December 1815 – 27 November 1852)", "When was her death?", "1852"),
        ("[1815 — 1852]", "WHEN DID IT END", "1852"),
        ("(1815-1852)", "When was she born?", "1815"),
        ("(1815-1852)", "When did the war begin?", "1815"),
        ("(1815-1852)", "When did she reign?", "1815-1852"),
        ("(1815-1852)", "In what years did it start and end?", "1815-1852"),
        ("1815-1852", "When did she die?", "1815-1852"),
        ("(pages 10-12, 1852)", "When did she die?", "1852"),
    ],
)
def test_of_two_dates_in_brackets_the_one_asked_for(dates: str, question: str, answer: str) -> None:
    text = f"Ada Lovelace {dates} wrote it."
    context = token_words(text)
    words_of = [text[start:end] for start, end in zip(context.starts, context.ends, strict=True)]
    starts = [{"1815": 4.0, "1852": 3.0}.get(word, -8.0) for word in words_of]
    ends = [{"1815": -2.0, "1852": 4.0}.get(word, -8.0) for word in words_of]
    search = SpanSearch(text, 8, question)
    search.add(context, range(len(words_of)), *np.array([starts, ends], np.float32))
    assert search.best(1)[0].answer == answer
