"""The repository that a command works in."""

from __future__ import annotations

from pathlib import Path

from qabot.errors import UsageError


def find_root(given: Path | None) -> Path:
    """The repository that a command is about: the nearest folder upwards that holds `questions/`.

    Args:
        given: on the command line.

    Raises:
        UsageError: there is none.
    """
    start = given if given is not None else Path.cwd()
    for folder in (start,) if given is not None else (start, *start.parents):
        if (folder / "questions").is_dir():
            return folder
    raise UsageError(f"{start} holds no questions/ folder; go into the repository, or give --root")
