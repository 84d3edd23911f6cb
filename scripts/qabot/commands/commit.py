"""`qabot commit`: commit the answers to the branch that people read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qabot.commands.arguments import Commands, add_command
from qabot.commands.engine_options import EngineOptions, add_engine, engine_choice, make_engine
from qabot.console.text import clean, count
from qabot.errors import UsageError
from qabot.github.git import Git
from qabot.github.job_summary import set_output
from qabot.github.publish import current_branch, message, publish
from qabot.github.pull_request import GitHubError, open_pull_request
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True)
class CommitOptions:
    """The options of `qabot commit`.

    Args:
        root: the repository; None for the nearest one upwards.
        branch: to commit to; None for the branch of the checkout.
        engine: its model decides which answers are up to date.
    """

    root: Path | None = None
    branch: str | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "commit",
        summary,
        "Commits answers/, and nothing else, on top of the current state of origin. Where the branch "
        "accepts no pushes, a pull request is opened or updated. The workflows call this.",
        "qabot commit --branch main",
    )
    add_engine(parser)
    parser.add_argument(
        "--branch", metavar="NAME", help="the branch to commit to (default: the checkout's)"
    )


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot commit`."""
    return commit(CommitOptions(args.root, args.branch, engine_choice(args)), report)


def commit(options: CommitOptions, report: Reporter) -> int:
    """Commit the answers to the branch that people read, or open a pull request with them.

    Args:
        options: of the command.
        report: receives a summary of the commit.

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
