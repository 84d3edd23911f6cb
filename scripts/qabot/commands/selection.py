"""The selected questions of a command, and the plan for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.commands.arguments import add_globs
from qabot.commands.engine_options import EngineOptions, make_engine
from qabot.deployment.settings import read_settings
from qabot.questions.read import read_questions
from qabot.repository import find_root
from qabot.run import shard as shards
from qabot.run.estimate import Estimate, on_fargate, on_runner
from qabot.run.plan import Plan, make_plan

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.errors import Problem
    from qabot.questions.read import Questions
    from qabot.timeline.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected questions of a repository.

    Args:
        root: the repository; None for the nearest one upwards.
        globs: question files; empty for all.
        force: answer again, even if an up-to-date answer exists.
        shard: a part, as `I/N`; empty for all.
    """

    root: Path | None = None
    globs: tuple[str, ...] = ()
    force: bool = False
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The questions, engine and plan of a command.

    Args:
        root: the repository.
        questions: all questions of the repository.
        engine: of the run.
        plan: for the selected ones.
        engine_name: `runner` or `fargate`.
    """

    root: Path
    questions: Questions
    engine: Engine
    plan: Plan
    engine_name: str

    def estimate(self) -> Estimate:
        """The time and money that the plan takes."""
        if self.engine_name == "runner":
            return on_runner(self.plan.requests)
        return on_fargate(self.plan.requests, read_settings(self.root))


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `selection` reads."""
    add_globs(parser)
    parser.add_argument(
        "--force", action="store_true", help="answer again, even if an up-to-date answer exists"
    )
    parser.add_argument(
        "--shard",
        default="",
        metavar="I/N",
        help="only part I of N, for N machines that share the question files",
    )


def selection(args: argparse.Namespace) -> Selection:
    """The options of a command that has the arguments of `add_selection`."""
    return Selection(args.root, tuple(args.globs), args.force, args.shard)


def with_passages(root: Path, questions: Questions, warn: Callable[[Problem], None]) -> Questions:
    """Add the passages to read to the questions about documents.

    Args:
        root: the repository.
        questions: what `questions/` holds.
        warn: called with each document that cannot be read.
    """
    if not questions.about_documents:
        return questions
    from qabot.documents.choose import choose

    return choose(root, questions, warn)


def prepare(
    selected: Selection,
    options: EngineOptions,
    report: Reporter,
    recorder: Recorder | None = None,
) -> Prepared:
    """Read the questions, make the engine, and plan.

    Args:
        selected: the questions.
        options: of the engine.
        report: receives messages of the engine.
        recorder: records the run's events.

    Raises:
        UsageError: the options do not go together, or select nothing.
        ModelError: the model directory cannot be read.
        SettingsError: `cdk.json` has mistakes.
    """
    root = find_root(selected.root)
    questions = with_passages(root, read_questions(root), report.warning)
    engine = make_engine(root, options, report, recorder, force=selected.force)
    shard = shards.parse(selected.shard)
    plan = make_plan(
        root, questions, engine.model, selected.globs, force=selected.force, shard=shard
    )
    return Prepared(root, questions, engine, plan, options.engine)
