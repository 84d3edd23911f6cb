"""`qabot commit` and `qabot dispatch`: what the workflows call beside `qabot answer`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from qabot.commands.reconciling import answer, choose_engine
from qabot.console.text import count
from qabot.errors import UsageError
from qabot.github.git import Git
from qabot.github.publish import current_branch, message, publish
from qabot.github.pull_request import GitHubError, open_pull_request
from qabot.questions import add as asked
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter


def commit(args: argparse.Namespace, report: Reporter) -> int:
    """Commit the answers to the branch that people read, or open a pull request with them.

    Args:
        args: `root`, `branch`, and what `choose_engine` takes.
        report: told what was committed.

    Raises:
        GitError: git or the remote refuses.
    """
    root = find_root(args.root)
    git = Git(root)
    branch = args.branch or current_branch(git)
    model = choose_engine(args, root, report).model
    done = publish(root, branch, model, report, git=git)
    if done.commit is None:
        report.note(f"nothing to commit: {branch} has every answer")
        return 0
    changed = count(len(done.files), "file")
    report.note(f"committed {changed} as {done.commit[:12]} to {done.branch}")
    if done.by_pull_request:
        title = message(done.files).splitlines()[0]
        try:
            address, new = open_pull_request(done.branch, branch, title, os.environ)
            report.note(f"{branch} is protected; {'opened' if new else 'updated'} {address}")
        except GitHubError as error:
            # The answers are safe on their branch; a person can do the rest.
            report.warning(str(error))
    return 0


def dispatch(args: argparse.Namespace, report: Reporter) -> int:
    """Do what a form on GitHub asks for: perhaps add a question, then answer.

    Args:
        args: what `answer` takes.
        report: told what happens.

    Raises:
        UsageError: only one of context and question is given.
    """
    environ = os.environ
    context, question = environ.get("ASK_CONTEXT", ""), environ.get("ASK_QUESTION", "")
    args.globs = environ.get("ASK_GLOB", "").split()
    args.force = environ.get("ASK_FORCE", "") == "true"
    args.dry_run = environ.get("ASK_DRY_RUN", "") == "true"
    args.shard = environ.get("ASK_SHARD", "")
    if context.strip() or question.strip():
        if not context.strip() or not question.strip():
            raise UsageError("to ask one question give both a context and a question")
        source = asked.add_question(find_root(args.root), context, question)
        report.note(f"wrote {source}")
        args.globs = [*args.globs, source] if args.globs else [source]
    return answer(args, report)
