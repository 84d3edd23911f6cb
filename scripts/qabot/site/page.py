"""The page: HTML that works without its script and escapes all text.

The Content-Security-Policy names the style and the script by their hashes, so that injected code could
not run (www.w3.org/TR/CSP3, 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from qabot.answers.histogram import MIN_CHART
from qabot.answers.markdown import sentence
from qabot.answers.model import NOT_CALIBRATED, NOT_SAID, Answer
from qabot.site import templating
from qabot.site.charts import scores_svg
from qabot.site.data import Contexts, Mark
from qabot.site.run import run_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qabot.github.links import Links
    from qabot.site.data import ShownSet
    from qabot.timeline.events import Timeline

# In the order of their dependencies.
SCRIPTS = ("reading.js", "asking.js")
# GitHub does not document the longest address that its servers accept; 8 kB is a common limit
# (RFC 9110, 4.1, recommends at least that), and this is well below it.
MAX_URL = 6_000
# Questions in a part of a set; the browser lays out only the parts on the screen.
PART = 50
LABELS = {
    Mark.DOUBTFUL: "Doubtful",
    Mark.FAILED: "Failed",
    Mark.UNEXPECTED: "Not as expected",
    Mark.STALE: "Out of date",
    Mark.WAITING: "Waiting",
}


def render(
    sets: Sequence[ShownSet],
    links: Links,
    sources: Iterable[str],
    timeline: Timeline | None = None,
    live: Mapping[str, Any] | None = None,
) -> str:
    """The text of the page.

    Args:
        sets: to show.
        links: to the repository.
        sources: every question file, relative to the repository; new ones get other names.
        timeline: of the last run, if known.
        live: what `qabot.site.live.add` put beside the page; None for a page that is one file.
    """
    run = None if timeline is None or not timeline.questions else run_section(timeline, sets)
    style = asset("page.css") + (asset("run.css") if run else "")
    style += asset("live.css") if live else ""
    script = '"use strict";\n' + "".join(map(asset, SCRIPTS))
    items = [item for shown in sets for item in shown.items]
    return templating.render(
        "page.html",
        policy=_policy(style, script, live=live is not None),
        style=Markup(style),  # noqa: S704 (the program's own)
        script=Markup(script),  # noqa: S704
        sets=sets,
        questions=len(items),
        answered=sum(isinstance(item.result, Answer) for item in items),
        marks=[(mark, sum(mark in item.marks for item in items)) for mark in Mark],
        labels=LABELS,
        run=run,
        live=live,
        links=links,
        contexts=Contexts(),
        form={
            "sources": sorted(sources),
            "web": links.web,
            "branch": links.branch,
            "maxUrl": MAX_URL,
        },
        part=PART,
        min_chart=MIN_CHART,
        scores_svg=scores_svg,
        sentence=sentence,
        not_said=NOT_SAID,
        not_calibrated=NOT_CALIBRATED,
    )


def _policy(style: str, script: str, *, live: bool) -> Markup:
    """The Content-Security-Policy: a live page may also run and load the files beside it."""
    beside = " 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'" if live else ""
    return Markup(
        "default-src 'none'; style-src '{}'; script-src '{}'{}; base-uri 'none'; form-action 'none'"
    ).format(_hash(style), _hash(script), Markup(beside))  # noqa: S704 (the program's own)


def asset(name: str) -> str:
    """A part of the page, from its file."""
    return resources.files("qabot.site").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
