"""The repository that a command works in."""

from __future__ import annotations

from pathlib import Path

from qabot.errors import UsageError


def find_root(given: Path | None) -> Path:
    """The repository to work in: the nearest folder upwards that contains `questions/`.

    Args:
        given: on the command line.

    Raises:
        UsageError: none is found.
    """
    folders = (given,) if given is not None else _upwards()
    for folder in folders:
        if (folder / "questions").is_dir():
            return folder
    raise UsageError(
        f"{folders[0]} has no questions/ folder; change to the repository, or use --root"
    )


def find_root_or_none(given: Path | None) -> Path | None:
    """The repository to work in; None outside of one.

    Args:
        given: on the command line.

    Raises:
        UsageError: the one on the command line is not a repository.
    """
    if given is None and not any((folder / "questions").is_dir() for folder in _upwards()):
        return None
    return find_root(given)


def _upwards() -> tuple[Path, ...]:
    return (Path.cwd(), *Path.cwd().parents)
