"""Where the repository can be seen on GitHub, as far as git and the environment know."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from qabot.github.git import Git, GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qabot.answers.places import Place

# What GitHub calls an owner and a repository; nothing else ever gets into a link.
_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
_REMOTE = re.compile(
    rf"(?:https://(?:[^@/\s]+@)?|ssh://git@|git@)(?P<host>[A-Za-z0-9.-]+)(?::\d+)?[:/]"
    rf"(?P<name>{_NAME}?)(?:\.git)?/?"
)
_SERVER = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the repository's files; every one is None where GitHub does not have it.

    Args:
        web: the repository's address, without a `/` at its end.
        branch: that people see and change.
        commits: the last commit that touched a file, by path.
    """

    web: str | None = None
    branch: str = "main"
    commits: Mapping[str, str] = field(default_factory=dict)

    def file(self, path: str, line: int = 0) -> str | None:
        """The address of a file.

        Args:
            path: relative to the repository, with `/`.
            line: to point at, from 1; 0 for none.
        """
        if self.web is None:
            return None
        anchor = f"?plain=1#L{line}" if line else ""
        return f"{self.web}/blob/{quote(self.branch)}/{quote(path, errors='replace')}{anchor}"

    def place(self, place: Place) -> str | None:
        """The address of a place in a document."""
        address = self.file(place.document)
        return None if address is None else address + place.anchor

    def commit(self, path: str) -> tuple[str, str] | None:
        """The last commit that touched a file, and its address."""
        sha = self.commits.get(path)
        return None if self.web is None or sha is None else (sha, f"{self.web}/commit/{sha}")


def find_links(root: Path, environ: Mapping[str, str] | None = None) -> Links:
    """Ask the environment of GitHub Actions, else the remote `origin`.

    Args:
        root: the repository.
        environ: default: the process's own.
    """
    environ = os.environ if environ is None else environ
    git = Git(root, environ)
    server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    if not _SERVER.fullmatch(server):
        server = "https://github.com"
    name = environ.get("GITHUB_REPOSITORY", "")
    if re.fullmatch(_NAME, name):
        web: str | None = f"{server}/{name}"
    else:
        web = from_remote(_output(git, "remote", "get-url", "origin"), server)
    if web is None:
        return Links()
    branch = _output(git, "symbolic-ref", "--short", "HEAD")
    if not branch and environ.get("GITHUB_REF_TYPE") == "branch":
        branch = environ.get("GITHUB_REF_NAME", "")
    return Links(web, branch or "main", _commits(git))


def from_remote(remote: str, server: str = "https://github.com") -> str | None:
    """The address to see a remote at; None where it is not on the server.

    Args:
        remote: as git has it: an https or an ssh address, or anything at all.
        server: GitHub's address.
    """
    match = _REMOTE.fullmatch(remote)
    if match is None or match["host"].lower() != server.removeprefix("https://").split(":")[0]:
        return None
    return f"{server}/{match['name']}"


def _commits(git: Git) -> dict[str, str]:
    """The last commit of every answers file.

    A shallow clone knows only its last commit and would name it for every file: none then.
    """
    if _output(git, "rev-parse", "--is-shallow-repository") != "false":
        return {}
    log = _output(git, "log", "--relative", "--format=%x01%H", "--name-only", "-z", "--", "answers")
    commits: dict[str, str] = {}
    sha = ""
    for part in re.split(r"[\0\n]", log):
        if part.startswith("\x01"):
            sha = part[1:]
        elif part and sha:
            commits.setdefault(part, sha)
    return commits


def _output(git: Git, *arguments: str) -> str:
    """The output of a git command; empty where it fails or git is missing."""
    try:
        return git.run(*arguments)
    except GitError:
        return ""
