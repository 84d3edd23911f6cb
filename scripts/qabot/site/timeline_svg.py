"""A run's timeline as SVG: lanes for a small run, areas of the questions in each state for a large one.

Its colours are classes of the page's style. Positions are per cent of the width, so that its texts have
the size of the page's texts on any screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from qabot.site import templating
from qabot.timeline.events import STATES, State
from qabot.timeline.lanes import lanes
from qabot.timeline.words import busiest, duration, marks, outcome, scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qabot.timeline.events import Timeline

# The most lanes: about two screens. A run with more is shown as areas.
MOST_LANES = 40
_PITCH = 28  # of lanes, pixels
_HEIGHT = 160  # of areas, pixels
# The right end of the axis, per cent: leaves room for a mark at a run's end.
_RIGHT = 98.0
# From the bottom to the top.
BANDS = (
    State.ANSWERED,
    State.FAILED,
    State.STOPPED,
    State.WORKING,
    State.STARTING,
    State.WAITING,
)


def timeline_svg(timeline: Timeline, labels: Mapping[str, str]) -> Markup:
    """The picture of a run.

    Args:
        timeline: of the run; empty for one without questions.
        labels: the questions' texts by key, if known.
    """
    if not timeline.questions:
        return Markup()
    shown = lanes(timeline, labels, MOST_LANES)
    return templating.render(
        "timeline.svg",
        seconds=timeline.seconds,
        questions=timeline.questions,
        description=_described(timeline),
        ticks=marks(timeline.seconds),
        lanes=shown,
        areas=[] if shown else _areas(timeline),
        height=len(shown) * _PITCH if shown else _HEIGHT,
        pitch=_PITCH,
        right=_RIGHT,
    )


def _described(timeline: Timeline) -> str:
    said = [f"{scope(timeline)}: {outcome(timeline)}"]
    if most := busiest(timeline):
        said.append(f"up to {most:,} in progress at the same time")
    answered = STATES.index(State.ANSWERED)
    first = next((moment.at for moment in timeline.moments if moment.counts[answered]), None)
    if first is not None:
        said.append(f"the first answer after about {duration(first)}")
    return "; ".join(said) + "."


def _areas(timeline: Timeline) -> list[tuple[State, list[str]]]:
    """Each state's area, as the points around it, in thousandths of the picture."""
    levels = [0] * len(timeline.moments)
    drawn = []
    for state in BANDS:
        place = STATES.index(state)
        below = levels
        levels = [
            level + moment.counts[place]
            for level, moment in zip(below, timeline.moments, strict=True)
        ]
        if levels != below:
            drawn.append((state, [*_line(timeline, levels), *reversed(_line(timeline, below))]))
    return drawn


def _line(timeline: Timeline, levels: list[int]) -> list[str]:
    across, up = 1000 / (timeline.seconds or 1.0), 1000 / timeline.questions
    return [
        f"{moment.at * across:.0f} {1000 - level * up:.0f}"
        for moment, level in zip(timeline.moments, levels, strict=True)
    ]
