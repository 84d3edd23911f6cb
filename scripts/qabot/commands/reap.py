"""`qabot reap`: stop the tasks of a run that was killed, or of every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.aws.clients import Clients
from qabot.aws.stack import find_stack
from qabot.commands.arguments import Command, Options, flag, positional
from qabot.console.text import count
from qabot.deployment.settings import read_settings
from qabot.engines.fargate.engine import stop_run
from qabot.errors import UsageError
from qabot.repository import find_root

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReapOptions(Options):
    """The options of `qabot reap`."""

    run: str | None = positional("the run's name", None, metavar="RUN", nargs="?")
    all: bool = flag("--all", "stop the tasks of every run")


def reap(options: ReapOptions, report: Reporter) -> int:
    """Stop every task of a run, or of all runs.

    Raises:
        UsageError: not exactly one of a run and `--all` is given.
        CloudError: AWS refused, or the stack is not deployed.
    """
    if (options.run is None) != options.all:
        raise UsageError("give the name of one run, or --all to stop the tasks of every run")
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


COMMAND = Command(
    ReapOptions,
    reap,
    "A run that ends stops its own tasks; this is for a run that was killed. Each run prints its "
    "name when it starts. A stack cannot be destroyed while tasks run: --all stops them first.",
    "qabot reap github-1234567890-1",
)
