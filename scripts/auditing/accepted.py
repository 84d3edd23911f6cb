"""`requirements/accepted.toml`: known vulnerabilities that are lived with, for a reason, for a while."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from qabot.errors import Problem, ProblemsError

if TYPE_CHECKING:
    from pathlib import Path

    from auditing.found import Vulnerability

PATH = "requirements/accepted.toml"
_FIELDS = {"id", "package", "reason", "until"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One vulnerability that is lived with.

    Args:
        id: any of its names.
        package: that has it.
        line: where the file says so.
    """

    id: str
    package: str
    line: int

    def covers(self, found: Vulnerability) -> bool:
        """Whether this is the one."""
        return self.package == found.package and self.id in found.ids


def read_accepted(root: Path, today: date) -> list[Accepted]:
    """What is accepted.

    Args:
        root: the repository.
        today: what is accepted until a day before it is not accepted any more.

    Raises:
        ProblemsError: the file or an entry is not as it should be, or an entry has expired.
    """
    try:
        text = (root / PATH).read_text("utf-8")
        entries = tomllib.loads(text).get("accepted", [])
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ProblemsError([Problem(PATH, 0, 0, str(error), "write it as TOML")]) from None
    if not isinstance(entries, list):
        raise ProblemsError([Problem(PATH, 0, 0, "no list", "begin each entry with [[accepted]]")])
    headers = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("[[accepted]]")]
    accepted, problems = [], []
    for number, entry in enumerate(entries):
        line = headers[number] if number < len(headers) else 0
        wrong = _wrong(entry, today)
        if wrong is None:
            accepted.append(Accepted(entry["id"], entry["package"], line))
        else:
            problems.append(Problem(PATH, line, 0, *wrong))
    if problems:
        raise ProblemsError(problems)
    return accepted


def _wrong(entry: Any, today: date) -> tuple[str, str] | None:
    """What is wrong with an entry and what to do."""
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        return "an entry has id, package, reason and until", "write these four and no others"
    for name in ("id", "package", "reason"):
        if not isinstance(entry[name], str) or not entry[name].strip():
            return f"{name} is not a text", "write one"
    until = entry["until"]
    if not isinstance(until, date) or isinstance(until, datetime):
        return "until is not a date", "write one without quotation marks, such as 2030-01-31"
    if until < today:
        return (
            f"{entry['id']} of {entry['package']} was accepted until {until}",
            "mend it now, or give a new reason and a later day",
        )
    return None
