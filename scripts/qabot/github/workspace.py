"""A separate repository with a working tree of a remote's branch, in which a commit is made.

It reads the checkout's objects and configuration, and writes nothing there: neither references, nor the
index, nor git's locks. So a killed run leaves nothing that blocks another.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.github.git import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qabot.github.git import Git

# Seconds after which a leftover workspace cannot be in use any more.
_ABANDONED = 86_400
_TIP = "refs/qabot/tip"
_SIDE = "refs/qabot/side"
# Names for the branch with the pull request of answers; the first free one is used.
_SIDE_NAMES = ("answers/", "answers-", "qabot-answers-")
# Not inherited: these describe the checkout's repository, or are resolved already.
_OWN = re.compile(
    r"core\.(?:bare|worktree|repositoryformatversion|sparsecheckout)|(?:extensions|include|includeif)\..*",
    re.DOTALL,
)
# Settings that would run a person's programs, or treat two names as one.
_SET = (
    ("core.hooksPath", os.devnull),
    ("core.ignoreCase", "false"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("merge.directoryRenames", "false"),
)


class Workspace:
    """A separate repository for one commit. Use `open_workspace`.

    Args:
        tree: its working tree.
        local: git in that tree.
        remote: git with this repository, but in the checkout's working tree, where relative paths in
            its configuration are valid.
        branch: the target branch.
    """

    def __init__(self, tree: Path, local: Git, remote: Git, branch: str) -> None:
        self.tree = tree
        self._repository = tree / ".git"
        self._local = local
        self._remote = remote
        self._branch = branch
        remote.run("fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{branch}:{_TIP}")
        self._checkout(_TIP)
        self.tip = self.head()

    def head(self) -> str:
        """The current commit of the tree."""
        return self._local.run("rev-parse", "HEAD")

    def contains(self, commit: str) -> bool:
        """Whether the branch on the remote contains a commit."""
        return self._local.succeeds("merge-base", "--is-ancestor", commit, self.tip)

    def stage(self, files: Iterable[str]) -> tuple[str, ...]:
        """Stage files of the tree for the next commit, and the removal of those that are gone.

        Args:
            files: relative to the tree.

        Returns:
            The files that change.
        """
        names = set(files)
        present = {name for name in names if is_there(self.tree, name)}
        self._local.run("update-index", "--add", "-z", "--stdin", names=sorted(present))
        self._local.run(
            "update-index", "--force-remove", "-z", "--stdin", names=sorted(names - present)
        )
        return tuple(self._local.lines("diff", "--cached", "--name-only", "--no-renames", "-z"))

    def commit(self, message: str) -> None:
        """Commit what is staged."""
        self._local.run("commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)

    def changed(self) -> tuple[str, ...]:
        """The files that the tree's commit has, and the branch on the remote has not."""
        return tuple(
            sorted(self._local.lines("diff", "--name-only", "--no-renames", "-z", self.tip, "HEAD"))
        )

    def push(self) -> None:
        """Push the tree's commit to the branch.

        Raises:
            GitError: the remote refuses.
        """
        self._remote.run("push", "--quiet", "origin", f"HEAD:refs/heads/{self._branch}")

    def side_branch(self) -> str:
        """Choose the branch for a pull request with answers.

        If a branch `answers` exists, git cannot have `answers/main`: they are a file and a folder.

        Raises:
            GitError: the remote refuses, or every name is taken.
        """
        listed = self._remote.run("ls-remote", "--heads", "origin").splitlines()
        there = {line.partition("\trefs/heads/")[2] for line in listed}
        free = [
            name
            for name in (f"{start}{self._branch}" for start in _SIDE_NAMES)
            if not any(_is_below(name, other) or _is_below(other, name) for other in there)
        ]
        if not free:
            raise GitError(
                ("push",), f"no name is free for a branch with answers to {self._branch}"
            )
        return next((name for name in free if name in there), free[0])

    def fetch_side(self, side: str) -> str:
        """Fetch the branch that waits to be merged, and check it out if it exists.

        Args:
            side: that branch.

        Returns:
            Its commit; empty if the remote does not have the branch.

        Raises:
            GitError: the remote refuses.
        """
        if not self._remote.run("ls-remote", "--heads", "origin", f"refs/heads/{side}"):
            return ""
        # The common ancestor may be far back.
        deep = ["--unshallow"] if (self._repository / "shallow").is_file() else []
        refs = (f"+refs/heads/{self._branch}:{_TIP}", f"+refs/heads/{side}:{_SIDE}")
        self._remote.run("fetch", "--quiet", "--no-tags", *deep, "origin", *refs)
        self.tip = self._local.run("rev-parse", _TIP)
        self._checkout(_SIDE)
        return self.head()

    def merge_branch(self, side: str) -> tuple[str, ...]:
        """Merge the target branch into the one that waits, which is checked out.

        If both changed the same lines, or one removed what the other changed, the target branch wins:
        its changes were reviewed.

        Args:
            side: the branch that waits.

        Returns:
            The files that both changed.
        """
        if self._local.succeeds("merge-base", "--is-ancestor", _TIP, _SIDE):
            return ()
        base = self._local.run("merge-base", _TIP, _SIDE)
        both: tuple[str, ...] = ()
        try:
            self._local.run("merge", "--no-ff", "--no-commit", "-X", "theirs", _TIP)
        except GitError:
            listed = self._local.lines("ls-files", "--unmerged", "-z")
            both = tuple(sorted({entry.partition("\t")[2] for entry in listed}))
            if not both:
                raise
        for name in {*both, *self._removed_since(base)}:
            if self._local.succeeds("cat-file", "-e", f"{_TIP}:{name}"):
                self._local.run("checkout", "--quiet", _TIP, "--", name)
            else:
                self._local.run("rm", "--quiet", "--force", "--ignore-unmatch", "--", name)
        message = f"Merge branch '{self._branch}' into {side}"
        self.commit(message)
        if not self.changed():
            self._checkout(_TIP)  # it was merged, perhaps squashed: nothing waits
        return both

    def _removed_since(self, base: str) -> set[str]:
        """Files that were added to the branch since, and removed again."""
        added = self._local.lines(
            "diff", "--cached", "--name-only", "-z", "--diff-filter=A", "--no-renames", _TIP
        )
        changes = self._local.run(
            "log", "--format=", "--name-only", "-z", "--no-renames", f"{base}..{_TIP}"
        )
        return set(added) & set(changes.split("\0"))

    def push_side(self, side: str, before: str) -> None:
        """Push the tree's commit to the branch that waits to be merged.

        Args:
            side: that branch.
            before: the commit that it must be at; empty if it must not exist.

        Raises:
            GitError: the remote refuses, or somebody else pushed there.
        """
        lease = f"--force-with-lease=refs/heads/{side}:{before}"
        self._remote.run("push", "--quiet", lease, "origin", f"HEAD:refs/heads/{side}")

    def _checkout(self, commit: str) -> None:
        self._local.run("checkout", "--quiet", "--force", "--detach", commit)


