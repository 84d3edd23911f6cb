"""Text for printing: on one line, without control sequences or log commands."""

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
    """Text on one line, without characters that move the cursor or reorder text.

    Args:
        text: any text.
        limit: longest result, in code points; more is cut with an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return escape_hidden(text)


def for_log(text: str, limit: int = 500) -> str:
    """Text on one line of output that a workflow's log does not interpret as a command.

    GitHub's runner interprets `::` at the start of a line, and `##[` anywhere in it, as a command, on
    standard output and standard error.

    Args:
        text: any text.
        limit: as for `clean`.
    """
    text = clean(text, limit).replace("##[", "##\\[")
    return f"\\{text}" if text.lstrip().startswith("::") else text


def json_for_log(value: object, indent: int | None = None) -> str:
    """A value as JSON, with invisible characters and workflow commands escaped.

    Args:
        value: of JSON's types.
        indent: spaces per level; None for one line.
    """
    # In encodings other than UTF-8, the stream would escape characters in a way that is not JSON.
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    plain = encoding not in ("utf-8", "utf8")
    text = json.dumps(value, ensure_ascii=plain, indent=indent).replace("##[", "#\\u0023[")
    # JSON escapes line ends in texts: those that are left separate its lines.
    return "\n".join(escape_hidden(line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return known.get(match[0]) or f"\\u{ord(match[0]):04x}"


def count(number: int, what: str) -> str:
    """A number and a noun: `1 question`, `2,000 questions`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
