from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from qabot.answers.histogram import histogram
from qabot.answers.model import DOUBTFUL
from qabot.site.charts import scores_svg

scores = st.lists(st.floats(0, 1), max_size=200)


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
