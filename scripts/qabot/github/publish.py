"""Commit answers to the branch that people read, whatever else is pushed meanwhile.

The commit is made in a repository of its own, on top of what the remote has now: its questions, and
every answer that is known, from here and from there. So two runs that meet don't merge text: the later
one writes again what both know, and what its questions still lack is the next run's. The checkout that
the run was in is not touched, and of the commit nothing but answers and asked questions is part.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.console.text import clean, count
from qabot.github.git import Git, GitError
from qabot.questions import add as asked
from qabot.questions.read import FOLDER, read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import write_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qabot.console.reporter import Reporter

# Other runs and people push too; who loses the race this often has something else wrong.
ATTEMPTS = 8
_LONGEST_PAUSE = 8.0
# Nothing that a run has begun so long ago is going on, seconds.
_ABANDONED = 86_400
# Of a commit's first line; the rest of the names goes below.
_SUBJECT = 72

# `Fixes #1` and `Fixes GH-1` close an issue, `@name` tells somebody, `[skip ci]` skips workflows.
# docs.github.com: Linking a pull request to an issue; Skipping workflow runs.
_MEANT_FOR_GITHUB = re.compile(r"[#@\[\]]|(?<=GH)-(?=[0-9])", re.IGNORECASE)

# What a server says of a push that is late, as git prints it; every other refusal is a rule.
_LATE = (
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "reference already exists",
    "stale info",
)
_RULES = (
    "protected branch",
    "GH006",
    "GH013",
    "hook declined",
    "repository rule",
    "not allowed to push",
)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of the answers.

    Args:
        commit: the commit; None where the branch has them already.
        branch: where it went.
        files: what it changes, relative to the repository.
    """

    commit: str | None
    branch: str
    files: tuple[str, ...] = ()

    @property
    def by_pull_request(self) -> bool:
        """Whether the branch that people read takes no pushes."""
        return self.branch.startswith(SIDE_BRANCH)


SIDE_BRANCH = "answers/"


def publish(
    root: Path,
    branch: str,
    model: str,
    report: Reporter,
    *,
    git: Git | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Published:
    """Commit what `answers/` and `questions/asked/` hold to a branch of `origin`.

    Args:
        root: the checkout that the run was in.
        branch: the branch to commit to.
        model: identity of the model that answered.
        report: told of every attempt that was late.
        git: of that checkout.
        pause: waits, seconds.

    Raises:
        GitError: git or the remote refuses for a reason that another try can't mend.
    """
    git = git or Git(root)
    for attempt in range(1, ATTEMPTS + 1):
        with _workspace(root, git, branch) as tree:
            there = git.at(tree)
            files = _bring(root, tree, model, report, there)
            if files:
                there.run("add", "--all", "--force", "--", *files)
            if not there.run("status", "--porcelain", "--untracked-files=no"):
                return Published(None, branch)
            there.run("commit", "--quiet", "--no-verify", "--message", message(files))
            commit = there.run("rev-parse", "HEAD")
            try:
                there.run("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
            except GitError as error:
                if any(rule in error.said for rule in _RULES):
                    side = SIDE_BRANCH + branch
                    there.run("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{side}")
                    return Published(commit, side, files)
                if not any(late in error.said for late in _LATE) or attempt == ATTEMPTS:
                    raise
                report.note(f"somebody else pushed to {branch} first; trying again")
            else:
                return Published(commit, branch, files)
        # Full jitter, so that runs that met once don't meet again.
        # aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
        pause(random.uniform(0, min(_LONGEST_PAUSE, 0.5 * 2**attempt)))  # noqa: S311
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _workspace(root: Path, git: Git, branch: str) -> Iterator[Path]:
    """A working tree of the remote's branch, in a repository of its own; gone afterwards.

    It reads the checkout's objects and configuration and writes nothing there: no reference, no index
    and none of git's locks. What a killed run leaves is in nobody's way.
    """
    shared = (root / git.run("rev-parse", "--git-common-dir")).resolve()
    # Inside, so that configuration that goes by the place of a repository is the checkout's.
    folder = shared / "qabot"
    folder.mkdir(exist_ok=True)
    _sweep(folder)
    tree = Path(tempfile.mkdtemp(prefix="commit-", dir=folder))
    there = git.at(tree)
    try:
        kind = git.run("rev-parse", "--show-object-format")
        there.run("init", "--quiet", "--template=", f"--object-format={kind}")
        (tree / ".git/objects/info/alternates").write_text(f"{shared / 'objects'}\n", "utf-8")
        if (shared / "shallow").is_file():
            shutil.copyfile(shared / "shallow", tree / ".git/shallow")
        there.run("config", "include.path", str(shared / "config"))
        there.run("fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{branch}:refs/qabot/tip")
        there.run("checkout", "--quiet", "--detach", "refs/qabot/tip")
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what runs have left that were killed long ago."""
    for left in folder.glob("commit-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _bring(root: Path, tree: Path, model: str, report: Reporter, there: Git) -> tuple[str, ...]:
    """Write what the checkout knows into the tree; the files that this is about."""
    files = list(_bring_asked(root, tree, report))
    known = [
        entry.result
        for one in store.read_all(root).values()
        if one.answers is not None
        for entry in one.answers.entries
    ]
    plan = make_plan(tree, read_questions(tree), model, known=known)
    changed, removed = write_known(tree, plan, report)
    for path in (*changed, *removed):
        files += [path, store.page_path(path)]
    exists = {path for path in files if (tree / path).exists()}
    tracked = set(there.run("ls-files", "-z", "--", *files).split("\0")) if files else set()
    return tuple(sorted((exists | tracked) & set(files)))


def _bring_asked(root: Path, tree: Path, report: Reporter) -> Iterator[str]:
    """Copy the asked questions that the branch lacks."""
    for path in sorted((root / asked.FOLDER).glob("*.yaml")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or (tree / name).exists():
            continue
        try:
            _copy(path, tree, name)
        except OSError as error:
            report.warning(
                f"{name} can't be committed ({error.strerror}); make {asked.FOLDER} a folder there"
            )
        else:
            yield name


def _copy(path: Path, tree: Path, name: str) -> None:
    """Copy an asked question into a tree, where nothing leads out of it."""
    if any((tree / part).is_symlink() for part in (asked.FOLDER, FOLDER)):
        raise NotADirectoryError(errno.ENOTDIR, "a link is in its way")
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, tree / name)


def message(files: tuple[str, ...]) -> str:
    """A commit message that names the question files, and asks nothing of GitHub.

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


def current_branch(git: Git, environ: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """The branch that a run is about: on GitHub the workflow's, else the checkout's.

    Args:
        git: of the checkout.
        environ: the environment.

    Raises:
        GitError: the checkout is on no branch.
    """
    if environ.get("GITHUB_REF_TYPE") == "branch" and environ.get("GITHUB_REF_NAME"):
        return environ["GITHUB_REF_NAME"]
    return git.run("symbolic-ref", "--short", "HEAD")
