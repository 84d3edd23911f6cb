"""`qabot check`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.commands.arguments import Command, Options, flag
from qabot.console.text import count
from qabot.errors import QuestionsError
from qabot.questions import schema as fields
from qabot.questions.read import read_questions
from qabot.repository import find_root

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions(Options):
    """The options of `qabot check`."""

    schema: bool = flag("--schema", "print the JSON Schema of question files")


def check(options: CheckOptions, report: Reporter) -> int:
    """Report every mistake in `questions/`.

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


COMMAND = Command(
    CheckOptions,
    check,
    "Reports every mistake in every file, with its line and what to do. On GitHub they become "
    "annotations.",
    "qabot check",
)
