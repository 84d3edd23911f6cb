"""A timeline in words, and the marks of its axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.console.text import clean, count
from qabot.timeline.events import STATES, State

if TYPE_CHECKING:
    from qabot.timeline.events import Timeline

# Intervals between marks of a time axis, seconds.
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
_MOST_MARKS = 5
_MOST_KINDS = 6


def marks(seconds: float) -> list[float]:
    """The marks of a time axis: at equal intervals from 0, six at most.

    Args:
        seconds: how long the axis is.
    """
    longest = seconds / _MOST_MARKS
    step = next((step for step in _STEPS if step >= longest), longest)
    if seconds <= 0:
        return [0.0]
    return [step * number for number in range(int(seconds / step + 1e-9) + 1)]


def duration(seconds: float) -> str:
    """A duration in words: `0.4 s`, `41 s`, `2 min 30 s`, `1 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def scope(timeline: Timeline) -> str:
    """The number of questions and the time: `24 questions in 37 s`."""
    return f"{count(timeline.questions, 'question')} in {duration(timeline.seconds)}"


def outcome(timeline: Timeline) -> str:
    """How a run ended, without a full stop; text that needs escaping."""
    ends = (State.ANSWERED, State.FAILED, State.STOPPED)
    said = [f"{timeline.ended(state):,} {state}" for state in ends if timeline.ended(state)]
    words = ", ".join(said)
    return f"{words}; {_attempts(timeline)}" if timeline.retries else words


def _attempts(timeline: Timeline) -> str:
    """The number of repeated attempts and the reasons, the most frequent first."""
    kinds = sorted(timeline.retries.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{times:,} {clean(kind, 40)}" for kind, times in kinds[:_MOST_KINDS]]
    if len(kinds) > _MOST_KINDS:
        said.append("…")
    total = sum(timeline.retries.values())
    return f"{count(total, 'attempt')} repeated ({', '.join(said)})"


def busiest(timeline: Timeline) -> int:
    """The most questions that were in progress, or had a starting task, at the same time."""
    places = [STATES.index(state) for state in (State.STARTING, State.WORKING)]
    return max(
        (sum(moment.counts[place] for place in places) for moment in timeline.moments), default=0
    )
