"""Shared by the parsers of all commands: the format of their help, common arguments and their types."""

from __future__ import annotations

import argparse
from pathlib import Path

EXIT_CODES = """\
exit codes:
  0    done
  1    a question has no answer, or something could not be written, committed or shown
  2    wrong usage, or mistakes in questions/, cdk.json or another file that was named
  3    AWS error (credentials, quota, or the stack is not deployed)
  70   a bug in qabot; QABOT_DEBUG=1 shows where
  130  interrupted; the answers so far are written"""

# argparse has no public name for what add_subparsers returns.
Commands = argparse._SubParsersAction  # noqa: SLF001


def add_command(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    description: str,
    examples: str,
) -> argparse.ArgumentParser:
    """Add a command, with its help.

    Args:
        commands: what `add_subparsers` returned.
        name: the command.
        summary: its line in the list of commands; without a full stop.
        description: further sentences.
        examples: commands as they are typed, one per line.
    """
    shown = "\n".join(f"  {line}" for line in examples.splitlines())
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {description}",
        epilog=f"examples:\n{shown}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # Suppressed, or it would overwrite a --root before the command.
    add_root(parser, default=argparse.SUPPRESS)
    return parser


def add_root(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add `--root`, which may be given before or after the command."""
    parser.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        default=default,
        help="the repository (default: the nearest folder upwards that has questions/)",
    )


def add_globs(parser: argparse.ArgumentParser) -> None:
    """Add the argument for question files."""
    parser.add_argument(
        "globs",
        nargs="*",
        metavar="FILE",
        help="question files or glob patterns, with or without questions/ and .yaml (default: all)",
    )


def add_documents(
    parser: argparse.ArgumentParser, instead_of_context: argparse.Action | None = None
) -> None:
    """Add the option for documents.

    Args:
        parser: of the command.
        instead_of_context: a positional argument that is not required where documents are given.
    """

    class Documents(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,  # noqa: ARG002
            namespace: argparse.Namespace,
            values: object,
            option_string: str | None = None,  # noqa: ARG002
        ) -> None:
            namespace.documents = [*namespace.documents, values]
            if instead_of_context is not None:
                instead_of_context.required = False

    parser.add_argument(
        "--documents",
        action=Documents,
        default=[],
        metavar="GLOB",
        help="documents: a path below documents/, with * ? and **; can be repeated",
    )


def add_timeline(parser: argparse.ArgumentParser) -> None:
    """Add the option for the file in which a run's events are recorded."""
    parser.add_argument(
        "--timeline",
        type=Path,
        metavar="FILE",
        help="record the run's events in FILE, to show with `qabot site --timeline`",
    )


def positive(text: str) -> int:
    """Parse an argument that is a positive integer."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive integer")
    return number
