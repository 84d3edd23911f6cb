"""What the form that asks has to know: the program's limits, and which names are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qabot.questions import schema as fields
from qabot.questions.parse import MAX_SLUG
from qabot.site.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qabot.github.links import Links
    from qabot.site.data import ShownSet

# Where GitHub's servers begin to refuse an address is not documented; 8 kB is a common limit of
# servers (RFC 9110, 4.1, asks for no less), and this stays well below it.
MAX_URL = 6_000


def form_data(links: Links, sources: Iterable[str]) -> dict[str, Any]:
    """What the form's script is given.

    Args:
        links: to the repository.
        sources: every question file, relative to the repository; new ones get other names.
    """
    return {
        "sources": sorted(sources),
        "web": links.web,
        "branch": links.branch,
        "maxUrl": MAX_URL,
        "limits": {
            "question": fields.MAX_QUESTION,
            "context": fields.MAX_CONTEXT,
            "expect": fields.MAX_EXPECT,
            "id": fields.MAX_ID,
            "file": fields.MAX_FILE_BYTES,
            "slug": MAX_SLUG,
        },
    }


def set_names(sets: Sequence[ShownSet]) -> str:
    """The sets to propose while a name is typed."""
    return "".join(f'<option value="{escape(one.name)}">' for one in sets)
