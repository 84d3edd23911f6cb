"""Standard output and error that are closed, full, or no longer read."""

from __future__ import annotations

import os
from typing import TextIO


def open_nowhere() -> TextIO:
    """A stream in place of a closed one; text written to it is discarded."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def open_unwritable() -> TextIO:
    """A stream in place of a closed one; writing to it fails."""
    return os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def discard(stream: TextIO) -> None:
    """Discard what is written to a stream, and what it still buffers.

    Otherwise Python flushes it when the process ends, and prints an error.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
