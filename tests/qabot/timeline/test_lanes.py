"""A run as lanes, and in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.timeline.events import State, Timeline
from qabot.timeline.lanes import lanes
from qabot.timeline.words import busiest, duration, marks, outcome, scope
from tests.qabot.timeline.samples import many, recorded, retried_run, timelines


def shown(timeline: Timeline) -> list[tuple[str, list[str], list[str]]]:
    return [
        (
            lane.label,
            [f"{stretch.state} {stretch.begin:g}-{stretch.end:g}" for stretch in lane.stretches],
            [f"{mark.what} {mark.at:g}" for mark in lane.marks],
        )
        for lane in lanes(timeline, {"a": "What?", "b": "Who?"}, 40)
    ]


def test_a_question_s_lane_has_its_waits_its_attempts_and_its_end() -> None:
    assert shown(retried_run()) == [
        ("What?", ["waiting 0-1", "starting 1-40", "working 40-42"], ["answered 42"]),
        (
            "Who?",
            ["waiting 0-1", "starting 1-43", "waiting 43-45", "starting 45-85"],
            ["retried 43", "answered 85"],
        ),
        ("question c", ["waiting 0-2", "starting 2-50"], ["failed 50"]),
    ]


def test_tasks_that_carry_several_questions_have_the_lanes() -> None:
    steps = [
        *((0.0, "queued", key, "") for key in "abcd"),
        *((0.0, "launched", key, "first-task") for key in "ab"),
        (1.0, "launched", "c", "second-task"),
        (30.0, "started", "a", ""),
        (2.0, "answered", "a", ""),
        (1.0, "retried", "b", "crashed"),
        (2.0, "launched", "b", "third-task"),
        (40.0, "answered", "b", ""),
        (1.0, "answered", "c", ""),
        (1.0, "failed", "d", "no-words"),
    ]
    assert shown(recorded(steps)) == [
        (
            "task first-ta, 2 questions",
            ["starting 0-31", "working 31-34"],
            ["answered 33", "retried 34"],
        ),
        ("task second-t, 1 question", ["starting 1-77"], ["answered 77"]),
        ("task third-ta, 1 question", ["starting 36-76"], ["answered 76"]),
        ("without a task, 1 question", [], ["failed 78"]),
    ]


def test_many_questions_in_few_tasks_have_no_lanes() -> None:
    def packed(questions: int) -> Timeline:
        keys = [str(number) for number in range(questions)]
        launches = [(0.0, "launched", key, f"task-{int(key) % 2}") for key in keys]
        return recorded([*((0.0, "queued", key, "") for key in keys), *launches])

    assert len(lanes(packed(20), {}, 4)) == 2
    assert lanes(packed(21), {}, 4) == []


def test_a_task_found_again_for_its_question_carries_one() -> None:
    steps = [
        (0.0, "queued", "a", ""),
        (0.0, "launched", "a", "task"),
        (1.0, "retried", "a", "unreachable"),
        (1.0, "launched", "a", "task"),
        (1.0, "answered", "a", ""),
    ]
    assert [lane.label for lane in lanes(recorded(steps), {"a": "What?"}, 40)] == ["What?"]


def test_too_many_lanes_are_left_out() -> None:
    assert len(lanes(many(40), {}, 40)) == 40
    assert lanes(many(41), {}, 40) == []


@given(timelines)
def test_lanes_stay_within_the_run_and_do_not_overlap(timeline: Timeline) -> None:
    made = lanes(timeline, {}, 40)
    ends = [mark.what for lane in made for mark in lane.marks if mark.what.final]
    assert sorted(ends) == sorted(track.end.what for track in timeline.tracks)
    for lane in made:
        at = 0.0
        for stretch in lane.stretches:
            assert at <= stretch.begin < stretch.end <= timeline.seconds
            at = stretch.end
        assert lane.marks, "its end is not shown"
        assert all(0 <= mark.at <= timeline.seconds for mark in lane.marks)


def test_a_run_in_words() -> None:
    timeline = retried_run()
    assert scope(timeline) == "3 questions in 1 min 25 s"
    assert outcome(timeline) == "2 answered, 1 failed; 1 attempt repeated (1 crashed)"
    assert busiest(timeline) == 3


def test_many_kinds_of_failure_are_cut_short() -> None:
    steps = [(1.0, "retried", "a", f"kind-{number}") for number in range(9)]
    words = outcome(recorded([(0.0, "queued", "a", ""), *steps]))
    assert words.startswith("1 stopped; 9 attempts repeated (1 kind-0, ")
    assert words.endswith("1 kind-5, …)")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (150, "2 min 30 s"),
        (3599.9, "1 h"),
        (7_500, "2 h 5 min"),
        (1e9, "277,777 h 47 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(0, 1e7))
def test_an_axis_has_few_marks_at_even_distances(seconds: float) -> None:
    at = marks(seconds)
    assert at[0] == 0
    assert len(at) <= 6
    assert at[-1] <= seconds + 1e-6
    if seconds >= 0.1:
        assert len(at) > 1, "nothing shows how long it took"


def test_states_that_no_question_was_in_count_nothing() -> None:
    assert retried_run().ended(State.STOPPED) == 0
    assert Timeline(engine="runner", run="", seconds=0.0).questions == 0
