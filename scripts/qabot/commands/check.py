"""`qabot check`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.commands.arguments import Commands, add_command
from qabot.console.text import count
from qabot.errors import QuestionsError
from qabot.questions import schema as fields
from qabot.questions.read import read_questions
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of `qabot check`.

    Args:
        root: the repository; None for the nearest one upwards.
        schema: print the JSON Schema instead.
    """

    root: Path | None = None
    schema: bool = False


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "check",
        summary,
        "Reports every mistake in every file, with its line and what to do. On GitHub they become "
        "annotations.",
        "qabot check",
    )
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of question files"
    )


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot check`."""
    return check(CheckOptions(args.root, args.schema), report)


def check(options: CheckOptions, report: Reporter) -> int:
    """Report every mistake in `questions/`.

    Args:
        options: of the command.
        report: receives the numbers of questions and files.

    Raises:
        QuestionsError: there are mistakes.
    """
    if options.schema:
        sys.stdout.write(fields.schema())
        return 0
    questions = read_questions(find_root(options.root))
    note = questions.unread_note()
    if note is not None:
        report.note(note)
    if questions.problems:
        raise QuestionsError(questions.problems)
    total = sum(len(question_set.questions) for question_set in questions.sets)
    report.note(f"{count(total, 'question')} in {count(len(questions.sets), 'file')}, no mistakes")
    return 0
