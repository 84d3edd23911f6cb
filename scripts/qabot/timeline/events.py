"""A run's timeline: each question's events, and the number of questions in each state over time."""

from __future__ import annotations

import heapq
from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Pictures are about 700 pixels wide and do not need more.
MOMENTS = 200
# The longest key, task id and kind of failure, in code points.
MAX_TEXT = 200


class What(StrEnum):
    """A kind of event of a question."""

    QUEUED = "queued"
    LAUNCHED = "launched"  # a task starts for it; the runner engine has none
    STARTED = "started"
    RETRIED = "retried"  # an attempt has failed, and another follows
    ANSWERED = "answered"
    FAILED = "failed"  # finally, in this run
    STOPPED = "stopped"  # because the run stopped

    @property
    def final(self) -> bool:
        """Whether it ends a question."""
        return self in (What.ANSWERED, What.FAILED, What.STOPPED)


class State(StrEnum):
    """The state of a question between two events."""

    WAITING = "waiting"
    STARTING = "starting"
    WORKING = "working"
    ANSWERED = "answered"
    FAILED = "failed"
    STOPPED = "stopped"


# The state that an event leads to.
AFTER = {
    What.QUEUED: State.WAITING,
    What.LAUNCHED: State.STARTING,
    What.STARTED: State.WORKING,
    What.RETRIED: State.WAITING,
    What.ANSWERED: State.ANSWERED,
    What.FAILED: State.FAILED,
    What.STOPPED: State.STOPPED,
}
STATES = tuple(State)
_PLACES = {what: STATES.index(state) for what, state in AFTER.items()}


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one question.

    Args:
        at: seconds since the run began.
        what: the kind of event.
        task: the id of the task that is launched.
        kind: of the failure, if an attempt failed.
    """

    at: float
    what: What
    task: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One question's events in a run.

    Args:
        key: identifies the question, its context and the model; see `qabot.answers.key`.
        events: in their order; the first is QUEUED, and only the last is final.
    """

    key: str
    events: tuple[Event, ...]

    @property
    def end(self) -> Event:
        """Its last event."""
        return self.events[-1]


@dataclass(frozen=True, slots=True)
class Moment:
    """The number of questions in each state at a time.

    Args:
        at: seconds since the run began.
        counts: of questions, one per state of `STATES`.
    """

    at: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The events of one run.

    Args:
        engine: `runner` or `fargate`.
        run: the run's name; empty if it has none.
        seconds: from its beginning to its end.
        tracks: of every question, in the order they were asked; empty if there are too many.
        moments: from the beginning to the end, at equal intervals.
        retries: number of attempts that failed and were repeated, by kind of failure.
    """

    engine: str
    run: str
    seconds: float
    tracks: tuple[Track, ...] = ()
    moments: tuple[Moment, ...] = ()
    retries: Mapping[str, int] = field(default_factory=dict)

    @property
    def questions(self) -> int:
        """The number of questions."""
        return sum(self.moments[-1].counts) if self.moments else 0

    def ended(self, state: State) -> int:
        """The number of questions that ended in a state."""
        return self.moments[-1].counts[STATES.index(state)] if self.moments else 0


def in_order(tracks: Iterable[Track]) -> Iterator[tuple[float, int, What]]:
    """The events of all tracks by time: seconds, the track's number, the kind of event."""
    ways = [
        [(event.at, number, event.what) for event in track.events]
        for number, track in enumerate(tracks)
    ]
    return heapq.merge(*ways, key=lambda event: event[0])


def moments(
    events: Iterable[tuple[float, int, What]], questions: int, seconds: float
) -> tuple[Moment, ...]:
    """The number of questions in each state, at equal intervals from the beginning to the end.

    Args:
        events: by time: seconds, the question's number, the kind of event.
        questions: number of questions.
        seconds: when the run ended; no event is later.
    """
    if not questions:
        return ()
    places = array("b", [-1]) * questions
    counts = [0] * len(STATES)
    steps = MOMENTS if seconds > 0 else 0
    made: list[Moment] = []
    for at, number, what in events:
        while len(made) < steps and at > seconds * len(made) / steps:
            made.append(Moment(seconds * len(made) / steps, tuple(counts)))
        if places[number] >= 0:
            counts[places[number]] -= 1
        places[number] = _PLACES[what]
        counts[places[number]] += 1
    while len(made) < steps:
        made.append(Moment(seconds * len(made) / steps, tuple(counts)))
    made.append(Moment(seconds, tuple(counts)))
    return tuple(made)
