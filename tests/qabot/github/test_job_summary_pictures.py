"""Pictures in a job summary: they show where SVG does not, and hold nothing but what is meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.engines.recorded import Recorded
from qabot.github import job_summary_pictures as pictures
from qabot.timeline.events import Timeline
from qabot.timeline.lanes import lanes
from qabot.timeline.recorder import Recorder
from tests.conftest import Repository
from tests.qabot.answers.test_markdown import GITHUB, HOSTILE, tags
from tests.qabot.github.test_job_summary import rendered
from tests.qabot.scripted import ScriptedEngine, failure, first_word
from tests.qabot.timeline.samples import HOSTILE as HOSTILE_TEXT
from tests.qabot.timeline.samples import many, recorded, retried_run, texts, timelines


def test_a_small_run_is_a_diagram_with_a_bar_an_attempt() -> None:
    lines = pictures.timeline(retried_run(), {"a": "What is it?", "b": "Who?"})
    assert lines[0] == "<details><summary>Timeline: 3 questions in 1 min 25 s</summary>"
    begin = lines.index("```mermaid") + 1
    assert lines[begin : lines.index("```")] == [
        "gantt",
        "  dateFormat HH:mm:ss.SSS",
        "  axisFormat %H:%M:%S",
        "  1 What is it? :active, 00:00:01.000, 00:00:42.000",
        "  2 Who? - crashed :crit, 00:00:01.000, 00:00:43.000",
        "  2 again :active, 00:00:45.000, 00:01:25.000",
        "  3 question c - out-of-memory :crit, 00:00:02.000, 00:00:50.000",
    ]


def test_a_large_run_is_rows_of_blocks() -> None:
    lines = pictures.timeline(many(5_000), {})
    begin = lines.index("```text") + 1
    rows = lines[begin : lines.index("```")]
    assert [row.split()[0] for row in rows] == ["waiting", "working", "answered", "failed", "0"]
    assert rows[0].endswith("up to 4,999"), "one is worked at from the beginning"
    assert rows[3].endswith("715")
    bars = [row[10:70] for row in rows[:4]]
    assert bars[0][0] == "█"
    assert bars[0][-1] == "·"
    assert bars[2][-1] == "█"
    assert all(set(bar) <= set("·▁▂▃▄▅▆▇█") for bar in bars)
    assert sum(len(line.encode()) + 1 for line in lines) < 2_000


# What a line of the diagram may be: words that mean nothing to it, a tag, two times of a day.
_BAR = re.compile(
    r"  \d+ [\w .,?!'…-]* :(active|crit|done), \d\d:\d\d:\d\d\.\d{3}, \d\d:\d\d:\d\d\.\d{3}"
)


@given(timelines, st.dictionaries(st.sampled_from("abcd"), texts))
def test_whatever_the_texts_a_diagram_stays_one(timeline: Timeline, labels: dict[str, str]) -> None:
    lines = pictures.timeline(timeline, labels)
    made = "\n".join(lines)
    assert made.count("```") in (0, 2)
    assert tags(made) <= {"details", "summary", "p", "pre", "code"}, GITHUB.render(made)
    if "```mermaid" in lines:
        begin = lines.index("```mermaid") + 4
        bars = lines[begin : lines.index("```")]
        shown = lanes(timeline, labels, pictures.MOST_LANES)
        assert {bar.split()[0] for bar in bars} == {str(n + 1) for n in range(len(shown))}
        assert all(map(_BAR.fullmatch, bars)), bars
        times = [bar.rpartition(" :")[2].split(", ")[1:] for bar in bars]
        assert all(begin <= end for begin, end in times)
    assert len(made.encode()) < 20_000


def test_a_run_of_days_has_no_times_of_a_day() -> None:
    lines = pictures.timeline(
        recorded([(0.0, "queued", "a", ""), (90_000.0, "answered", "a", "")]), {}
    )
    assert "```text" in lines


def test_nothing_asked_is_nothing_drawn() -> None:
    assert pictures.timeline(recorded([]), {}) == []
    assert pictures.scores([("a", [0.5] * 4)]) == []


def test_scores_are_a_bar_a_twentieth() -> None:
    rows = pictures.scores([("questions/a.yaml", [0.01, 0.02, 0.31, 0.99, 1.0, 1.0, 1.0])])
    assert rows[2:] == ["| questions/a.yaml | `▄·····▂············█` | 3 of 7 |"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_set_s_name_is_only_a_name(text: str) -> None:
    rows = pictures.scores([(f"questions/{text}.yaml", [0.5] * 9)])
    made = "\n".join(rows)
    assert len(rows) == 3
    assert tags(made) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


def test_sets_beyond_what_is_looked_at_are_counted() -> None:
    rows = pictures.scores([(f"s{number}", [0.5] * 9) for number in range(50)])
    assert len(rows) == 2 + pictures.MOST_SETS + 2
    assert rows[-1] == "… and 30 more sets."


def test_the_summary_shows_both(repository: Repository) -> None:
    lines = "".join(f"- question {number}\n" for number in range(6))
    repository.write("questions/a.yaml", f"context: word\nquestions:\n{lines}")
    engine = ScriptedEngine(
        lambda request: (
            failure(request) if request.question.endswith("5") else first_word(request, score=0.97)
        )
    )
    recorder = Recorder("runner")
    text = rendered(repository, Recorded(engine, recorder), recorder=recorder)
    assert "| questions/a.yaml | `···················█` | 0 of 5 |" in text
    assert "\n  6 question 5 - crashed :crit, 00:00:0" in text
    assert text.index("Timeline") < text.index("| ❌ | question 5"), "the pictures come first"


def test_hostile_text_is_not_a_directive() -> None:
    steps = [(0.0, "queued", "a", ""), (1.0, "failed", "a", HOSTILE_TEXT)]
    lines = pictures.timeline(recorded(steps), {"a": f"click {HOSTILE_TEXT}"})
    bars = [line for line in lines if line.startswith("  1 ")]
    assert len(bars) == 1
    assert not re.search(r"[%<>#`;:]", bars[0].rpartition(" :")[0])
