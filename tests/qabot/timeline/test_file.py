"""A timeline's file: read as it was written; any other file is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.timeline import file
from qabot.timeline.events import Timeline, in_order
from tests.qabot.timeline.samples import many, retried_run, timelines


def keys_and_kinds(timeline: Timeline) -> Any:
    return [
        (track.key, [(event.what, event.task, event.kind) for event in track.events])
        for track in timeline.tracks
    ]


@given(timelines)
def test_what_is_written_is_read(timeline: Timeline) -> None:
    read = file.parse(file.render(timeline))
    assert keys_and_kinds(read) == keys_and_kinds(timeline)
    assert (read.engine, read.run, read.retries) == ("fargate", "run-1", timeline.retries)
    assert read.seconds == pytest.approx(timeline.seconds, abs=0.001)
    for _, (at, _, _), (before, _, _) in zip(
        range(1000), in_order(read.tracks), in_order(timeline.tracks), strict=False
    ):
        assert at == pytest.approx(before, abs=0.001)
    assert file.render(read) == file.render(timeline), "writing it again changes it"


def test_counts_are_written_and_read() -> None:
    timeline = many(15_000)
    text = file.render(timeline)
    assert '"questions"' not in text
    read = file.parse(text)
    assert (read.questions, read.retries) == (15_000, timeline.retries)
    assert [moment.counts for moment in read.moments] == [
        moment.counts for moment in timeline.moments
    ]


def test_the_documentation_shows_the_format() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "timeline.md"
    block = page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    timeline = file.parse(block)
    assert timeline.retries == {"crashed": 1}
    assert [str(event.what) for event in timeline.tracks[0].events] == [
        "queued", "launched", "started", "retried", "launched", "answered",
    ]  # fmt: skip


def changed(**members: Any) -> str:
    return json.dumps(json.loads(file.render(retried_run())) | members)


def events(*rows: dict[str, Any]) -> str:
    return changed(questions=[{"key": "a", "events": list(rows)}])


WRONG = [
    "", "[]", "{", "{}", "[" * 100_000, '"\\ud800"', '{"a": 1}',
    changed(format="x"), changed(version=2), changed(seconds="x"), changed(retries=[]),
    changed(questions={"a": 1}), changed(counts=[{}]), events(), events({"at": 0, "event": "queued"}),
    events({"at": 0, "event": "<b>"}),
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_another_file_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "timeline.json"
    path.write_text(text)
    with pytest.raises(file.TimelineError, match="is not a timeline of this version; write one"):
        file.read(path)


@given(
    data=st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(str.encode),
        st.binary(max_size=60),
    )
)
def test_any_other_bytes_are_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "timeline.json"
    path.write_bytes(data)
    with pytest.raises(file.TimelineError):
        file.read(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(file.TimelineError, match="cannot read .*: No such file") as caught:
        file.read(tmp_path / "none.json")
    assert caught.value.exit_code == 2


def test_it_is_written_in_one_step_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "timeline.json"
    file.prepare(path)
    file.write(path, retried_run())
    assert file.read(path).questions == 3
    assert list(path.parent.iterdir()) == [path]


def test_that_it_cannot_be_written_is_reported_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(file.TimelineError, match="give --timeline another file"):
        file.prepare(tmp_path / "file" / "timeline.json")
    with pytest.raises(file.TimelineError, match="is a folder"):
        file.prepare(tmp_path)
