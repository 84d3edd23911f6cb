"""`qabot answer`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import Command, flag, option
from qabot.commands.selection import Prepared, SelectedOptions, prepare
from qabot.console.text import count
from qabot.engines.recorded import Recorded
from qabot.errors import QuestionsError
from qabot.github import job_summary as summary
from qabot.run import plan_text
from qabot.run.reconcile import Outcome, reconcile
from qabot.timeline import file as timeline_file
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter
    from qabot.timeline.events import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions(SelectedOptions):
    """The options of `qabot answer`."""

    dry_run: bool = flag("--dry-run", "show the plan and change nothing")
    timeline: Path | None = option(
        "--timeline",
        "record the run's events in FILE, to show with `qabot site --timeline`",
        type=Path,
        metavar="FILE",
    )


def answer(options: AnswerOptions, report: Reporter) -> int:
    """Update `answers/` to match `questions/`.

    Files with mistakes are left out and reported last, so that the others are answered.

    Returns:
        1 where a question has no answer, or an answers file could not be written.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the rest is answered.
        Interrupted: Ctrl-C or SIGTERM.
        TimelineError: the timeline file cannot be written.
    """
    recorder = Recorder(options.engine.engine)
    prepared = prepare(options, report, recorder)
    note = prepared.questions.unread_note()
    if note is not None and not options.selected.globs:
        report.note(note)
    code = 0
    if options.dry_run:
        sys.stdout.write(plan_text.as_text(prepared.plan, prepared.estimate()))
        sys.stdout.flush()
    else:
        if options.timeline is not None:
            timeline_file.prepare(options.timeline)
        code = _reconcile(prepared, recorder, options.timeline, report)
    if prepared.questions.problems:
        raise QuestionsError(prepared.questions.problems)
    return code


def _reconcile(prepared: Prepared, recorder: Recorder, kept: Path | None, report: Reporter) -> int:
    outcome = Outcome()

    def conclude() -> None:
        timeline = recorder.timeline()
        cost = _cost(prepared)
        summary.append(summary.render(prepared.plan, outcome, cost, timeline=timeline))
        summary.set_output("answered", outcome.answered)
        summary.set_output("failed", outcome.failed)
        summary.set_output("unfinished", outcome.is_unfinished)
        if kept is not None:
            _keep(timeline, kept, report)

    try:
        engine = Recorded(prepared.engine, recorder)
        reconcile(prepared.root, prepared.plan, engine, report, outcome=outcome)
    except BaseException:
        try:
            conclude()
        except Exception as error:  # noqa: BLE001 - what stopped the run must not be hidden by it
            report.warning(f"the run's summary could not be written: {error}")
        raise
    conclude()
    _report(outcome, prepared.plan.total, report)
    return 1 if outcome.failed or outcome.unwritten else 0


def _keep(timeline: Timeline, path: Path, report: Reporter) -> None:
    """Write a run's timeline; the run's own result does not depend on it."""
    try:
        timeline_file.write(path, timeline)
    except timeline_file.TimelineError as error:
        report.warning(str(error))
    else:
        summary.set_output("timeline", timeline.questions > 0)


def _cost(prepared: Prepared) -> str:
    estimate = prepared.estimate()
    return f"about ${estimate.dollars:.2f} on Fargate" if estimate.tasks else ""


def _report(outcome: Outcome, total: int, report: Reporter) -> None:
    for path in outcome.written:
        report.note(f"wrote {path}")
    for path in outcome.removed:
        report.note(f"removed {path}: its questions are gone")
    if outcome.asked:
        rate = outcome.asked / max(outcome.seconds, 1e-9)
        report.note(
            f"answered {outcome.answered} of {count(outcome.asked, 'question')} in "
            f"{outcome.seconds:.1f} s ({rate:.0f} per second)"
        )
    elif outcome.written or outcome.removed:
        report.note("nothing to ask")
    else:
        report.note(_up_to_date(total))
    if outcome.doubtful:
        report.note(f"{count(outcome.doubtful, 'doubtful answer')}: see the pages in answers/")
    if outcome.expected:
        report.note(f"{outcome.met} of {count(outcome.expected, 'answer')} as expected")


def _up_to_date(total: int) -> str:
    if not total:
        return "there are no questions to answer"
    return "the question is up to date" if total == 1 else f"all {total:,} questions are up to date"


COMMAND = Command(
    AnswerOptions,
    answer,
    "An answer is up to date while its question, its context and the model stay the same. Answers "
    "whose question is gone are removed; nothing else is touched.",
    "qabot answer                  everything\n"
    "qabot answer einstein         questions/einstein.yaml\n"
    "qabot answer 'team-a/*'       the files in questions/team-a/\n"
    "qabot answer --force einstein answer again",
)
