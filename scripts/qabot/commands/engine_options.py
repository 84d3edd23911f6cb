"""The options of the engines, and making the chosen one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import positive
from qabot.engines.runner import RunnerEngine
from qabot.errors import UsageError
from qabot.models.local import configured_model

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.engines.fargate.engine import FargateEngine
    from qabot.timeline.recorder import Recorder


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The chosen engine and its options.

    Args:
        engine: `runner` or `fargate`.
        model: the runner engine's model directory; None for the model of `cdk.json`.
        max_tasks: Fargate tasks in flight; None for the setting of `cdk.json`.
        timeout: of a run of the fargate engine, seconds; None for the default.
        run: name of a run of the fargate engine; None for a random name.
    """

    engine: str = "runner"
    model: Path | None = None
    max_tasks: int | None = None
    timeout: int | None = None
    run: str | None = None


def add_engine_name(parser: argparse.ArgumentParser) -> None:
    """Add `--engine`."""
    parser.add_argument(
        "--engine",
        choices=("runner", "fargate"),
        default="runner",
        help="answer on this machine (runner, the default) or with one Fargate task per question",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add `--engine` and `--model`, for `engine_choice`."""
    add_engine_name(parser)
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="the runner engine's model directory (default: the model that cdk.json names)",
    )


def engine_choice(args: argparse.Namespace) -> EngineOptions:
    """The options of a command that has the arguments of `add_engine`."""
    return EngineOptions(args.engine, args.model)


def add_engine_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command that runs an engine, for `engine_run`."""
    add_engine(parser)
    group = parser.add_argument_group("fargate engine")
    group.add_argument(
        "--max-tasks",
        type=positive,
        metavar="N",
        help="tasks in flight (default: the setting in cdk.json)",
    )
    group.add_argument(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        help="stop the run after this many seconds (default: 3300)",
    )
    group.add_argument(
        "--run", metavar="NAME", help="name the run, for `qabot reap` (default: a random name)"
    )


def engine_run(args: argparse.Namespace) -> EngineOptions:
    """The options of a command that has the arguments of `add_engine_run`."""
    return EngineOptions(args.engine, args.model, args.max_tasks, args.timeout, args.run)


def make_engine(
    root: Path,
    options: EngineOptions,
    report: Reporter,
    recorder: Recorder | None = None,
    *,
    force: bool = False,
) -> Engine:
    """Make the chosen engine; nothing is loaded or called yet.

    Args:
        root: the repository.
        options: of the command line.
        report: receives messages of the engine.
        recorder: records the run's events.
        force: answer again even if the fargate engine's table has the answer.

    Raises:
        UsageError: the options do not go together.
        ModelError: the model directory cannot be read.
        SettingsError: `cdk.json` has mistakes.
    """
    if options.engine == "runner":
        return RunnerEngine(configured_model(root, options.model), recorder, report.note)
    if options.model is not None:
        raise UsageError(
            "--model is only for the runner engine; the fargate engine's model is set in cdk.json"
        )
    return make_fargate_engine(root, options, report, recorder, force=force)


def make_fargate_engine(
    root: Path,
    options: EngineOptions,
    report: Reporter,
    recorder: Recorder | None = None,
    *,
    force: bool = False,
) -> FargateEngine:
    """Make the fargate engine; AWS is not called yet.

    Args:
        root: the repository.
        options: of the command line.
        report: receives messages of the engine.
        recorder: records the run's events.
        force: answer again even if the table has the answer.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ModelError: `cdk.json` names the bundled model, which cannot be read.
        UsageError: the run's name is invalid.
    """
    from qabot.deployment.settings import read_settings
    from qabot.engines.fargate.engine import DEFAULT_TIMEOUT, FargateEngine, RunOptions

    settings = read_settings(root)
    return FargateEngine(
        settings,
        settings.model_identity,
        RunOptions(
            run=options.run,
            force=force,
            max_tasks=options.max_tasks,
            timeout=options.timeout or DEFAULT_TIMEOUT,
        ),
        note=report.note,
        mask=report.mask,
        recorder=recorder,
    )
