"""One log line per call, on standard error, whatever the text contains."""

from __future__ import annotations

import sys

LONGEST = 2_000


def log(text: str) -> None:
    """Write one line to standard error.

    Args:
        text: any text; what could start a line, move a cursor or reorder a line is escaped.
    """
    print(f"answerer: {escape(text)}", file=sys.stderr, flush=True)


def escape(text: str) -> str:
    """Text on one line, in characters that every log accepts, cut where it is long.

    Args:
        text: any text, half surrogates too.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 1]}…"
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return safe.encode(encoding, "backslashreplace").decode(encoding)
