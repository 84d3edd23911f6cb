"""What stands above the sets: how much there is, where it is, what it can be filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.model import Answer
from qabot.console.text import count
from qabot.site.data import Mark
from qabot.site.markup import anchor, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qabot.site.data import ShownSet

LABELS = {
    Mark.DOUBTFUL: "Doubtful",
    Mark.FAILED: "Failed",
    Mark.UNEXPECTED: "Not as expected",
    Mark.STALE: "Out of date",
    Mark.WAITING: "Waiting",
}


def summary(sets: Sequence[ShownSet]) -> str:
    """How much is answered."""
    items = [item for one in sets for item in one.items]
    answered = sum(isinstance(item.result, Answer) for item in items)
    return f"{answered:,} of {count(len(items), 'question')} answered, in {count(len(sets), 'set')}"


def contents(sets: Sequence[ShownSet]) -> str:
    """Links to the sets, where there are several."""
    if len(sets) < 2:
        return ""
    links = "".join(
        f'<li><a href="#{anchor(one)}">{escape(one.name)}</a> {len(one.items):,}</li>'
        for one in sets
    )
    return f'<nav aria-label="Sets"><ul>{links}</ul></nav>'


def choices(sets: Sequence[ShownSet]) -> str:
    """The sets to choose from, by their number on the page."""
    return "".join(
        f'<option value="{number}">{escape(one.name)}</option>' for number, one in enumerate(sets)
    )


def filters(sets: Sequence[ShownSet]) -> str:
    """A button for each mark that something has."""
    counts = {mark: sum(mark in item.marks for one in sets for item in one.items) for mark in Mark}
    return "".join(
        f'<button type="button" data-filter="{mark}" aria-pressed="false">'
        f"{LABELS[mark]} <b>{count:,}</b></button>"
        for mark, count in counts.items()
        if count
    )
