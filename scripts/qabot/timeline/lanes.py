"""A small run as lanes: one per question, or one per task if tasks answer several questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from qabot.console.text import count
from qabot.timeline.events import AFTER, Event, State, What

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qabot.timeline.events import Timeline, Track

# The most questions per lane, on average: each has a mark, and more would be unreadable and large.
QUESTIONS_A_LANE = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a lane.

    Args:
        state: of the question or the task.
        begin: seconds since the run began.
        end: seconds since the run began.
    """

    state: State
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Lane:
    """The course of a question or a task through the run.

    Args:
        label: its name; text that needs escaping.
        stretches: in order of time.
        marks: failed attempts, and the end of each question; at least one.
        shared: whether it is a task's, which may have marks of several questions.
    """

    label: str
    stretches: tuple[Stretch, ...]
    marks: tuple[Event, ...]
    shared: bool = False


def lanes(timeline: Timeline, labels: Mapping[str, str], most: int) -> list[Lane]:
    """The lanes of a run, in the order in which their work began; empty if they would be too many.

    Args:
        timeline: of the run.
        labels: the questions' texts by key, if known.
        most: the most lanes.
    """
    carried = {
        (event.task, track.key)
        for track in timeline.tracks
        for event in track.events
        if event.what is What.LAUNCHED
    }
    tasks = Counter(task for task, _ in carried)
    if any(times > 1 for times in tasks.values()):
        few = len(tasks) <= most and len(timeline.tracks) <= most * QUESTIONS_A_LANE
        return _by_task(timeline.tracks) if few else []
    if len(timeline.tracks) > most:
        return []
    return [
        _of_question(track, labels.get(track.key, f"question {track.key[:12]}"))
        for track in sorted(timeline.tracks, key=_work_begins)
    ]


def _work_begins(track: Track) -> float:
    begun = (What.LAUNCHED, What.STARTED)
    return next((event.at for event in track.events if event.what in begun), track.end.at)


def _of_question(track: Track, label: str) -> Lane:
    stretches = tuple(
        Stretch(AFTER[event.what], event.at, following.at)
        for event, following in pairwise(track.events)
        if following.at > event.at
    )
    ends = (event for event in track.events if event.what is What.RETRIED or event.what.final)
    return Lane(label, stretches, tuple(ends))


def _by_task(tracks: Sequence[Track]) -> list[Lane]:
    """Lanes of tasks, each from its launch to the last end of one of its questions.

    Questions that ended without a task have a lane at the end.
    """
    outside: list[Event] = []
    carried: dict[str, list[tuple[Event, ...]]] = defaultdict(list)
    for track in tracks:
        attempt: list[Event] = []
        for event in track.events:
            if event.what is What.LAUNCHED:
                attempt = [event]
            elif attempt:
                attempt.append(event)
                if event.what is not What.STARTED:
                    carried[attempt[0].task].append(tuple(attempt))
                    attempt = []
            elif event.what.final:
                outside.append(event)
    begun = sorted(carried.items(), key=lambda task: min(attempt[0].at for attempt in task[1]))
    made = [_of_task(task, attempts) for task, attempts in begun]
    if outside:
        ends = tuple(sorted(outside, key=lambda event: event.at))
        made.append(Lane(f"without a task, {count(len(ends), 'question')}", (), ends, shared=True))
    return made


def _of_task(task: str, attempts: Sequence[tuple[Event, ...]]) -> Lane:
    begin = min(attempt[0].at for attempt in attempts)
    end = max(attempt[-1].at for attempt in attempts)
    begun = [event.at for attempt in attempts for event in attempt if event.what is What.STARTED]
    work = min(begun, default=end)
    stretches = (Stretch(State.STARTING, begin, work), Stretch(State.WORKING, work, end))
    marks = sorted((attempt[-1] for attempt in attempts), key=lambda event: event.at)
    label = f"task {task[:8]}, {count(len(attempts), 'question')}"
    lasting = tuple(stretch for stretch in stretches if stretch.end > stretch.begin)
    return Lane(label, lasting, tuple(marks), shared=True)
