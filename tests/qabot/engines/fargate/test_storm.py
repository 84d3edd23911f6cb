"""Dozens of questions while a quarter of everything fails, in every way at the same time.

The seed decides which task fails how, as far as threads allow; the result must be right for any seed:
    QABOT_STORM_SEED=7 python -m pytest tests/qabot/engines/fargate/test_storm.py
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from qabot.answers.model import Failure
from qabot.engines.fargate.timing import Pace
from tests.qabot.engines.fargate.bench import (
    SETTINGS,
    deployed,
    engine,
    expected,
    launched_keys_of,
    make_requests,
)  # fmt: skip
from tools.emulator import ApiError, Faults, LoseReply, Refuse, TaskFault
from tools.emulator.typical_faults import (
    CRASHED,
    HANGS,
    IMAGE_NOT_PULLED,
    NEVER_STARTED,
    OUT_OF_MEMORY,
    SPOT_INTERRUPTED,
    THROTTLED,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.emulator.calls import Call
    from tools.emulator.task import Task

SEED = int(os.environ.get("QABOT_STORM_SEED", "1"))
ENDED = "EssentialContainerExited"
EXITED = "Essential container in task exited"
# Each costs its question one more task.
PASSING = {
    "never": NEVER_STARTED,
    "hangs": HANGS,
    "out of memory": OUT_OF_MEMORY,
    "out of memory, exit 0": TaskFault(
        stop_code=ENDED, stopped_reason="OutOfMemoryError: memory usage", exit_code=0
    ),
    "spot": SPOT_INTERRUPTED,
    "crash": CRASHED,
    "silent": TaskFault(stop_code=ENDED, stopped_reason=EXITED, exit_code=0),
    "registry": TaskFault(
        starts=False,
        stop_code="TaskFailedToStart",
        stopped_reason="CannotPullContainerError: dial tcp: i/o timeout",
    ),
}
# The answer is written before the task is reported as failed: it is kept.
LATE = TaskFault(finishes=True, stop_code=ENDED, stopped_reason=EXITED, exit_code=1)
REFUSALS: Mapping[str, Any] = {
    "throttled": THROTTLED,
    "throttled, wrapped": ApiError(
        "InvalidParameterException",
        "Error retrieving subnet information for [subnet-1]: Rate exceeded",
    ),
    "no capacity": [{"reason": "Capacity is unavailable at this time"}],
    "quota": [{"reason": "You've reached the limit on the number of vCPUs you can run"}],
}
OF_A_CALL = {"ecs:RunTask": 0.05, "ecs:DescribeTasks": 0.1, "ecs:StopTask": 0.0}
OF_ANOTHER_CALL = 0.03
# Evenly distributed over the faults of a launch or a task.
OF_A_LAUNCH = 0.08
OF_A_TASK = 0.25
OF_TASKS = [*PASSING, "late", "image"]


class Storm(Faults):
    """Faults in a quarter of the tasks, some calls of every kind, and some launches."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.met: Counter[str] = Counter()
        self._injected: set[tuple[str, str]] = set()

    def _roll(self, rate: float) -> bool:
        with self._lock:
            return self._random.random() < rate

    def _choose(self, names: Any, keys: Sequence[str] = ()) -> str | None:
        with self._lock:
            name = str(self._random.choice(sorted(names)))
            # Never inject the same fault twice into one question: a question survives one failure of
            # each kind, but not always two, and the result would be random.
            faults = {(key, name) for key in keys}
            if faults & self._injected:
                return None
            self._injected |= faults
            self.met[name] += 1
            return name

    def on_call(self, call: Call) -> Refuse | LoseReply | None:
        service = call.kind.partition(":")[0]
        if service not in ("ecs", "dynamodb") or call.action == "CreateTable":
            return None
        if not self._roll(OF_A_CALL.get(call.kind, OF_ANOTHER_CALL)):
            return None
        if service == "ecs" and call.action == "DescribeTasks":
            return Refuse(THROTTLED)
        if service == "ecs" or self._roll(0.5):
            return LoseReply()
        return Refuse(ApiError("ProvisionedThroughputExceededException", "Slow down"))

    def on_launch(self, _: Mapping[str, Any]) -> ApiError | list[dict[str, str]] | None:
        name = self._choose(REFUSALS) if self._roll(OF_A_LAUNCH) else None
        refusal: ApiError | list[dict[str, str]] | None = REFUSALS.get(name or "")
        return refusal

    def on_start(self, task: Task) -> TaskFault | None:
        if not self._roll(OF_A_TASK):
            return None
        name = self._choose(OF_TASKS, launched_keys_of(task))
        return {**PASSING, "late": LATE, "image": IMAGE_NOT_PULLED}.get(name or "")


@pytest.mark.parametrize("each", [1, 4])
def test_nothing_is_lost_or_doubled_in_a_storm(monkeypatch: pytest.MonkeyPatch, each: int) -> None:
    requests = make_requests(60)
    storm = Storm(SEED)
    # Few parallel tasks, so that none waits for a thread of this machine as long as one that hangs.
    pace = Pace(poll=0.1, describe=0.3, start=10, settle=2, retry=0.05)
    with deployed(monkeypatch, faults=storm) as cloud:
        settings = replace(SETTINGS, spot=True, questions_per_task=each)
        results = list(engine(settings, pace=pace, timeout=110, max_tasks=24).answer(requests))
        cloud.wait_idle()
    right = expected(requests)
    assert sorted(result.key for result in results) == sorted(right)
    failures = [result for result in results if isinstance(result, Failure)]
    for result in results:
        assert result in failures or result == right[result.key]
    for failure in failures:
        assert failure.kind == "image-missing", (
            "only what cannot pass may fail; QABOT_STORM_SEED repeats this storm"
        )
        assert "manifest unknown" in failure.evidence["stopped_reason"]
    assert {task.desired for task in cloud.tasks} == {"STOPPED"}
    if each == 1:
        assert len(failures) == storm.met["image"]
        assert sum(storm.met.values()) > 12, "too few faults"
        assert len(cloud.tasks) == len(requests) + sum(storm.met[name] for name in PASSING)
    else:  # a task that never starts fails all its questions
        assert len(failures) <= each * storm.met["image"]
