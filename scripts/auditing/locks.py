"""The Python packages that the lock files name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.errors import Problem, ProblemsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# What is installed where answers are made comes first: a package of several locks is told of there.
LOCKS = (
    "container/requirements.txt",
    "requirements/answer.txt",
    "requirements/cloud.txt",
    "requirements/deploy.txt",
    "container/requirements-export.txt",
    "requirements/dev.txt",
    "requirements/fuzz.txt",
    "requirements/torch.txt",
)
# Its hash differs from index to index; the file says more.
_WITHOUT_HASHES = "requirements/torch.txt"

# name==version [; marker], as uv writes it; the hashes follow, a line each.
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of one package, where it is locked first.

    Args:
        name: as PyPI spells it when it compares names.
        version: the locked one.
        path: the lock, relative to the repository.
        line: from 1.
    """

    name: str
    version: str
    path: str
    line: int


def read_locks(root: Path) -> list[Pin]:
    """Every version of every package that some lock names, whatever the Python or the platform.

    Args:
        root: the repository.

    Raises:
        ProblemsError: a lock is missing, or an entry of it is not a version with its hashes.
    """
    pins: dict[tuple[str, str], Pin] = {}
    problems = []
    for path in LOCKS:
        try:
            text = (root / path).read_text("utf-8")
        except OSError as error:
            problems.append(Problem(path, 0, 0, f"{error.strerror}", "write it with scripts/lock"))
            continue
        for line, entry in _entries(text):
            match = _PIN.match(entry)
            hashed = path == _WITHOUT_HASHES or "--hash=sha256:" in entry
            if match is None or not hashed:
                problems.append(
                    Problem(path, line, 0, "not a version with its hashes", "run scripts/lock")
                )
                continue
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()  # PEP 503
            pins.setdefault((name, match["version"]), Pin(name, match["version"], path, line))
    if problems:
        raise ProblemsError(problems)
    return list(pins.values())


def _entries(text: str) -> Iterable[tuple[int, str]]:
    """Requirements with the number of their first line, what is continued joined."""
    entry, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not entry:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            first = number
        entry += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield first, entry
            entry = ""
    if entry:
        yield first, entry


def one_version_each(pins: Iterable[Pin]) -> list[list[Pin]]:
    """The pins in as few lists as there can be, none with two versions of a package.

    The locks hold for several Pythons, some with a version of their own; pip-audit, as pip, takes
    one version of a package at a time.
    """
    lists: list[dict[str, Pin]] = []
    for pin in pins:
        into = next((one for one in lists if pin.name not in one), None)
        if into is None:
            lists.append(into := {})
        into[pin.name] = pin
    return [list(one.values()) for one in lists]
