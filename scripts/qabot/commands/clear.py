"""`qabot clear`: empty the fargate engine's table."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.aws.errors import translated
from qabot.commands.arguments import Command, Options, flag
from qabot.commands.deployed_table import open_table
from qabot.console.text import count
from qabot.errors import UsageError
from qabot.repository import find_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOptions(Options):
    """The options of `qabot clear`."""

    yes: bool = flag("--yes", "do not ask for confirmation")


def clear(options: ClearOptions, report: Reporter, ask_person: Callable[[], str] = input) -> int:
    """Empty the table.

    Args:
        options: of the command.
        report: receives the number of deleted questions.
        ask_person: reads a line.

    Raises:
        UsageError: nobody can confirm it.
        CloudError: AWS refused, or the stack is not deployed.
    """
    table = open_table(find_root(options.root))
    if not options.yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError(
                "clear asks for confirmation, but standard input is not a terminal; use --yes"
            )
        print(f"Delete every question and answer in {table.name}? [y/N] ", end="", file=sys.stderr)
        sys.stderr.flush()
        if ask_person().strip().lower() not in ("y", "yes"):
            report.note("nothing was deleted")
            return 0
    with translated("emptying the table"):
        report.note(f"deleted {count(table.clear(), 'question')} from {table.name}")
    return 0


COMMAND = Command(
    ClearOptions,
    clear,
    "Deletes every question and answer in DynamoDB, after confirmation. answers/ stays as it is.",
    "qabot clear --yes             without confirmation",
)
