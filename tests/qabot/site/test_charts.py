from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from qabot.answers.yaml_file import DOUBTFUL
from qabot.site.charts import BINS, histogram, scores_svg

scores = st.lists(st.floats(0, 1), max_size=200)


def test_each_score_counts_where_it_lies() -> None:
    counts = histogram([0, 0.049, 0.05, 0.3, 0.949, 0.95, 1])
    assert counts == [2, 1, 0, 0, 0, 0, 1, *[0] * 11, 1, 2]


def test_a_score_on_a_border_counts_above_it() -> None:
    for number in range(BINS):
        assert histogram([number / BINS])[number] == 1, number / BINS


@given(scores)
def test_every_score_counts_once(scores: list[float]) -> None:
    counts = histogram(scores)
    assert sum(counts) == len(scores)
    assert len(counts) == BINS


@given(scores)
def test_the_picture_shows_what_there_is(scores: list[float]) -> None:
    picture = ET.fromstring(scores_svg(scores))
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    bars = picture.findall("rect")
    assert len(bars) == sum(count > 0 for count in histogram(scores))
    for bar in bars:
        x, y, wide, high = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + wide <= width
        assert y >= 0
        assert 0 < high <= height - y
        assert bar.attrib["class"] == ("low" if x / width < DOUBTFUL else "high")
    doubtful = sum(score < DOUBTFUL for score in scores)
    assert picture.attrib["aria-label"] == (
        f"Scores of {len(scores)} answers, {doubtful} of them doubtful (below {DOUBTFUL})"
    )
    assert "style" not in picture.attrib, "the policy would not let it"
