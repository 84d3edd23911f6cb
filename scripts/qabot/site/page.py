"""The page itself: HTML that can be read without its script, and stays text whatever is in it.

The Content-Security-Policy knows the one style and the one script by their hashes, so that nothing else
could run even if it got in (www.w3.org/TR/CSP3, 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from qabot.site import overview
from qabot.site.contexts import Contexts
from qabot.site.form import form_data, set_names
from qabot.site.markup import script_data
from qabot.site.run import run_section
from qabot.site.section import section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qabot.github.links import Links
    from qabot.site.data import ShownSet
    from qabot.timeline.events import Timeline

# In the order in which they use each other.
SCRIPTS = ("reading.js", "asking.js", "form.js")

EMPTY = (
    '<p class="empty">No questions yet. Put a file of them into <code>questions/</code>'
    '<span class="script">, or ask one above</span>: the next run answers it.</p>'
)


def render(
    sets: Sequence[ShownSet],
    links: Links,
    sources: Iterable[str],
    timeline: Timeline | None = None,
) -> str:
    """The text of the page.

    Args:
        sets: what to show.
        links: to the repository.
        sources: every question file, relative to the repository; new ones get other names.
        timeline: of the last run, where it is known.
    """
    run = "" if timeline is None else run_section(timeline, sets)
    style = asset("page.css") + (asset("run.css") if run else "")
    script = '"use strict";\n' + "".join(map(asset, SCRIPTS))
    contexts = Contexts()
    body = "\n".join(section(one, links, contexts) for one in sets)
    replaced = {
        "policy": (
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "script": script,
        "contexts": script_data(contexts.texts),
        "data": script_data(form_data(links, sources)),
        "summary": overview.summary(sets),
        "contents": overview.contents(sets),
        "run": run,
        "sets": body or EMPTY,
        "idle": "" if sets else " hidden",
        "options": set_names(sets),
        "choices": overview.choices(sets),
        "filters": overview.filters(sets),
    }
    # Split once, so that nothing that is put in is looked at again.
    parts = asset("page.html").split("@@")
    return "".join(replaced[part] if number % 2 else part for number, part in enumerate(parts))


def asset(name: str) -> str:
    """A file that the page is made of."""
    return resources.files("qabot.site").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
