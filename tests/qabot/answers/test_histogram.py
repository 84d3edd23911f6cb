from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qabot.answers.histogram import BINS, histogram


def test_each_score_counts_in_its_bin() -> None:
    counts = histogram([0, 0.049, 0.05, 0.3, 0.949, 0.95, 1])
    assert counts == [2, 1, 0, 0, 0, 0, 1, *[0] * 11, 1, 2]


def test_a_score_on_a_border_counts_above_it() -> None:
    for number in range(BINS):
        assert histogram([number / BINS])[number] == 1, number / BINS


@given(st.lists(st.floats(0, 1), max_size=200))
def test_every_score_counts_once(scores: list[float]) -> None:
    counts = histogram(scores)
    assert sum(counts) == len(scores)
    assert len(counts) == BINS