def is_there(root: Path, name: str) -> bool:
    """Whether a working tree has a file under exactly this name, also where case is ignored."""
    path = root / name
    if not (path.exists() or path.is_symlink()):
        return False
    ignores_case = (root / ".GIT").exists()
    return not ignores_case or path in path.parent.iterdir()


def _is_below(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


@contextmanager
def open_workspace(root: Path, git: Git, branch: str) -> Iterator[Workspace]:
    """Make a workspace at the remote's branch; it is removed at the end.

    Args:
        root: the checkout.
        git: git in the checkout.
        branch: the target branch.

    Raises:
        GitError: the remote refuses, or cannot be reached.
    """
    shared = (root / git.run("rev-parse", "--git-common-dir")).resolve()
    # Inside the checkout, so that a user's configuration for repositories in a folder applies, too.
    folder = shared / "qabot"
    folder.mkdir(exist_ok=True)
    _sweep(folder)
    tree = Path(tempfile.mkdtemp(prefix="commit-", dir=folder))
    repository = tree / ".git"
    ours = replace(git, root=tree, repository=repository, config=_configuration(git))
    try:
        kind = git.run("rev-parse", "--show-object-format")
        replace(git, root=tree).run("init", "--quiet", "--template=", f"--object-format={kind}")
        (repository / "objects/info/alternates").write_text(f"{shared / 'objects'}\n", "utf-8")
        if (shared / "shallow").is_file():
            shutil.copyfile(shared / "shallow", repository / "shallow")
        top = Path(git.run("rev-parse", "--show-toplevel"))
        yield Workspace(tree, ours, replace(ours, root=top), branch)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _configuration(git: Git) -> list[tuple[str, str]]:
    """The checkout's configuration, with files that it includes."""
    found: list[tuple[str, str]] = []
    listed = git.run("config", "--list", "--includes", "--show-scope", "-z").split("\0")
    for scope, entry in zip(listed[::2], listed[1::2], strict=False):
        name, _, value = entry.partition("\n")
        if scope not in ("local", "worktree") or _OWN.fullmatch(name):
            continue
        if name.startswith("http.") and name.endswith(".extraheader") and git.has_token:
            continue  # actions/checkout leaves a token there, and git would send both
        found.append((name, value if "\n" in entry else "true"))
    return [*found, *_SET]


def _sweep(folder: Path) -> None:
    """Remove workspaces of runs that were killed long ago."""
    for left in folder.glob("commit-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
