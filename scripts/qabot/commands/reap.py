"""`qabot reap`: stop the tasks of a run that was killed, or of every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.aws.clients import Clients
from qabot.aws.stack import find_stack
from qabot.commands.arguments import Commands, add_command
from qabot.console.text import count
from qabot.deployment.settings import read_settings
from qabot.engines.fargate.engine import stop_run
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True)
class ReapOptions:
    """The options of `qabot reap`.

    Args:
        run: the run's name; None for every run.
        root: the repository; None for the nearest one upwards.
    """

    run: str | None
    root: Path | None = None


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "reap",
        summary,
        "A run that ends stops its own tasks; this is for a run that was killed. Each run prints its "
        "name when it starts. A stack cannot be destroyed while tasks run: --all stops them first.",
        "qabot reap github-1234567890-1",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("run", metavar="RUN", nargs="?", help="the run's name")
    which.add_argument("--all", action="store_true", help="stop the tasks of every run")


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot reap`."""
    return reap(ReapOptions(args.run, args.root), report)


def reap(options: ReapOptions, report: Reporter) -> int:
    """Stop every task of a run, or of all runs.

    Args:
        options: of the command.
        report: receives the name of each stopped task.

    Raises:
        CloudError: AWS refused, or the stack is not deployed.
    """
    clients = Clients()
    stack = find_stack(clients, read_settings(find_root(options.root)).stack_name)
    report.mask(stack.account)
    stopped = 0
    for arn in stop_run(clients, stack, options.run):
        report.note(f"stopped {arn}")
        stopped += 1
    whose = f" of run {options.run}" if options.run else ""
    report.note(f"stopped {count(stopped, 'task')}{whose}")
    return 0
