"""`qabot plan`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qabot.commands.arguments import Commands, add_command
from qabot.commands.engine_options import EngineOptions, add_engine, engine_choice
from qabot.commands.selection import Selection, add_selection, prepare, selection
from qabot.errors import QuestionsError
from qabot.github import job_summary
from qabot.run import plan_text

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The options of `qabot plan`.

    Args:
        selected: the questions.
        engine: of the run.
        format: `text`, `markdown` or `json`.
        summary: add the plan to the job summary, too.
    """

    selected: Selection = field(default_factory=Selection)
    engine: EngineOptions = field(default_factory=EngineOptions)
    format: str = "text"
    summary: bool = False


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "plan",
        summary,
        "Lists the questions that would be asked and the answers that would be removed.",
        "qabot plan --format markdown  for a pull request's summary",
    )
    add_selection(parser)
    add_engine(parser)
    parser.add_argument("--format", choices=tuple(plan_text.FORMATS), default="text")
    parser.add_argument(
        "--summary", action="store_true", help="add the plan to GitHub's job summary, too"
    )


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot plan`."""
    return plan(
        PlanOptions(selection(args), engine_choice(args), args.format, args.summary), report
    )


def plan(options: PlanOptions, report: Reporter) -> int:
    """Print what a run would do.

    Args:
        options: of the command.
        report: receives messages of the engine.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the plan for the rest is printed.
    """
    prepared = prepare(options.selected, options.engine, report)
    estimate = prepared.estimate()
    sys.stdout.write(plan_text.FORMATS[options.format](prepared.plan, estimate))
    sys.stdout.flush()
    if options.summary:
        job_summary.append(plan_text.as_markdown(prepared.plan, estimate))
    if prepared.questions.problems:
        raise QuestionsError(prepared.questions.problems)
    return 0
