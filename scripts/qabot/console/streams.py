"""Standard output and error that are closed, full, or read by nobody any more."""

from __future__ import annotations

import os
from typing import TextIO


def open_nowhere() -> TextIO:
    """A stream in place of a closed one whose text nobody misses."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def open_unwritable() -> TextIO:
    """A stream in place of a closed one: to write to it fails, and not to write to it does not."""
    return os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def discard(stream: TextIO) -> None:
    """Let what is written to a stream, and what it still holds, go nowhere.

    Python writes it again when the process ends, and would complain.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
