"""`qabot plan`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.commands.arguments import Command, flag, option
from qabot.commands.selection import SelectedOptions, prepare
from qabot.errors import QuestionsError
from qabot.github import job_summary
from qabot.run import plan_text

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions(SelectedOptions):
    """The options of `qabot plan`."""

    format: str = option("--format", None, "text", choices=tuple(plan_text.FORMATS))
    summary: bool = flag("--summary", "add the plan to GitHub's job summary, too")


def plan(options: PlanOptions, report: Reporter) -> int:
    """Print what a run would do.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the plan for the rest is printed.
    """
    prepared = prepare(options, report)
    estimate = prepared.estimate()
    sys.stdout.write(plan_text.FORMATS[options.format](prepared.plan, estimate))
    sys.stdout.flush()
    if options.summary:
        job_summary.append(plan_text.as_markdown(prepared.plan, estimate))
    if prepared.questions.problems:
        raise QuestionsError(prepared.questions.problems)
    return 0


COMMAND = Command(
    PlanOptions,
    plan,
    "Lists the questions that would be asked and the answers that would be removed.",
    "qabot plan --format markdown  for a pull request's summary",
    without=("fargate",),
)
