"""A timeline's file: read as it was written, and nothing else is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.nodes.nodes import DocumentError, decode
from qabot.timeline import file
from qabot.timeline.events import Timeline, in_order
from qabot.timeline.parse import parse
from tests.qabot.timeline.samples import many, retried_run, timelines


def keys_and_kinds(timeline: Timeline) -> Any:
    return [
        (track.key, [(event.what, event.task, event.kind) for event in track.events])
        for track in timeline.tracks
    ]


@given(timelines)
def test_what_is_written_is_read(timeline: Timeline) -> None:
    read = parse(file.render(timeline))
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
    read = parse(text)
    assert (read.questions, read.retries) == (15_000, timeline.retries)
    assert [one.counts for one in read.moments] == [one.counts for one in timeline.moments]


def test_the_documentation_shows_the_format() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "timeline.md"
    block = page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    timeline = parse(block)
    assert timeline.retries == {"crashed": 1}
    assert [str(event.what) for event in timeline.tracks[0].events] == [
        "queued", "launched", "started", "retried", "launched", "answered",
    ]  # fmt: skip


def changed(**members: Any) -> str:
    return json.dumps(json.loads(file.render(retried_run())) | members)


def events(*rows: dict[str, Any]) -> str:
    return changed(questions=[{"key": "a", "events": list(rows)}])


QUEUED = {"at": 0, "event": "queued"}
END = {"at": 1, "event": "answered"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "there is nothing in it"),
        ("[]", "an object is expected"),
        ("{", "not JSON"),
        ('{"a": 1}', "'a' has no place here"),
        ("{}", "'format' is missing"),
        (changed(format="x"), "'format' is not qabot-timeline"),
        (changed(version=2), "this qabot reads version 1 of the format"),
        (changed(version=True), "a whole number is expected"),
        (changed(seconds="1"), "seconds are expected"),
        (changed(seconds=-1), "seconds are expected"),
        (changed().replace('"seconds": 85.0', '"seconds": 1e999'), "seconds are expected"),
        (changed(retries=[]), "an object is expected"),
        (changed(counts=[]), "and not both"),
        (changed(run="x" * 300), "a text of up to 200 characters"),
        (changed(questions={}), "a list is expected"),
        (changed().replace('"engine"', '"run"'), "'run' has no place here"),
        (events(), "a question's last event"),
        (events(QUEUED), "a question's last event"),
        (events(END), "a question's first event"),
        (events(QUEUED, QUEUED, END), "a question's first event"),
        (events(QUEUED, END, END), "nothing comes behind 'answered'"),
        (events(QUEUED, {"at": 99, "event": "stopped"}), "outside the run"),
        (events(QUEUED, {"at": 5, "event": "started"}, END), "before the event in front"),
        (events(QUEUED, {"at": 0, "event": "<b>"}), "'<b>' is no event"),
        (events(QUEUED, {**END, "task": "t"}), "'task' stands with 'launched'"),
        (events(QUEUED, {"at": 1, "event": "failed"}), "'kind' stands with"),
        (
            changed(questions=[{"key": "a", "events": [QUEUED, END]}] * 2),
            "a question is there twice",
        ),
    ],
)
def test_anything_else_is_told_with_its_place(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "timeline.json"
    path.write_text(text)
    with pytest.raises(file.TimelineError) as caught:
        file.read(path)
    message = str(caught.value)
    assert f"{path}:1:" in message
    assert what in message
    assert "qabot answer --timeline FILE writes one" in message


def test_counts_that_lose_a_question_are_told() -> None:
    text = file.render(many(15_000)).replace('"failed": 0', '"failed": 1', 1)
    with pytest.raises(DocumentError, match="fewer questions than the one in front of it"):
        parse(text)


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60)))
def test_no_file_is_a_traceback(text: str | bytes) -> None:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    with pytest.raises(DocumentError):
        parse(decode(data))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(file.TimelineError, match="can't be read: No such file") as caught:
        file.read(tmp_path / "none.json")
    assert caught.value.exit_code == 2


def test_it_is_written_in_one_step_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "timeline.json"
    file.prepare(path)
    file.write(path, retried_run())
    assert file.read(path).questions == 3
    assert list(path.parent.iterdir()) == [path]


def test_where_it_can_t_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(file.TimelineError, match="give --timeline another file"):
        file.prepare(tmp_path / "file" / "timeline.json")
    with pytest.raises(file.TimelineError, match="is a folder"):
        file.prepare(tmp_path)
