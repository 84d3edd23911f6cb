"""Text made safe for HTML, and the addresses within the page."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qabot.console.text import clean

if TYPE_CHECKING:
    from qabot.site.data import ShownSet


def escape(text: str) -> str:
    """Text for HTML, in an element or in a quoted attribute.

    Args:
        text: any text; white space is collapsed, and what can't be seen is made visible.
    """
    return html.escape(clean(" ".join(text.split()), limit=len(text) or 1))


def before(text: str) -> str:
    """`escape`, for text that an answer follows: white space at its end is part of the sentence."""
    return escape(text) + (" " if text[-1:].isspace() else "")


def behind(text: str) -> str:
    """`escape`, for text that follows an answer: white space at its start is part of the sentence."""
    return (" " if text[:1].isspace() else "") + escape(text)


def script_data(value: Any) -> str:
    """JSON that no HTML parser takes for the end of its script element, or for a comment.

    Args:
        value: what JSON knows.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def link(address: str | None, content: str) -> str:
    """A link, or its content alone where there is no address.

    Args:
        address: where it leads.
        content: HTML.
    """
    return f'<a href="{html.escape(address)}">{content}</a>' if address else content


def anchor(one: ShownSet, id_: str = "") -> str:
    """The id, in the page, of a set or of one of its questions.

    Args:
        one: the set.
        id_: of the question; empty for the set itself.
    """
    # Percent-encoded, an id matches a link's fragment as it is (html.spec.whatwg.org, 7.4.6.4).
    return quote(f"{one.name}/{id_}", errors="replace")
