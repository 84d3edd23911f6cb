"""The options of the engines, and making the chosen one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qabot.commands.arguments import group, option, positive
from qabot.engines.runner import RunnerEngine
from qabot.errors import UsageError
from qabot.models.local import configured_model

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.engines.fargate.engine import FargateEngine
    from qabot.timeline.recorder import Recorder


def engine_name() -> Any:
    """The field for the name of an engine."""
    return option(
        "--engine",
        "answer on this machine (runner, the default) or with one Fargate task per question",
        "runner",
        choices=("runner", "fargate"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateOptions:
    """The options of a run of the fargate engine."""

    max_tasks: int | None = option(
        "--max-tasks",
        "tasks in flight (default: the setting in cdk.json)",
        type=positive,
        metavar="N",
    )
    timeout: int | None = option(
        "--timeout",
        "stop the run after this many seconds (default: 3300)",
        type=positive,
        metavar="SECONDS",
    )
    run: str | None = option(
        "--run", "name the run, for `qabot reap` (default: a random name)", metavar="NAME"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """The chosen engine and its options."""

    engine: str = engine_name()
    model: Path | None = option(
        "--model",
        "the runner engine's model directory (default: the model that cdk.json names)",
        type=Path,
        metavar="DIR",
    )
    fargate: FargateOptions = group(FargateOptions, "fargate engine")


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
    return make_fargate_engine(root, options.fargate, report, recorder, force=force)


def make_fargate_engine(
    root: Path,
    options: FargateOptions,
    report: Reporter,
    recorder: Recorder | None = None,
    *,
    force: bool = False,
) -> FargateEngine:
    """Make the fargate engine, as `make_engine` does; AWS is not called yet.

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
