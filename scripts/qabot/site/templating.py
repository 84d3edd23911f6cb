"""The page's templates, with all text escaped.

Values are text unless they are `Markup`: white space is collapsed, invisible characters are made
visible, and `autoescape` does the rest.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qabot.console.text import clean, count
from qabot.timeline.words import duration

if TYPE_CHECKING:
    from qabot.site.data import ShownSet


def render(name: str, **values: Any) -> Markup:
    """A template with its values.

    Args:
        name: of a file in `templates/`.
        values: by their names in the template.
    """
    return Markup(_environment().get_template(name).render(values))  # noqa: S704 (autoescaped)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qabot.site"),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    environment.filters |= {
        "anchor": anchor,
        "count": count,
        "cut": _cut,
        "data": script_data,
        "duration": duration,
        "thousands": "{:,}".format,
    }
    environment.globals["link"] = _link
    return environment


def _visible(value: Any) -> Any:
    """Text on one line, with invisible characters made visible."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return clean(" ".join(value.split()), limit=len(value) or 1)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _link(address: str | None, text: str) -> Markup:
    """A link, or only its text without an address."""
    shown = Markup.escape(_visible(text))
    return Markup('<a href="{}">{}</a>').format(address, shown) if address else shown


def anchor(shown: ShownSet, id_: str = "") -> str:
    """The element id of a set or of one of its questions.

    Args:
        shown: the set.
        id_: of the question; empty for the set itself.
    """
    # A percent-encoded id equals a link's fragment (html.spec.whatwg.org, 7.4.6.4).
    return quote(f"{shown.name}/{id_}", errors="replace")


def script_data(value: Any) -> Markup:
    """JSON that cannot end its script element or start a comment.

    Args:
        value: of JSON's types.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704
