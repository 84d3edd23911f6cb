"""`qabot check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qabot.console.text import count
from qabot.errors import QuestionsError
from qabot.questions import schema as fields
from qabot.questions.read import read_questions
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter


def check(args: argparse.Namespace, report: Reporter) -> int:
    """Tell every mistake in `questions/`.

    Args:
        args: `root` and `schema`.
        report: told how many files are right.

    Raises:
        QuestionsError: there are mistakes.
    """
    if args.schema:
        sys.stdout.write(fields.schema())
        return 0
    questions = read_questions(find_root(args.root))
    if questions.problems:
        raise QuestionsError(questions.problems)
    total = sum(len(one.questions) for one in questions.sets)
    report.note(f"{count(total, 'question')} in {count(len(questions.sets), 'file')}, no mistakes")
    return 0
