"""The content of a commit of answers: the checkout's answers and asked questions, and no more."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.documents.choose import choose
from qabot.github.git import Git, GitError
from qabot.github.workspace import is_there
from qabot.questions import add as asked
from qabot.questions.read import FOLDER, read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import write_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from qabot.answers.model import Result
    from qabot.console.reporter import Reporter


def copy_asked(root: Path, tree: Path, git: Git, report: Reporter) -> Iterator[str]:
    """Copy the questions that were asked by hand in this run; yields their files.

    Questions of the checkout's commit are older: if the tree lacks one, somebody removed it.

    Args:
        root: the checkout.
        tree: the destination.
        git: git in the checkout.
        report: receives a warning for each question that cannot be put into the tree.
    """
    try:
        committed = set(git.lines("ls-tree", "-r", "-z", "--name-only", "HEAD", asked.FOLDER))
    except GitError:  # before the first commit
        committed = set()
    for path in sorted((root / asked.FOLDER).glob("*.yaml")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or name in committed or (tree / name).exists():
            continue
        try:
            _copy(path, tree, name)
        except OSError as error:
            report.warning(
                f"{name} cannot be committed ({error.strerror}); make {asked.FOLDER} a folder there"
            )
        else:
            yield name


def _copy(path: Path, tree: Path, name: str) -> None:
    """Copy an asked question into a tree, unless a link leads out of it."""
    if any((tree / part).is_symlink() for part in (asked.FOLDER, FOLDER)):
        raise NotADirectoryError(errno.ENOTDIR, "a link is in its way")
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, tree / name)


def write_answers(
    root: Path, tree: Path, model: str, report: Reporter, known: Sequence[Result] = ()
) -> list[str]:
    """Answer the tree's questions with the known results, from there and from the checkout.

    Args:
        root: the checkout.
        tree: the destination; its questions may differ from those that the checkout answered.
        model: identity of the model that answered.
        report: receives a warning for each answers file that somebody edited.
        known: further results; the checkout's are newer.

    Returns:
        The files that may have changed.
    """
    results = [*known, *store.results(store.read_all(root).values())]
    # The run has reported documents that cannot be read; its indexes are those of the checkout.
    questions = choose(tree, read_questions(tree), lambda _: None, root)
    plan = make_plan(tree, questions, model, known=results)
    changed, removed = write_known(tree, plan, report)
    return _with_pages(changed, removed)


def copy_answers(root: Path, tree: Path, git: Git, asked_here: Sequence[str]) -> list[str] | None:
    """Copy the answers as they are, where the tree is the checkout's own commit.

    Args:
        root: the checkout.
        tree: at the same commit.
        git: git in the checkout.
        asked_here: files that `copy_asked` copied.

    Returns:
        The files that may have changed; None where they must be written anew, because the checkout's
        questions or answers are not what a run left.
    """
    status = git.lines(
        "status", "--porcelain", "-z", "--untracked-files=all", "--", FOLDER, "documents"
    )
    if not set(status) <= {f"?? {name}" for name in asked_here}:
        return None
    here = store.read_all(root)
    ours = {path: stored.answers for path, stored in here.items() if stored.answers is not None}
    for path, answers in ours.items():
        in_place = store.answers_path(answers.source) == path and is_there(tree, answers.source)
        if not (in_place and here[path].pristine and store.has_page(root, path)):
            return None
    gone = [
        path
        for path, stored in store.read_all(tree).items()
        if stored.answers is not None
        and path not in here
        and not is_there(tree, stored.answers.source)
    ]
    changed = [path for path in ours if store.copy(root, tree, path)]
    store.prune(tree, gone, ours)
    return _with_pages(changed, gone)


def _with_pages(changed: Sequence[str], removed: Sequence[str]) -> list[str]:
    return [name for path in (*changed, *removed) for name in (path, store.page_path(path))]
