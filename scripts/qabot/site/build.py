"""Write the page of `questions/` and `answers/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot import atomic_write as in_one_step
from qabot.errors import SiteError
from qabot.github.links import Links, find_links
from qabot.site.data import gather
from qabot.site.live import add
from qabot.site.page import render

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.questions.read import Questions
    from qabot.site.live_documents import LiveDocuments
    from qabot.timeline.events import Timeline

NAME = "index.html"


def build(
    root: Path,
    questions: Questions,
    out: Path,
    links: Links | None = None,
    timeline: Timeline | None = None,
    live: Path | None = None,
    documents: LiveDocuments | None = None,
) -> Path:
    """Write the page atomically, and the files it needs; nothing else in the folder is changed.

    Args:
        root: the repository.
        questions: the content of `questions/`.
        out: the folder to write to; created if missing.
        links: to the repository (default: from git and the environment).
        timeline: of the last run, if known.
        live: the model directory to ask in the browser; None for a page that is one file.
        documents: that can be asked about there.

    Returns:
        The page's path.

    Raises:
        SiteError: it cannot be written, or the model cannot be put beside it.
    """
    sets = gather(root, questions)
    links = find_links(root) if links is None else links
    manifest = None if live is None else add(out, live, documents)
    page = render(sets, links, questions.sources, timeline, manifest)
    path = out / NAME
    try:
        out.mkdir(parents=True, exist_ok=True)
        # A file's name may contain what UTF-8 cannot encode.
        in_one_step.write(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise SiteError(
            f"cannot write {path}: {error.strerror}; give another folder with --out"
        ) from error
    return path
