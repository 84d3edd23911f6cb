"""The command line: its commands, and running one of them.

Only that command's module is imported, so that `qabot check` and `qabot plan` start fast. What
commands raise is reported by `qabot.exit_codes`.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from qabot import __version__
from qabot.commands.arguments import EXIT_CODES, Options, add_arguments
from qabot.console.reporter import Reporter
from qabot.exit_codes import run_and_report

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each is a module of `qabot.commands`, with its `COMMAND`.
COMMANDS = {
    "answer": "answer every question that has no up-to-date answer",
    "plan": "show what a run would do",
    "preview": "answer what a run would ask, and write nothing",
    "check": "look for mistakes in questions/",
    "init": "set up a repository to have its questions answered",
    "ask": "ask one question and print the answer",
    "search": "print the passages of documents/ that fit a question best",
    "list": "print the existing answers",
    "clear": "empty the fargate engine's table",
    "reap": "stop the tasks that a killed run of the fargate engine has left running",
    "restore": "take over the answers that wait in a pull request",
    "commit": "commit the answers to the branch that people read",
    "dispatch": "do what a form on GitHub asks for",
    "site": "write the answers as one static page",
    "model": "make and measure models",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: its arguments (default: the arguments of the process).

    Returns:
        The exit code; see `qabot.errors`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    report = Reporter()

    def command() -> int:
        args = parser(arguments).parse_args(arguments)
        code: int = args.command(args, report)
        return code

    return run_and_report(command, report)


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser: with arguments for the commands that are named, and the names of the others.

    Args:
        arguments: what will be parsed.
    """
    parser = argparse.ArgumentParser(
        prog="qabot",
        description="Answer the questions of questions/ into answers/.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qabot {__version__}")
    add_arguments(parser, Options)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if name in arguments:
            import_module(f"qabot.commands.{name}").COMMAND.add(commands, name, summary)
        else:
            commands.add_parser(name, help=summary)
    return parser
