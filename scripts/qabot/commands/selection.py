"""The selected questions of a command, and the plan for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qabot.commands.arguments import Options, flag, group, option, positional
from qabot.commands.engine_options import EngineOptions, make_engine
from qabot.deployment.settings import read_settings
from qabot.documents.choose import choose
from qabot.questions.read import read_questions
from qabot.repository import find_root
from qabot.run import shard as shards
from qabot.run.estimate import Estimate, on_fargate, on_runner
from qabot.run.plan import Plan, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.questions.read import Questions
    from qabot.timeline.recorder import Recorder


def question_files() -> Any:
    """The field for globs of question files."""
    what = "question files or glob patterns, with or without questions/ and .yaml (default: all)"
    return positional(what, (), nargs="*", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selected questions of a repository."""

    globs: tuple[str, ...] = question_files()
    force: bool = flag("--force", "answer again, even if an up-to-date answer exists")
    shard: str = option(
        "--shard",
        "only part I of N, for N machines that share the question files",
        "",
        metavar="I/N",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedOptions(Options):
    """The options of a command that plans a run."""

    selected: Selection = group(Selection)
    engine: EngineOptions = group(EngineOptions)


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


def prepare(
    options: SelectedOptions, report: Reporter, recorder: Recorder | None = None
) -> Prepared:
    """Read the questions, make the engine, and plan.

    Args:
        options: of the command.
        report: receives messages of the engine.
        recorder: records the run's events.

    Raises:
        UsageError: the options do not go together, or select nothing.
        ModelError: the model directory cannot be read.
        SettingsError: `cdk.json` has mistakes.
    """
    root, selected = find_root(options.root), options.selected
    questions = choose(root, read_questions(root), report.warning)
    engine = make_engine(root, options.engine, report, recorder, force=selected.force)
    shard = shards.parse(selected.shard)
    plan = make_plan(
        root, questions, engine.model, selected.globs, force=selected.force, shard=shard
    )
    return Prepared(root, questions, engine, plan, options.engine.engine)
