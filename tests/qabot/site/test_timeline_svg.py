"""The picture of a run: well-formed, within its frame, and text whatever is in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from qabot.site.timeline_svg import MOST_LANES, timeline_svg
from qabot.timeline.events import Timeline
from tests.qabot.timeline.samples import HOSTILE, many, recorded, retried_run, texts, timelines


def drawn(svg: str) -> ElementTree.Element:
    """The picture as XML, where every entity is known too; `escape` writes only such."""
    return ElementTree.fromstring(svg)


def per_cent(value: str) -> float:
    return float(value.removesuffix("%"))


@given(timelines, st.dictionaries(st.sampled_from("abcd"), texts))
def test_any_run_is_a_well_formed_picture_within_its_frame(
    timeline: Timeline, labels: dict[str, str]
) -> None:
    svg = timeline_svg(timeline, labels)
    if not timeline.questions:
        assert svg == ""
        return
    root = drawn(svg)
    assert (root.tag, root.get("role")) == ("svg", "img")
    title, description = root[0], root[1]
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert "question" in str(description.text)
    tags = {element.tag for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "line", "text", "tspan", "rect", "circle", "path"}
    for element in root.iter():
        assert not {name for name in element.attrib if name.startswith(("on", "style", "href"))}
    for bar in root.iter("rect"):
        begin, width = per_cent(bar.attrib["x"]), per_cent(bar.attrib["width"])
        assert 0 <= begin <= begin + width <= 100.02
    height = float(root.attrib["height"])
    assert all(float(text.attrib["y"]) <= height for text in root.iter("text"))


def test_lanes_show_waits_starts_work_and_the_class_of_each_failure() -> None:
    root = drawn(timeline_svg(retried_run(), {"a": "What?", "b": "Who?"}))
    labels = [
        "".join(text.itertext()) for text in root.iter("text") if text.get("class") == "label"
    ]
    assert labels == ["What?", "Who? crashed", "question c out-of-memory"]
    bars = [bar.get("class") for bar in root.iter("rect")]
    assert bars[:3] == ["waiting", "starting", "working"]
    told_ = [str(title.text) for title in root.iter("title")]
    assert "retried (crashed) at 43 s" in told_
    assert "failed (out-of-memory) at 50 s" in told_
    assert "starting, 1 s to 40 s" in told_
    assert str(root[1].text) == (
        "3 questions in 1 min 25 s: 2 answered, 1 failed; 1 attempt repeated (1 crashed); "
        "up to 3 in progress at the same time; the first answer after about 42 s."
    )


def test_a_large_run_is_a_small_picture() -> None:
    small, large, larger = (
        timeline_svg(many(number, 600.0), {}) for number in (MOST_LANES, 10_000, 20_000)
    )
    assert "<path" not in small
    assert "<rect" not in large
    for svg in (small, large, larger):
        assert len(svg.encode()) < 60_000
        drawn(svg)


def test_areas_fill_the_frame_at_every_moment() -> None:
    root = drawn(timeline_svg(many(70), {}))
    paths = {path.get("class"): path.attrib["d"] for path in root.iter("path")}
    assert list(paths) == ["answered", "failed", "working", "waiting"]
    tops = [re.findall(r"(\d+) (\d+)", path)[:201] for path in paths.values()]
    assert {y for _, y in tops[-1]} == {"0"}, "the uppermost area ends below the frame's top"
    below = [int(y) for _, y in tops[0]]
    assert below == sorted(below, reverse=True), "fewer are answered later"


def test_hostile_text_is_text() -> None:
    steps = [
        (0.0, "queued", "a", ""),
        (1.0, "retried", "a", HOSTILE),
        (1.0, "failed", "a", HOSTILE),
    ]
    svg = timeline_svg(recorded(steps), {"a": HOSTILE})
    drawn(svg)
    assert "<script" not in svg
    assert "\u202e" not in svg
