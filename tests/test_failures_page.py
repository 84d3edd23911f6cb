"""docs/failures.md is right about every kind of failure, every kill and every fuzz target."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from qabot.engines.fargate.failures import CLASSES, from_error, from_refusal, from_task
from tests.conftest import ROOT
from tests.qabot.engines.fargate.test_storm import (
    LATE,
    OF_A_CALL,
    OF_A_LAUNCH,
    OF_A_TASK,
    OF_ANOTHER_CALL,
    OF_TASKS,
    PASSING,
    REFUSALS,
)
from tools.fuzzing import targets

if TYPE_CHECKING:
    from tools.emulator import TaskFault

PAGE = (ROOT / "docs/failures.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    """The rows of the table that begins with a cell."""
    rows = PAGE[PAGE.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_class_is_there_in_the_order_of_the_code() -> None:
    assert [row[0].strip("`") for row in table("kind")] == list(CLASSES)


def of_task(fault: TaskFault) -> str:
    """The class that a task's fault has."""
    if fault.hangs:
        return "lease-expired"
    container = {"exitCode": fault.exit_code, "reason": fault.reason}
    task: dict[str, Any] = {
        "stopCode": fault.stop_code,
        "stoppedReason": fault.stopped_reason,
        "containers": [container] if fault.starts else [],
    }
    return from_task(task, None).kind


def of_launch(refusal: Any) -> str:
    """The class that a refusal has."""
    if isinstance(refusal, list):
        cause = from_refusal(refusal)
    else:
        from botocore.exceptions import ClientError

        said = {"Error": {"Code": refusal.code, "Message": refusal.message}}
        cause = from_error(ClientError(said, "RunTask"))  # type: ignore[arg-type]
    assert cause is not None
    return cause.kind


def percent(rate: float) -> str:
    return f"{100 * rate:g}%"


def test_the_rates_are_those_of_the_storm() -> None:
    rates = {row[0].strip("`"): row[1] for row in table("kind")}
    tasks = Counter(of_task(PASSING[name]) for name in PASSING)
    tasks["image-missing"] += 1
    launches = Counter(of_launch(refusal) for refusal in REFUSALS.values())
    expected = {
        **{k: f"{percent(OF_A_TASK * n / len(OF_TASKS))} of tasks" for k, n in tasks.items()},
        **{
            k: f"{percent(OF_A_LAUNCH * n / len(REFUSALS))} of launches"
            for k, n in launches.items()
        },
        "unreachable": f"{percent(OF_A_CALL['ecs:RunTask'])} of RunTask's replies",
        "table": f"{percent(OF_ANOTHER_CALL)} of calls",
    }
    assert {kind: rate for kind, rate in rates.items() if rate} == expected
    assert f"Another {percent(OF_A_TASK / len(OF_TASKS))} of the tasks" in PAGE
    assert LATE.finishes
    for rate in (OF_A_TASK, OF_A_LAUNCH, OF_A_CALL["ecs:DescribeTasks"]):
        assert percent(rate) in PAGE.split("```")[0]


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 25
    for file, name in named:
        paths = (ROOT / "tests").rglob(file)
        assert any(f"\ndef {name}(" in path.read_text(encoding="utf-8") for path in paths), (
            f"there is no {file} with {name}"
        )


def test_every_fuzz_target_is_there_and_holds_what_it_says() -> None:
    rows = {row[0].strip("`"): row[1] for row in table("target")}
    assert rows == {name: targets.load(name).holds for name in targets.NAMES}
