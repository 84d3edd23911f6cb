"""What the parsers of all commands share: the look of their help, and types of arguments."""

from __future__ import annotations

import argparse

EXIT_CODES = """\
exit codes: 0 done; 1 some question has no answer; 2 usage, or mistakes in questions/;
3 the cloud refused; 130 interrupted"""

# argparse has no public name for what add_subparsers gives.
Commands = argparse._SubParsersAction  # noqa: SLF001


def add_command(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    description: str,
    examples: str,
) -> argparse.ArgumentParser:
    """Add a command whose help teaches it.

    Args:
        commands: what `add_subparsers` gave.
        name: the command.
        summary: what it does, as part of a list; without a full stop.
        description: what else there is to know.
        examples: commands as they are typed, a line each.
    """
    shown = "\n".join(f"  {line}" for line in examples.splitlines())
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {description}",
        epilog=f"examples:\n{shown}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def positive(text: str) -> int:
    """A whole number of 1 or more, as an argument."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 1 or more")
    return number
