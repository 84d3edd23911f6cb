"""`qabot commit`: commit the answers to the branch that people read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.commands.arguments import Command, Options, group, option
from qabot.commands.engine_options import EngineOptions, make_engine
from qabot.console.text import clean, count
from qabot.errors import UsageError
from qabot.github.git import Git
from qabot.github.job_summary import set_output
from qabot.github.publish import current_branch, message, publish
from qabot.github.pull_request import GitHubError, open_pull_request
from qabot.repository import find_root

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOptions(Options):
    """The options of `qabot commit`; the engine's model decides which answers are up to date."""

    engine: EngineOptions = group(EngineOptions)
    branch: str | None = option(
        "--branch", "the branch to commit to (default: the checkout's)", metavar="NAME"
    )


def commit(options: CommitOptions, report: Reporter) -> int:
    """Commit the answers to the branch that people read, or open a pull request with them.

    Raises:
        GitError: git or the remote refused.
        UsageError: `questions/` is not at the top of the git repository.
    """
    root = find_root(options.root)
    git = Git(root)
    below = git.run("rev-parse", "--show-prefix")
    if below:
        folder = clean(below.rstrip("/"), 200)
        raise UsageError(
            f"questions/ is in the folder '{folder}' of its repository; qabot commits only where it "
            "is at the top. Move it there, or commit answers/ with git"
        )
    branch = options.branch or current_branch(git)
    model = make_engine(root, options.engine, report).model
    done = publish(root, branch, model, report, git=git)
    set_output("changed", done.files)
    if done.commit is None:
        report.note(f"nothing to commit: {done.branch} has every answer")
    else:
        changed = count(len(done.files), "file")
        report.note(f"committed {changed} as {done.commit[:12]} to {done.branch}")
    if done.by_pull_request:
        title = message(done.files).splitlines()[0]
        try:
            address, new = open_pull_request(done.branch, branch, title, os.environ)
            report.note(f"{branch} is protected; {'opened' if new else 'updated'} {address}")
        except GitHubError as error:
            # The answers are safe on their branch; a person can open the pull request.
            report.warning(str(error))
    return 0


COMMAND = Command(
    CommitOptions,
    commit,
    "Commits answers/, and nothing else, on top of the current state of origin. Where the branch "
    "accepts no pushes, a pull request is opened or updated. The workflows call this.",
    "qabot commit --branch main",
    without=("fargate",),
)
