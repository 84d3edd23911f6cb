"""Recording, whatever an engine reports."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from qabot.timeline.events import MAX_TEXT, STATES, State, Timeline, What
from tests.qabot.timeline.samples import many, recorded, retried_run, timelines


def whats(timeline: Timeline, key: str) -> list[str]:
    (track,) = (entry for entry in timeline.tracks if entry.key == key)
    return [str(event.what) for event in track.events]


def test_each_question_has_its_events_with_their_times() -> None:
    timeline = retried_run()
    assert [track.key for track in timeline.tracks] == ["a", "b", "c"]
    assert whats(timeline, "a") == ["queued", "launched", "started", "answered"]
    assert whats(timeline, "b") == ["queued", "launched", "retried", "launched", "answered"]
    assert [event.at for event in timeline.tracks[1].events] == [0.0, 1.0, 43.0, 45.0, 85.0]
    assert timeline.tracks[0].events[1].task == "t1", "not the whole ARN"
    assert timeline.tracks[1].events[2].kind == "crashed"
    assert timeline.tracks[2].end.kind == "out-of-memory"
    assert (timeline.seconds, timeline.retries) == (85.0, {"crashed": 1})


@given(timelines)
def test_every_question_is_queued_once_and_ends_once(timeline: Timeline) -> None:
    for track in timeline.tracks:
        kinds = [event.what for event in track.events]
        assert kinds[0] is What.QUEUED
        assert kinds.count(What.QUEUED) == 1
        assert [what.final for what in kinds] == [False] * (len(kinds) - 1) + [True]
        times = [event.at for event in track.events]
        assert all(0 <= entry <= other <= timeline.seconds for entry, other in pairwise(times))
        assert all(len(event.kind) <= MAX_TEXT for event in track.events)
    assert len({track.key for track in timeline.tracks}) == len(timeline.tracks)


@given(timelines)
def test_the_counts_are_those_of_the_tracks(timeline: Timeline) -> None:
    assert timeline.questions == len(timeline.tracks)
    queued = [track.events[0].at for track in timeline.tracks]
    for moment in timeline.moments:
        known = sum(at <= moment.at for at in queued)
        assert sum(moment.counts) == known, "a question is nowhere, or twice"
    assert all(entry.at <= other.at for entry, other in pairwise(timeline.moments))
    for state in (State.ANSWERED, State.FAILED, State.STOPPED):
        ends = sum(track.end.what == state.value for track in timeline.tracks)
        assert timeline.ended(state) == ends
    if timeline.questions:
        assert timeline.moments[-1].at == timeline.seconds
        assert not any(
            timeline.moments[-1].counts[STATES.index(state)]
            for state in (State.WAITING, State.STARTING, State.WORKING)
        )


def test_a_launch_refused_again_and_again_is_one_wait() -> None:
    refused = [(2.0, "retried", "a", "no-capacity")] * 50
    timeline = recorded([(0.0, "queued", "a", ""), *refused, (1.0, "retried", "a", "quota")])
    assert whats(timeline, "a") == ["queued", "retried", "retried", "stopped"]
    assert timeline.retries == {"no-capacity": 50, "quota": 1}


def test_what_was_not_queued_is_not_recorded() -> None:
    timeline = recorded([(0.0, "launched", "x", "t"), (1.0, "answered", "x", "")])
    assert timeline == Timeline(engine="fargate", run="run-1", seconds=0.0)


def test_a_clock_that_is_set_back_does_not_turn_time_round() -> None:
    timeline = recorded(
        [(0.0, "queued", "a", ""), (5.0, "started", "a", ""), (-9.0, "answered", "a", "")]
    )
    assert [event.at for event in timeline.tracks[0].events] == [0.0, 5.0, 5.0]


def test_too_many_events_are_counted_and_not_listed() -> None:
    timeline = many(15_000)
    assert timeline.tracks == ()
    assert timeline.questions == 15_000
    assert timeline.ended(State.FAILED) == timeline.retries["crashed"] == 15_000 // 7 + 1
