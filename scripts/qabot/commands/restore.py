"""`qabot restore`: take over the answers that wait in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.commands.arguments import Command
from qabot.commands.commit import CommitOptions
from qabot.commands.engine_options import make_engine
from qabot.console.text import count
from qabot.github import publish
from qabot.github.git import Git, GitError
from qabot.repository import find_root

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter


def restore(options: CommitOptions, report: Reporter) -> int:
    """Write the answers that wait in the pull request of `qabot commit` into `answers/`.

    Returns:
        0, also where the remote cannot be reached: the questions are then asked again.
    """
    root = find_root(options.root)
    git = Git(root)
    model = make_engine(root, options.engine, report).model
    try:
        if git.run("rev-parse", "--show-prefix"):
            return 0  # of such a repository nothing is committed
        branch = options.branch or publish.current_branch(git)
        files = publish.restore(root, branch, model, report, git)
    except GitError as error:
        report.note(f"no waiting answers were restored: {error}")
    else:
        if files:
            report.note(f"restored {count(len(files), 'file')} that wait to be merged")
    return 0


COMMAND = Command(
    CommitOptions,
    restore,
    "Where the branch accepts no pushes, answers wait in a pull request. A run that knows them does "
    "not ask the same questions again. The workflows call this.",
    "qabot restore --branch main",
    without=("fargate",),
)
