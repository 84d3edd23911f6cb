"""The last run on the page: its timeline, its failures, the scores of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.histogram import MIN_CHART
from qabot.site.charts import scores_svg
from qabot.site.templating import anchor, render
from qabot.site.timeline_svg import MOST_LANES, timeline_svg
from qabot.timeline.events import STATES, What
from qabot.timeline.lanes import lanes
from qabot.timeline.words import duration, outcome, scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

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


def run_section(timeline: Timeline, sets: Sequence[ShownSet]) -> Markup:
    """The section of a run in which questions were asked.

    Args:
        timeline: of the run.
        sets: of the page; the run's questions are found there by their keys.
    """
    places: dict[str, tuple[ShownSet, Item]] = {}
    for shown in sets:
        for item in shown.items:
            if item.result is not None:
                places.setdefault(item.result.key, (shown, item))
    found = [places[track.key] for track in timeline.tracks if track.key in places]
    labels = {item.result.key: item.text for _, item in found if item.result}
    scores = [item.answer.span.score for _, item in found if item.answer]
    # A single set shows its own chart.
    several = len(scores) >= MIN_CHART and len({shown.source for shown, _ in found}) > 1
    troubled = [
        track
        for track in timeline.tracks
        if any(event.what in (What.RETRIED, What.FAILED, What.STOPPED) for event in track.events)
    ]
    return render(
        "run.html",
        run=timeline.run,
        scope=scope(timeline),
        outcome=outcome(timeline),
        picture=timeline_svg(timeline, labels),
        legend=_legend(timeline),
        troubles=[_trouble(track, places) for track in troubled[:MOST_NAMED]],
        more=max(0, len(troubled) - MOST_NAMED),
        scores=scores if several else [],
        scores_svg=scores_svg,
    )


def _legend(timeline: Timeline) -> list[tuple[str, str]]:
    used = [
        (state.value, _LEGEND[state])
        for place, state in enumerate(STATES)
        if any(moment.counts[place] for moment in timeline.moments)
    ]
    if timeline.retries and lanes(timeline, {}, MOST_LANES):
        used.append(("retried", "an attempt failed"))
    return used


def _trouble(
    track: Track, places: Mapping[str, tuple[ShownSet, Item]]
) -> tuple[str | None, str, str]:
    """A question that needed several attempts or has no answer: its link, its text, its course."""
    kinds = [event.kind for event in track.events if event.what is What.RETRIED]
    end = f"{track.end.what} after {duration(track.end.at)}"
    if track.end.what is What.FAILED:
        end += f" ({track.end.kind})"
    course = ", ".join([*kinds, end])
    if track.key not in places:
        return None, f"question {track.key[:12]}", course
    shown, item = places[track.key]
    return f"#{anchor(shown, item.id)}", item.text, course
