"""`questions/` and `answers/` to one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot import atomic_write as in_one_step
from qabot.errors import QabotError
from qabot.github.links import Links, find_links
from qabot.site.data import gather
from qabot.site.page import render

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.questions.read import Questions
    from qabot.timeline.events import Timeline

NAME = "index.html"


class SiteError(QabotError):
    """The page can't be written where it should be."""


def build(
    root: Path,
    questions: Questions,
    out: Path,
    links: Links | None = None,
    timeline: Timeline | None = None,
) -> Path:
    """Write the page, in one step; nothing else in the folder is touched.

    Args:
        root: the repository.
        questions: what `questions/` holds.
        out: the folder to write to; made where it is missing.
        links: to the repository; found unless told.
        timeline: of the last run, where it is known.

    Returns:
        The page's path.

    Raises:
        SiteError: it can't be written.
    """
    sets = gather(root, questions)
    links = find_links(root) if links is None else links
    page = render(sets, links, questions.sources, timeline)
    path = out / NAME
    try:
        out.mkdir(parents=True, exist_ok=True)
        # What can't be encoded may stand in a file's name.
        in_one_step.write(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise SiteError(
            f"{path} can't be written: {error.strerror}; give another folder with --out"
        ) from error
    return path
