"""`qabot answer` and `qabot plan`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from qabot.answers.model import Answer, Failure
from qabot.console.text import count
from qabot.deployment.settings import read_settings
from qabot.engines.recorded import Recorded
from qabot.engines.runner import BUNDLED, RunnerEngine
from qabot.errors import QuestionsError, UsageError
from qabot.github import job_summary as summary
from qabot.questions.read import read_questions
from qabot.repository import find_root
from qabot.run import plan_text as plan_report
from qabot.run import shard as shards
from qabot.run.estimate import Estimate, on_fargate, on_runner
from qabot.run.plan import Plan, make_plan
from qabot.run.reconcile import Outcome, reconcile, tell
from qabot.timeline import file as timeline_file
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from qabot.answers.model import Result
    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.questions.read import Questions
    from qabot.timeline.events import Timeline

# Of a pull request; whoever asks more sees how the first ones fare.
_MOST_PREVIEWED = 200


def plan(args: argparse.Namespace, report: Reporter) -> int:
    """Print what a run would do.

    Args:
        args: `root`, `globs`, `force`, `shard`, `format`, `summary`, and what `choose_engine` takes.
        report: for what the engine says.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the plan for the rest is printed.
    """
    root, questions, _, made = _prepare(args, report)
    estimate = _estimate(args, root, made)
    sys.stdout.write(plan_report.FORMATS[args.format](made, estimate))
    sys.stdout.flush()
    if args.summary:
        summary.append(plan_report.as_markdown(made, estimate))
    if questions.problems:
        raise QuestionsError(questions.problems)
    return 0


def answer(args: argparse.Namespace, report: Reporter) -> int:
    """Make `answers/` what `questions/` asks for.

    Files with mistakes are left out, and told at the end: they must not keep the others waiting.

    Args:
        args: `root`, `globs`, `force`, `shard`, `dry_run`, `timeline`, and what `choose_engine`
            takes.
        report: told what happens.

    Returns:
        1 where a question has no answer.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the rest is answered.
        Interrupted: Ctrl-C or SIGTERM.
        TimelineError: the file that `timeline` names can't be written.
    """
    recorder = Recorder(args.engine)
    root, questions, engine, made = _prepare(args, report, recorder)
    code = 0
    if args.dry_run:
        sys.stdout.write(plan_report.as_text(made, _estimate(args, root, made)))
        sys.stdout.flush()
    else:
        if args.timeline is not None:
            timeline_file.prepare(args.timeline)
        outcome = Outcome()
        results: dict[str, Result] = {}
        engine = Recorded(engine, recorder)
        try:
            reconcile(root, made, engine, report, outcome=outcome, results=results)
        finally:
            cost, timeline = _cost(args, root, made), recorder.timeline()
            summary.append(summary.render(made, results, outcome, cost, timeline=timeline))
            summary.set_output("unfinished", is_unfinished(results, outcome))
            if args.timeline is not None:
                _keep(timeline, args.timeline, report)
        _tell(outcome, made.total, report)
        code = 1 if outcome.failed else 0
    if questions.problems:
        raise QuestionsError(questions.problems)
    return code


def _keep(timeline: Timeline, path: Path, report: Reporter) -> None:
    """Write a run's timeline; the run itself went as it went, whether that succeeds or not."""
    try:
        timeline_file.write(path, timeline)
    except timeline_file.TimelineError as error:
        report.warning(str(error))
    else:
        summary.set_output("timeline", timeline.questions > 0)


def preview(args: argparse.Namespace, report: Reporter) -> int:
    """Answer on this machine what the engine would be asked, into the job summary; write nothing else.

    Args:
        args: `root`, `globs`, `force`, `shard`, and what `choose_engine` takes.
        report: told every answer.

    Returns:
        1 where a question that was tried has no answer.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the rest is tried.
    """
    _, questions, _, made = _prepare(args, report)
    requests = made.requests[:_MOST_PREVIEWED]
    outcome = Outcome(asked=len(requests))
    results: dict[str, Result] = dict(made.fresh)
    by_key = {key: question for one in made.sets for question, key in one.questions}
    started = time.monotonic()
    with report.progress(len(requests), "Previewing") as progress:
        for result in RunnerEngine().answer(requests):
            results[result.key] = result
            asked = by_key[result.key]
            progress.advance(f"{asked.source}: {asked.question} → {tell(result)}")
            outcome.answered += isinstance(result, Answer)
    outcome.seconds = time.monotonic() - started
    outcome.failed = outcome.asked - outcome.answered
    report.note(f"previewed {outcome.answered} of {count(len(made.requests), 'question')}")
    summary.append(summary.render(made, results, outcome, title="Preview by the bundled model"))
    if questions.problems:
        raise QuestionsError(questions.problems)
    return 1 if outcome.failed else 0


def _prepare(
    args: argparse.Namespace, report: Reporter, recorder: Recorder | None = None
) -> tuple[Path, Questions, Engine, Plan]:
    """What the commands here begin with: the repository, its questions, the engine and the plan."""
    root = find_root(args.root)
    questions = read_questions(root)
    engine = choose_engine(args, root, report, recorder)
    shard = shards.parse(args.shard)
    made = make_plan(root, questions, engine.model, args.globs, force=args.force, shard=shard)
    return root, questions, engine, made


def choose_engine(
    args: argparse.Namespace, root: Path, report: Reporter, recorder: Recorder | None = None
) -> Engine:
    """The engine that a command line asks for; nothing is loaded or called yet.

    Args:
        args: `engine` and `model`, and what the fargate engine takes.
        root: the repository.
        report: told what the engine does.
        recorder: told when.

    Raises:
        UsageError: they don't go together.
        ModelError: the model directory is none.
        SettingsError: `cdk.json` has mistakes.
    """
    if args.engine == "runner":
        return RunnerEngine(args.model or BUNDLED, recorder)
    if args.model is not None:
        raise UsageError("--model is the runner engine's; cdk.json names the fargate engine's")
    from qabot.commands import cloud

    return cloud.make_engine(root, args, report, recorder)


def _estimate(args: argparse.Namespace, root: Path, made: Plan) -> Estimate:
    if args.engine == "runner":
        return on_runner(made.requests)
    return on_fargate(made.requests, read_settings(root))


def is_unfinished(results: Mapping[str, Result], outcome: Outcome) -> bool:
    """Whether time ran out over a run that got on: then another one goes on from there.

    Args:
        results: what is known after the run, by key.
        outcome: what it came to.
    """
    late = any(isinstance(one, Failure) and one.kind == "timeout" for one in results.values())
    return late and outcome.answered > 0


def _cost(args: argparse.Namespace, root: Path, made: Plan) -> str:
    estimate = _estimate(args, root, made)
    return f"about ${estimate.dollars:.2f} on Fargate" if estimate.tasks else ""


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
