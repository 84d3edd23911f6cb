"""Commit answers to the branch that people read, whatever else is pushed meanwhile.

The commit is made in a separate repository, on top of the remote's current commit: its questions, with
every known answer, from here and from there. So concurrent runs do not merge text: the later one writes
the answers that both know, and the next run answers what is still missing. The checkout is not changed,
and the commit contains only answers and asked questions.

If the branch does not accept pushes, the commit goes to another branch that waits to be merged, on top
of the answers and questions of earlier runs and the commits of people that wait there.
"""

from __future__ import annotations

import os
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.console.text import clean, count
from qabot.github.changes import copy_answers, copy_asked, write_answers
from qabot.github.git import Git, GitError
from qabot.github.refusals import Refusal, classify
from qabot.github.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qabot.answers.model import Result
    from qabot.console.reporter import Reporter

# Other runs and people push too, and a remote recovers; after this many attempts the cause is another.
ATTEMPTS = 8
_LONGEST_PAUSE = 8.0
# The longest first line of a commit message; the other names follow below.
_SUBJECT = 72

# `Fixes #1` and `Fixes GH-1` close an issue, `@name` notifies somebody, `[skip ci]` skips workflows.
# docs.github.com: Linking a pull request to an issue; Skipping workflow runs.
_MEANT_FOR_GITHUB = re.compile(r"[#@\[\]]|(?<=GH)-(?=[0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Published:
    """The result of committing answers.

    Args:
        commit: the new commit; None if the remote already has everything.
        branch: that has the answers.
        files: files of that branch that the target branch lacked, relative to the repository.
        by_pull_request: whether that branch waits to be merged into the target branch.
    """

    commit: str | None
    branch: str
    files: tuple[str, ...] = ()
    by_pull_request: bool = False


def publish(
    root: Path,
    branch: str,
    model: str,
    report: Reporter,
    *,
    git: Git | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Published:
    """Commit the content of `answers/` and `questions/asked/` to a branch of `origin`.

    Args:
        root: the checkout of the run.
        branch: the branch to commit to.
        model: identity of the model that answered.
        report: receives every failed attempt.
        git: git in that checkout.
        pause: waits, seconds.

    Raises:
        GitError: git or the remote refuses, and another attempt would fail, too.
    """
    publisher = _Publisher(root, branch, model, report, git or Git(root))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return publisher.attempt()
        except GitError as error:
            refusal = classify(error.said)
            if refusal not in (Refusal.LATE, Refusal.PASSING) or attempt == ATTEMPTS:
                raise
            what = (
                error if refusal is Refusal.PASSING else f"somebody else pushed to {branch} first"
            )
            report.note(f"{what}; trying again")
        # Full jitter, so that runs that collided once do not collide again.
        # aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
        pause(random.uniform(0, min(_LONGEST_PAUSE, 0.5 * 2**attempt)))  # noqa: S311
    raise AssertionError("the last attempt returns or raises")


def restore(root: Path, branch: str, model: str, report: Reporter, git: Git) -> list[str]:
    """Write the answers that wait to be merged into a branch into the checkout's `answers/`.

    Args:
        root: the checkout, of that branch.
        branch: the branch that they wait for.
        model: identity of the model that answers.
        report: receives a warning for each answers file that somebody edited.
        git: git in that checkout.

    Returns:
        The files that may have changed.

    Raises:
        GitError: git or the remote refuses.
    """
    with open_workspace(root, git, branch) as space:
        if not space.fetch_side(space.side_branch()):
            return []
        known = list(store.results(store.read_all(space.tree).values()))
    return write_answers(root, root, model, report, known)


class _Publisher:
    """Attempts to commit, and remembers the pushes whose reply was lost."""

    def __init__(self, root: Path, branch: str, model: str, report: Reporter, git: Git) -> None:
        self._root = root
        self._branch = branch
        self._model = model
        self._report = report
        self._git = git
        self._pushed: Published | None = None

    def attempt(self) -> Published:
        """Fetch, commit and push once.

        Raises:
            GitError: git or the remote refuses.
        """
        with open_workspace(self._root, self._git, self._branch) as space:
            if self._pushed and self._pushed.commit and space.contains(self._pushed.commit):
                return self._pushed
            if not self._commit(space):
                return Published(None, self._branch)
            self._pushed = Published(space.head(), self._branch, space.changed())
            try:
                space.push()
            except GitError as error:
                if classify(error.said) is not Refusal.RULE:
                    raise
                self._pushed = None
                return self._beside(space)
            return self._pushed

    def _beside(self, space: Workspace) -> Published:
        """Commit to the branch that waits to be merged."""
        side = space.side_branch()
        before = space.fetch_side(side)
        if before:
            known = list(store.results(store.read_all(space.tree).values()))
            for name in space.merge_branch(side):
                if not name.startswith(f"{store.FOLDER}/"):
                    self._report.warning(
                        f"{name} was changed on {self._branch} and on {side}; "
                        f"{self._branch}'s version is kept"
                    )
            self._commit(space, known)
        if space.head() == before:
            return Published(None, side, space.changed(), by_pull_request=True)
        space.push_side(side, before)
        return Published(space.head(), side, space.changed(), by_pull_request=True)

    def _commit(self, space: Workspace, known: Sequence[Result] | None = None) -> bool:
        """Commit the known answers in the workspace; returns whether anything changed."""
        asked_here = list(copy_asked(self._root, space.tree, self._git, self._report))
        files = None
        if known is None and self._git.succeeds("diff-tree", "--quiet", "HEAD", space.tip):
            files = copy_answers(self._root, space.tree, self._git, asked_here)
        if files is None:
            files = write_answers(self._root, space.tree, self._model, self._report, known or ())
        changed = space.stage([*asked_here, *files])
        if changed:
            space.commit(message(changed))
        return bool(changed)


def message(files: tuple[str, ...]) -> str:
    """Compose a commit message that names the question files and triggers nothing on GitHub.

    Args:
        files: what the commit changes.
    """
    sets = sorted({Path(*Path(name).parts[1:]).with_suffix("").as_posix() for name in files})
    names = [_MEANT_FOR_GITHUB.sub("_", clean(name, 200)) for name in sets]
    subject = f"Answer {', '.join(names)}"
    if len(subject) <= _SUBJECT:
        return subject
    listed = "\n".join(f"- {name}" for name in names[:100])
    more = f"\n- and {len(names) - 100} more" if len(names) > 100 else ""
    return f"Answer {count(len(names), 'question file')}\n\n{listed}{more}"


def current_branch(git: Git, environ: Mapping[str, str] = os.environ) -> str:
    """Find the branch of a run: on GitHub the workflow's, otherwise the checkout's.

    Args:
        git: git in the checkout.
        environ: the environment.

    Raises:
        GitError: the checkout is not on a branch.
    """
    if environ.get("GITHUB_REF_TYPE") == "branch" and environ.get("GITHUB_REF_NAME"):
        return environ["GITHUB_REF_NAME"]
    return git.run("symbolic-ref", "--short", "HEAD")
