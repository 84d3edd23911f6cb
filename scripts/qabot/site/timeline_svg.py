"""A run's timeline as SVG: lanes for a small run; for a large one, areas: how many questions were where.

Its colours are classes of the page's style. Places are per cent of the width, and not a scale of
their own, so that texts stay as large as the page's on a screen of any width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.site.markup import escape
from qabot.timeline.events import STATES, State, What
from qabot.timeline.lanes import Lane, lanes
from qabot.timeline.words import busiest, duration, marks, outcome, scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qabot.timeline.events import Event, Timeline

# Lanes to show: some two screens. A run with more is shown as areas.
MOST_LANES = 40
_PITCH, _BAR = 28, 8  # of lanes, pixels
_HEIGHT = 160  # of areas, pixels
_AXIS = 20
_LONGEST_LABEL = 52
# The right end of the axis, per cent: a mark at a run's very end has room.
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
_SIGNS = {
    What.FAILED: "✕",
    What.RETRIED: "✕",
    What.STOPPED: "■",
}


def timeline_svg(timeline: Timeline, labels: Mapping[str, str], name: str = "timeline") -> str:
    """The picture of a run.

    Args:
        timeline: of the run; nothing is drawn of one without questions.
        labels: the questions' texts by key, as far as they are known; escaped here.
        name: begins the ids of its title and description.
    """
    if not timeline.questions:
        return ""
    shown = lanes(timeline, labels, MOST_LANES)
    drawn, height = _lanes(shown, timeline) if shown else _areas(timeline)
    return (
        f'<svg class="timeline" role="img" aria-labelledby="{name}-title {name}-text" '
        f'width="100%" height="{height + _AXIS}">'
        f'<title id="{name}-title">Timeline of the run</title>'
        f'<desc id="{name}-text">{escape(_described(timeline))}</desc>'
        f"{_axis(timeline.seconds, height)}{drawn}</svg>"
    )


def _described(timeline: Timeline) -> str:
    said = [f"{scope(timeline)}: {outcome(timeline)}"]
    if most := busiest(timeline):
        said.append(f"up to {most:,} under way at once")
    first = next((one.at for one in timeline.moments if one.counts[_ANSWERED]), None)
    if first is not None:
        said.append(f"the first answer after about {duration(first)}")
    return "; ".join(said) + "."


_ANSWERED = STATES.index(State.ANSWERED)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _x(at: float, seconds: float) -> str:
    return f"{_RIGHT * at / seconds if seconds else 0:.2f}%"


def _axis(seconds: float, height: int) -> str:
    drawn = []
    for at in marks(seconds):
        x = _x(at, seconds)
        drawn.append(f'<line class="axis" x1="{x}" x2="{x}" y1="0" y2="{height + 4}"/>')
        anchor = "start" if at == 0 else "middle" if at < 0.97 * seconds else "end"
        drawn.append(
            f'<text x="{x}" y="{height + 16}" text-anchor="{anchor}">{duration(at)}</text>'
        )
    return "".join(drawn)


def _lanes(shown: list[Lane], timeline: Timeline) -> tuple[str, int]:
    drawn = [_lane(lane, timeline.seconds, number * _PITCH) for number, lane in enumerate(shown)]
    return "".join(drawn), len(shown) * _PITCH


def _lane(lane: Lane, seconds: float, top: int) -> str:
    kinds = ", ".join(event.kind for event in lane.marks if event.kind)
    label = escape(_cut(lane.label, _LONGEST_LABEL - min(len(kinds), _LONGEST_LABEL // 2)))
    if kinds:
        label += f' <tspan class="retried">{escape(_cut(kinds, _LONGEST_LABEL // 2))}</tspan>'
    drawn = [f'<text class="label" x="0" y="{top + 12}">{label}</text>']
    middle = top + 16 + _BAR // 2
    for stretch in lane.stretches:
        height = 2 if stretch.state is State.WAITING else _BAR
        span = f"{duration(stretch.begin)} to {duration(stretch.end)}"
        drawn.append(
            f'<rect class="{stretch.state}" x="{_x(stretch.begin, seconds)}" '
            f'y="{middle - height // 2}" width="{_x(stretch.end - stretch.begin, seconds)}" '
            f'height="{height}"><title>{stretch.state}, {span}</title></rect>'
        )
    drawn += [_mark(event, seconds, middle) for event in lane.marks]
    return "".join(drawn)


def _mark(event: Event, seconds: float, y: int) -> str:
    kind = f" ({escape(_cut(event.kind, _LONGEST_LABEL))})" if event.kind else ""
    x, title = _x(event.at, seconds), f"<title>{event.what}{kind} at {duration(event.at)}</title>"
    if event.what is What.ANSWERED:
        return f'<circle class="answered" cx="{x}" cy="{y}" r="5">{title}</circle>'
    return f'<text class="mark {event.what}" x="{x}" y="{y}">{_SIGNS[event.what]}{title}</text>'


def _areas(timeline: Timeline) -> tuple[str, int]:
    total = timeline.questions
    levels = [0] * len(timeline.moments)
    drawn = []
    for state in BANDS:
        place = STATES.index(state)
        below = levels
        levels = [
            level + one.counts[place] for level, one in zip(below, timeline.moments, strict=True)
        ]
        if levels == below:
            continue
        points = [*_line(timeline, levels), *reversed(_line(timeline, below))]
        drawn.append(f'<path class="{state}" d="M{"L".join(points)}Z"/>')
    areas = (
        f'<svg width="{_RIGHT}%" height="{_HEIGHT}" viewBox="0 0 1000 1000" '
        f'preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )
    return f'{areas}<text class="label" x="4" y="14">{total:,}</text>', _HEIGHT


def _line(timeline: Timeline, levels: list[int]) -> list[str]:
    """Points of a line through the moments, in thousandths of the picture."""
    across, up = 1000 / (timeline.seconds or 1.0), 1000 / timeline.questions
    return [
        f"{one.at * across:.0f} {1000 - level * up:.0f}"
        for one, level in zip(timeline.moments, levels, strict=True)
    ]
