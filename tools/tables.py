"""Tables of the documents, made from the code: cog writes them, `scripts/check` compares them.

`scripts/check --fix` writes them again. Each function here returns the Markdown of one table.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from qabot.cli import COMMANDS
from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings import Settings
from qabot.engines.fargate.failures import ALWAYS, CLASSES
from qabot.questions import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SIZES = {
    "1 vCPU, 4 GB (the default)": (1024, 4096),
    "1 vCPU, 2 GB": (1024, 2048),
    "0.5 vCPU, 1 GB": (512, 1024),
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def commands() -> str:
    """Every command and what it does."""
    return _table(
        ["command", "does"],
        ([f"[`qabot {name}`](#qabot-{name})", summary] for name, summary in COMMANDS.items()),
    )


def sizes() -> str:
    """Memory sizes of a Fargate task, for each CPU size."""
    rows = [[str(cpu), fargate.describe_sizes(memories)] for cpu, memories in fargate.SIZES.items()]
    return _table(["`cpu`", "`memory`"], rows)


def settings() -> str:
    """Every setting of `cdk.json`, its default and its explanation."""
    return _table(
        ["setting", "default", "is"],
        (
            [
                f"`{setting.name}`",
                f"`{_json(setting.default)}`",
                str(setting.metadata["explanation"]).replace("|", r"\|"),
            ]
            for setting in fields(Settings)
        ),
    )


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def cost() -> str:
    """What a thousand questions cost, one per task, on a few sizes of tasks."""
    seconds = fargate.BILLED_STARTUP_SECONDS + fargate.ANSWER_SECONDS
    return _table(
        ["size of a task", "x86_64", "arm64", "Spot, at best (x86_64)"],
        (
            [
                name,
                f"${fargate.cost(cpu, memory, seconds, tasks=1000):.2f}",
                f"${fargate.cost(cpu, memory, seconds, 'arm64', tasks=1000):.2f}",
                f"${fargate.cost(cpu, memory, seconds, tasks=1000, spot=True):.2f}",
            ]
            for name, (cpu, memory) in _SIZES.items()
        ),
    )


def failures() -> str:
    """Every kind of failure of the fargate engine, and what the engine does about it."""
    attempts = {0: "none", ALWAYS: "until the run's time is over"}
    return _table(
        ["kind", "what happened", "further attempts", "for them"],
        (
            [
                f"`{class_.kind}`",
                class_.happened,
                attempts.get(class_.retries, str(class_.retries)),
                class_.remedy.value if class_.retries else "",
            ]
            for class_ in CLASSES.values()
        ),
    )


def _limit(field: schema.Field) -> str:
    if isinstance(field, schema.Text):
        return f"{field.longest:,} characters"
    return f"{field.most} items" if isinstance(field, schema.TextList) else "`true` or `false`"


def question_fields() -> str:
    """Every key of a question."""
    return _table(
        ["key", "is", "at most"],
        (
            [
                f"`{name}`",
                field.about,
                _limit(field),
            ]
            for name, field in schema.QUESTION_FIELDS.items()
        ),
    )
