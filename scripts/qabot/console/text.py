"""Text as it is printed: on one line, with nothing in it that a terminal or a log would obey."""

from __future__ import annotations

import json
import re
import sys

# C0, DEL, C1 (terminal control), bidirectional controls (they reorder what is read:
# CVE-2021-42574), line and paragraph separators, byte order marks, code points that are not
# characters, and half surrogate pairs, which UTF-8 cannot encode.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def escape_hidden(text: str) -> str:
    r"""Text with every invisible character written as an escape, such as `\u202e`.

    Args:
        text: any text.
    """
    return _HIDDEN.sub(_escape, text)


def clean(text: str, limit: int = 500) -> str:
    """Text on one line that moves no cursor, starts no line and reorders nothing.

    Args:
        text: any text.
        limit: longest result, in code points; more is cut with an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return escape_hidden(text)


def for_log(text: str, limit: int = 500) -> str:
    """Text on one line of output that a workflow's log will not take for a command.

    GitHub's runner takes `::` at a line's start, and `##[` anywhere in it, for a command, on standard
    output as on standard error.

    Args:
        text: any text.
        limit: as for `clean`.
    """
    text = clean(text, limit).replace("##[", "##\\[")
    return f"\\{text}" if text.lstrip().startswith("::") else text


def json_for_log(value: object, indent: int | None = None) -> str:
    """A value as JSON that hides nothing, and that a workflow's log will not take for a command.

    Args:
        value: what JSON knows.
        indent: spaces for each level, on lines of their own; None for one line.
    """
    # Elsewhere than in UTF-8 a character that cannot be encoded would get an escape that JSON has not.
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    plain = encoding not in ("utf-8", "utf8")
    text = json.dumps(value, ensure_ascii=plain, indent=indent).replace("##[", "#\\u0023[")
    # JSON escapes a line end in a text by itself: those that are left are its own.
    return "\n".join(escape_hidden(line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return known.get(match[0]) or f"\\u{ord(match[0]):04x}"


def count(number: int, what: str) -> str:
    """A number of things: `1 question`, `2,000 questions`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
