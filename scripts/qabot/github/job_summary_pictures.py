"""Pictures in a job summary, as text: GitHub removes `<svg>` and `data:` images from Markdown.

See github/markup#1065 and #1840. It shows Mermaid diagrams in fenced blocks, which
Kesin11/actions-timeline uses in run summaries, and block characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qabot.answers.histogram import MIN_CHART, histogram
from qabot.answers.markdown import cell, escape
from qabot.answers.model import DOUBTFUL
from qabot.console.text import count
from qabot.timeline.events import STATES, State, What
from qabot.timeline.lanes import lanes
from qabot.timeline.words import duration, outcome, scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qabot.timeline.events import Event, Timeline
    from qabot.timeline.lanes import Lane

# The most sets in a table.
MOST_SETS = 20
# The most lanes in a readable diagram.
MOST_LANES = 25
_COLUMNS = 60
_LEVELS = "▁▂▃▄▅▆▇█"
_LONGEST_LABEL = 50
_DAY = 86_400  # the diagram's times are times of day
# Other characters may have a meaning in Mermaid, Markdown or HTML.
_NOT_PLAIN = re.compile(r"[^\w .,?!'-]+|_")


def scores(sets: Sequence[tuple[str, Sequence[float]]]) -> list[str]:
    """The distribution of each set's scores: the lines of a Markdown table.

    Args:
        sets: names, and the scores of the answers, each in [0, 1].
    """
    worth = [(name, found) for name, found in sets if len(found) >= MIN_CHART]
    if not worth:
        return []
    lines = ["| scores of | 0 to 1 | doubtful |", "| --- | --- | --- |"]
    for name, found in worth[:MOST_SETS]:
        doubtful = sum(score < DOUBTFUL for score in found)
        bars = _sparkline(histogram(found))
        lines.append(f"| {cell(name)} | `{bars}` | {doubtful:,} of {len(found):,} |")
    if len(worth) > MOST_SETS:
        lines += ["", f"… and {count(len(worth) - MOST_SETS, 'more set')}."]
    return lines


def _sparkline(counts: Sequence[int]) -> str:
    """One character per count, scaled to the largest; a dot for zero."""
    most = max(counts, default=0) or 1
    return "".join(_LEVELS[-(-n * len(_LEVELS) // most) - 1] if n else "·" for n in counts)


def timeline(run: Timeline, labels: Mapping[str, str]) -> list[str]:
    """A run's timeline: a diagram of a small run, counts per state of a large one; lines of Markdown.

    Args:
        run: the timeline.
        labels: the questions' texts by key.
    """
    if not run.questions:
        return []
    shown = lanes(run, labels, MOST_LANES) if 0 < run.seconds < _DAY else []
    drawn = ["```mermaid", *_diagram(shown), "```"] if shown else ["```text", *_rows(run), "```"]
    return [
        f"<details><summary>Timeline: {scope(run)}</summary>",
        "",
        f"{escape(outcome(run))}.",
        "",
        *drawn,
        "",
        "</details>",
    ]


def _diagram(shown: Sequence[Lane]) -> Iterator[str]:
    """A Gantt diagram with a bar per attempt; failed ones are red.

    mermaid.js.org/syntax/gantt.html.
    """
    yield "gantt"
    yield "  dateFormat HH:mm:ss.SSS"
    yield "  axisFormat %H:%M:%S"
    for number, lane in enumerate(shown, 1):
        # The number ensures that a label is not a keyword of the diagram.
        label = _plain(lane.label)
        for begin, end in _attempts(lane):
            words, tag = _outcome(end)
            text = f"{number} {label}{words}"
            yield f"  {text} :{tag}, {_clock(begin)}, {_clock(end.at)}"
            label = "again"


def _attempts(lane: Lane) -> Iterator[tuple[float, Event]]:
    """The start and the last event of each attempt; refused launches are left out."""
    if lane.shared:
        failed = [mark for mark in lane.marks if mark.what is not What.ANSWERED]
        end = (failed or list(lane.marks))[-1]
        yield lane.stretches[0].begin if lane.stretches else end.at, end
        return
    rest = [stretch for stretch in lane.stretches if stretch.state is not State.WAITING]
    for mark in lane.marks:
        mine = [stretch for stretch in rest if stretch.end <= mark.at]
        rest = rest[len(mine) :]
        if mine or mark.what.final:
            yield mine[0].begin if mine else mark.at, mark


def _outcome(end: Event) -> tuple[str, str]:
    if end.what is What.ANSWERED:
        return "", "active"
    return f" - {_plain(end.kind) or end.what}", "done" if end.what is What.STOPPED else "crit"


def _plain(text: str) -> str:
    """Reduce a text to words that are safe in a diagram, cut to the available length."""
    words = " ".join(_NOT_PLAIN.sub(" ", text).split())
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1].rstrip()}…"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def _rows(run: Timeline) -> Iterator[str]:
    """One row per state that occurs: the number of questions in it over time."""
    last = len(run.moments) - 1
    columns = min(_COLUMNS, last + 1)
    shown = [run.moments[number * last // max(columns - 1, 1)] for number in range(columns)]
    for place, state in enumerate(STATES):
        # States that lasted only briefly are shown, too.
        most = max(moment.counts[place] for moment in run.moments)
        if most:
            bars = _sparkline([moment.counts[place] for moment in shown])
            upto = "up to " if state in (State.WAITING, State.STARTING, State.WORKING) else ""
            yield f"{state:9} {bars}  {upto}{most:,}"
    yield f"{'':9} 0 s{duration(run.seconds):>{max(columns - 3, 0)}}"
