"""Links to the repository on GitHub, as far as git and the environment know its address."""

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

# GitHub's names for an owner and a repository; nothing else may be part of a link.
_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
_REMOTE = re.compile(
    rf"(?:https://(?:[^@/\s]+@)?|ssh://git@|git@)(?P<host>[A-Za-z0-9.-]+)(?::\d+)?[:/]"
    rf"(?P<name>{_NAME}?)(?:\.git)?/?"
)
_SERVER = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the repository's files; None for those that GitHub does not have.

    Args:
        web: the repository's address, without a `/` at its end.
        branch: the branch to link to.
        commits: the last commit that touched a file, by path.
    """

    web: str | None = None
    branch: str = "main"
    commits: Mapping[str, str] = field(default_factory=dict)

    def file(self, path: str, line: int = 0) -> str | None:
        """The address of a file.

        Args:
            path: relative to the repository, with `/`.
            line: from 1; 0 for none.
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
    """Find the address in the environment of GitHub Actions, or else of the remote `origin`.

    Args:
        root: the repository.
        environ: the environment (default: that of the process).
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
    """The web address of a remote; None if it is not on the server.

    Args:
        remote: as configured in git: an https or ssh address, or anything else.
        server: GitHub's address.
    """
    match = _REMOTE.fullmatch(remote)
    if match is None or match["host"].lower() != server.removeprefix("https://").split(":")[0]:
        return None
    return f"{server}/{match['name']}"


def _commits(git: Git) -> dict[str, str]:
    """The last commit of every answers file.

    Empty in a shallow clone, which would name its last commit for every file.
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
    """The output of a git command; empty if it fails or git is missing."""
    try:
        return git.run(*arguments)
    except GitError:
        return ""
