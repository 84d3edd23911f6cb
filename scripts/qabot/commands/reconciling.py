"""`qabot answer` and `qabot plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qabot import plan_report
from qabot.cli import find_root
from qabot.engines.runner import BUNDLED, RunnerEngine
from qabot.errors import QuestionsError
from qabot.plan import make_plan
from qabot.questions import read_questions
from qabot.reconcile import Outcome, reconcile
from qabot.report import count

if TYPE_CHECKING:
    import argparse

    from qabot.report import Reporter


def plan(args: argparse.Namespace) -> int:
    """Print what a run would do.

    Args:
        args: `root`, `globs`, `force`, `model` and `format`.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the plan for the rest is printed.
    """
    root = find_root(args.root)
    questions = read_questions(root)
    engine = RunnerEngine(args.model or BUNDLED)
    made = make_plan(root, questions, engine.model, args.globs, force=args.force)
    sys.stdout.write(plan_report.FORMATS[args.format](made))
    sys.stdout.flush()
    if questions.problems:
        raise QuestionsError(questions.problems)
    return 0


def answer(args: argparse.Namespace, report: Reporter) -> int:
    """Make `answers/` what `questions/` asks for.

    Files with mistakes are left out, and told at the end: they must not keep the others waiting.

    Args:
        args: `root`, `globs`, `force`, `model` and `dry_run`.
        report: told what happens.

    Returns:
        1 where a question has no answer.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the rest is answered.
        Interrupted: Ctrl-C or SIGTERM.
    """
    root = find_root(args.root)
    questions = read_questions(root)
    engine = RunnerEngine(args.model or BUNDLED)
    made = make_plan(root, questions, engine.model, args.globs, force=args.force)
    code = 0
    if args.dry_run:
        sys.stdout.write(plan_report.as_text(made))
        sys.stdout.flush()
    else:
        outcome = reconcile(root, made, engine, report)
        _tell(outcome, made.total, report)
        code = 1 if outcome.failed else 0
    if questions.problems:
        raise QuestionsError(questions.problems)
    return code


def _tell(outcome: Outcome, total: int, report: Reporter) -> None:
    for path in outcome.written:
        report.note(f"wrote {path}")
    for path in outcome.removed:
        report.note(f"removed {path}: its questions are gone")
    if outcome.asked:
        rate = outcome.asked / max(outcome.seconds, 1e-9)
        report.note(
            f"answered {outcome.answered} of {outcome.asked} questions in {outcome.seconds:.1f} s "
            f"({rate:.0f} a second)"
        )
    elif outcome.written or outcome.removed:
        report.note("nothing to ask")
    else:
        report.note(f"nothing to do for {count(total, 'question')}")
    if outcome.doubtful:
        report.note(f"{count(outcome.doubtful, 'doubtful answer')}: look at the pages in answers/")
    if outcome.expected:
        report.note(f"{outcome.met} of {outcome.expected} answers are as expected")
