"""What an audit finds, and what it can say when it finds nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


class NotAudited(Exception):
    """The database can't be asked; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known vulnerability of one locked package.

    Args:
        package: its name.
        version: that is locked.
        ids: its names, the database's own first: `GHSA-…`, `PYSEC-…`, `CVE-…`.
        summary: what it is, for people.
        path: the lock, relative to the repository.
        line: from 1; 0 where it is the whole file.
        update: what to do about it.
    """

    package: str
    version: str
    ids: tuple[str, ...]
    summary: str
    path: str
    line: int
    update: str


@dataclass(slots=True)
class Audit:
    """What the packages of one kind came to.

    Args:
        packages: how many the database was asked for.
        found: their known vulnerabilities.
        unknown: packages that the database does not know, of which it therefore says nothing.
    """

    packages: int
    found: list[Vulnerability] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
