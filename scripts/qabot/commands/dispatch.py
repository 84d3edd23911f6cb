"""`qabot dispatch`: run the request of the form on GitHub."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from qabot.commands.answer import AnswerOptions, answer
from qabot.commands.arguments import Command
from qabot.commands.selection import Selection
from qabot.errors import UsageError
from qabot.questions.add import add_question
from qabot.questions.read import question_files
from qabot.repository import find_root
from qabot.run.plan import select

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qabot.console.reporter import Reporter


def run(options: AnswerOptions, report: Reporter) -> int:
    """Run `qabot dispatch`."""
    environ = os.environ
    selected = Selection(
        globs=globs(environ.get("ASK_GLOB", ""), options.root),
        force=environ.get("ASK_FORCE", "") == "true",
        shard=environ.get("ASK_SHARD", ""),
    )
    dry_run = environ.get("ASK_DRY_RUN", "") == "true"
    return dispatch(replace(options, selected=selected, dry_run=dry_run), environ, report)


def globs(text: str, root: Path | None) -> tuple[str, ...]:
    """The files in the form's field: one name, or several, split as in a shell.

    Args:
        text: of the field; a name with spaces must be in quotes, unless it is the only one.
        root: the repository; None for the nearest one upwards.
    """
    try:
        select(question_files(find_root(root)), [text.strip()])
    except UsageError:
        try:
            return tuple(shlex.split(text))
        except ValueError:  # a quote that is not closed
            return tuple(text.split())
    return (text.strip(),)


def dispatch(options: AnswerOptions, environ: Mapping[str, str], report: Reporter) -> int:
    """Add the question of the form, if there is one, then answer.

    Args:
        options: of the run; the question's file is added to what it selects.
        environ: has `ASK_CONTEXT` and `ASK_QUESTION`.
        report: receives messages.

    Raises:
        UsageError: only one of context and question is given.
    """
    context, question = environ.get("ASK_CONTEXT", ""), environ.get("ASK_QUESTION", "")
    if context.strip() or question.strip():
        if not context.strip() or not question.strip():
            raise UsageError("to ask a question, give both a context and a question")
        source = add_question(find_root(options.root), context, question)
        report.note(f"wrote {source}")
        selected = replace(options.selected, globs=(*options.selected.globs, source))
        options = replace(options, selected=selected)
    return answer(options, report)


COMMAND = Command(
    AnswerOptions,
    run,
    "Reads ASK_CONTEXT and ASK_QUESTION (a question to add to questions/asked/), ASK_GLOB, "
    "ASK_FORCE, ASK_DRY_RUN and ASK_SHARD from the environment, where a shell cannot interpret "
    "them, and answers. The workflows call this.",
    'ASK_CONTEXT="It was 1921." ASK_QUESTION="When was it?" qabot dispatch',
    without=("selected", "dry_run"),
)
