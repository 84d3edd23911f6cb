"""A bare repository as `origin`, and clones of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from qabot.github.git import Git
from tests.conftest import Repository


def git(root: Path, *arguments: str) -> str:
    """Git as some person, with nothing of this machine's configuration."""
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "A Person",
        "GIT_AUTHOR_EMAIL": "person@example.com",
        "GIT_COMMITTER_NAME": "A Person",
        "GIT_COMMITTER_EMAIL": "person@example.com",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",  # a fork's files are read, and among them are pictures
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Origin:
    """A bare repository with one branch, `main`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "origin.git"
        self._folder = folder
        self._clones = 0
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.path))

    def clone(self, depth: int | None = None) -> Repository:
        """A fresh clone, with folders for questions.

        Args:
            depth: commits of its history; None for all.
        """
        self._clones += 1
        root = self._folder / f"clone-{self._clones}"
        # Of a path, git clones everything.
        options = [str(self.path)] if depth is None else [f"--depth={depth}", self.path.as_uri()]
        git(self._folder, "clone", "--quiet", *options, str(root))
        if not (root / "questions").exists():
            git(root, "checkout", "--quiet", "-B", "main")
            (root / "questions").mkdir()
        clone = Repository.__new__(Repository)
        clone.root = root
        return clone

    def push(self, clone: Repository, message: str) -> None:
        """Commit everything in a clone as a person, and push it."""
        git(clone.root, "add", "--all")
        git(clone.root, "commit", "--quiet", "--message", message)
        git(clone.root, "push", "--quiet", "origin", "HEAD:main")

    def files(self, branch: str = "main") -> dict[str, str]:
        """Every file of a branch that people or the program write."""
        names = git(self.path, "ls-tree", "-r", "--name-only", "-z", branch).split("\0")
        written = [
            name for name in names if name and not name.startswith(("container/", "scripts/"))
        ]
        return {name: git(self.path, "show", f"{branch}:{name}") for name in written}

    def log(self, branch: str = "main") -> list[str]:
        """Authors and subjects of a branch, newest first."""
        return git(self.path, "log", "--format=%an: %s", branch).splitlines()

    def protect(self) -> None:
        """Refuse pushes to main, in the words of GitHub."""
        hook = self.path / "hooks/update"
        hook.write_text(
            '#!/bin/sh\n[ "$1" != refs/heads/main ] && exit 0\n'
            'echo "error: GH006: Protected branch update failed for refs/heads/main."\nexit 1\n'
        )
        hook.chmod(0o755)


def plain(root: Path) -> Git:
    """The program's git, without this machine's configuration."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return Git(root, keep | nothing)
