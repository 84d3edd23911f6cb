"""A run in a scratch repository, which every target that writes question or answer files makes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from qabot.console.reporter import Reporter
from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.run.estimate import on_runner
from qabot.run.plan import make_plan
from qabot.run.plan_text import FORMATS
from qabot.run.reconcile import reconcile
from qabot.site.data import gather
from qabot.site.page import render
from tests.qabot.scripted import ScriptedEngine

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.questions.read import Questions

MODEL = "m@1/s1"


def run_twice(root: Path) -> Questions:
    """Plan, answer and show the questions of a repository; the second run has nothing to do."""
    questions = read_questions(root)
    plan = make_plan(root, questions, MODEL)
    for form in FORMATS.values():
        form(plan, on_runner(plan.requests)).encode()
    _show(root, questions)
    reconcile(root, plan, ScriptedEngine(), Reporter(io.StringIO()))
    again = make_plan(root, read_questions(root), MODEL)
    assert again.requests == []
    assert not any(question_set.edited for question_set in again.sets)
    assert again.prune == []
    _show(root, questions)
    return questions


def _show(root: Path, questions: Questions) -> None:
    # Only names of files may be no Unicode.
    page = render(gather(root, questions), Links(), questions.sources)
    page.encode("utf-8", "surrogateescape")
