"""The last run on the page: its timeline, what did not go smoothly, the scores it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.model import Answer
from qabot.site import markup
from qabot.site.charts import MIN_CHART, scores_svg
from qabot.site.markup import escape
from qabot.site.timeline_svg import MOST_LANES, timeline_svg
from qabot.timeline.events import STATES, What
from qabot.timeline.lanes import lanes
from qabot.timeline.words import duration, outcome, scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qabot.site.data import Item, ShownSet
    from qabot.timeline.events import Timeline, Track

# Questions to name that needed several attempts or have no answer.
MOST_NAMED = 20
_LEGEND = {
    "waiting": "waiting",
    "starting": "its task starts",
    "working": "being answered",
    "answered": "answered",
    "failed": "failed",
    "stopped": "stopped with the run",
}


def run_section(timeline: Timeline, sets: Sequence[ShownSet]) -> str:
    """The HTML of a run; empty where nothing was asked.

    Args:
        timeline: of the run.
        sets: what the page shows; the run's questions are found there by their keys.
    """
    if not timeline.questions:
        return ""
    places: dict[str, tuple[ShownSet, Item]] = {}
    for one in sets:
        for item in one.items:
            if item.result is not None:
                places.setdefault(item.result.key, (one, item))
    asked = {track.key for track in timeline.tracks}
    labels = {key: item.text for key, (_, item) in places.items() if key in asked}
    name = f"Run {escape(timeline.run)}: " if timeline.run else ""
    return (
        '<aside class="run" aria-label="The last run"><details>'
        f"<summary>The last run: {scope(timeline)}</summary>"
        f"<p>{name}{escape(outcome(timeline))}.</p>"
        f"<figure>{timeline_svg(timeline, labels)}"
        f"<figcaption>{_legend(timeline)}</figcaption></figure>"
        f"{_troubles(timeline, places)}{_scores(asked, places)}</details></aside>"
    )


def _legend(timeline: Timeline) -> str:
    used = [
        state
        for place, state in enumerate(STATES)
        if any(one.counts[place] for one in timeline.moments)
    ]
    drawn = [f'<span class="{state}">{_LEGEND[state]}</span>' for state in used]
    if timeline.retries and lanes(timeline, {}, MOST_LANES):
        drawn.append('<span class="retried">an attempt failed</span>')
    return " ".join(drawn)


def _troubles(timeline: Timeline, places: Mapping[str, tuple[ShownSet, Item]]) -> str:
    """The questions that needed several attempts or have no answer, each with its way."""
    troubled = [
        track
        for track in timeline.tracks
        if any(event.what in (What.RETRIED, What.FAILED, What.STOPPED) for event in track.events)
    ]
    if not troubled:
        return ""
    listed = [f"<li>{_trouble(track, places)}</li>" for track in troubled[:MOST_NAMED]]
    if len(troubled) > MOST_NAMED:
        listed.append(f"<li>… and {len(troubled) - MOST_NAMED:,} more</li>")
    return f"<p>Not at the first attempt:</p><ul>{''.join(listed)}</ul>"


def _trouble(track: Track, places: Mapping[str, tuple[ShownSet, Item]]) -> str:
    place = places.get(track.key)
    if place is None:
        name = f"question {escape(track.key[:12])}"
    else:
        name = markup.link(f"#{markup.anchor(place[0], place[1].id)}", escape(place[1].text))
    kinds = [escape(event.kind) for event in track.events if event.what is What.RETRIED]
    end = f"{track.end.what} after {duration(track.end.at)}"
    if track.end.what is What.FAILED:
        end += f" ({escape(track.end.kind)})"
    return f"{name}: {', '.join([*kinds, end])}"


def _scores(asked: set[str], places: Mapping[str, tuple[ShownSet, Item]]) -> str:
    """The scores of the run, where it asked several sets; one alone shows its own."""
    found = [places[key] for key in asked if key in places]
    scores = [item.result.span.score for _, item in found if isinstance(item.result, Answer)]
    if len(scores) < MIN_CHART or len({one.source for one, _ in found}) < 2:
        return ""
    return f"<p>Its scores:</p>{scores_svg(scores)}"
