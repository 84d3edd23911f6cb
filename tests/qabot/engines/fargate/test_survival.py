"""The fargate engine stopped, killed, run twice and denied: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from answerer.items import Status
from qabot.answers.model import Failure
from qabot.engines.fargate.engine import describe
from qabot.errors import CloudError
from tests.conftest import environ
from tests.qabot.engines.fargate.bench import (
    SETTINGS,
    deployed,
    engine,
    expected,
    launched_keys,
    make_requests,
    table_of,
)
from tools.emulator import ApiError, Faults, LoseReply, Refuse, TaskFault
from tools.emulator.cloud import ACCESS_KEY
from tools.emulator.lifecycle import Delays
from tools.emulator.typical_faults import HANGS, SPOT_INTERRUPTED, TaskFaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qabot.answers.model import Result
    from tools.emulator.calls import Call
    from tools.emulator.task import Task


KILLED = """
import sys
from dataclasses import replace
from tests.qabot.engines.fargate.bench import SETTINGS, engine, make_requests
settings = replace(SETTINGS, questions_per_task=int(sys.argv[1]))
list(engine(settings, max_tasks=2, run="killed").answer(make_requests(6)))
"""


def test_a_run_that_is_closed_stops_its_tasks_and_the_next_one_continues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = make_requests(12)
    with deployed(monkeypatch, delays=Delays(pending=0.3)) as cloud:
        first = engine(max_tasks=4)
        results = first.answer(requests)
        got = [next(results) for _ in range(3)]
        begun = time.monotonic()
        results.close()
        assert time.monotonic() - begun < 7.5, "GitHub waits 7.5 s after SIGINT"
        cloud.wait_idle()
        assert first.tally is not None
        assert "stopped" in describe(first.tally)
        answered = [item.key for item in table_of(cloud).scan() if item.status is Status.ANSWERED]
        launched = len(cloud.tasks)

        rest = list(engine().answer(requests))
        cloud.wait_idle()
        assert {result.key: result for result in rest} == expected(requests)
        again = set(launched_keys(cloud)[launched:])
        assert {result.key for result in got} <= set(answered)
        assert not again & set(answered), "an answered question was launched again"


class Killer(Faults):
    """Kills the run at its n-th call of a kind: before AWS receives it, or after."""

    def __init__(self, kind: str, number: int, *, heard: bool) -> None:
        self.kind, self.number, self.heard = kind, number, heard
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def on_call(self, call: Call) -> Refuse | LoseReply | None:
        if call.access_key != ACCESS_KEY or call.kind != self.kind:
            return None
        with self.lock:
            self.number -= 1
            if self.number or self.process is None:
                return None
            self.process.kill()
            self.process.wait()
        return LoseReply() if self.heard else Refuse(ApiError("ServerException", "", 503))


@pytest.mark.parametrize(
    ("kind", "number", "heard", "each"),
    [
        ("dynamodb:BatchGetItem", 1, True, 1),
        ("dynamodb:BatchWriteItem", 1, True, 1),
        ("dynamodb:UpdateItem", 1, False, 1),  # the first claim
        ("ecs:RunTask", 1, False, 1),
        ("ecs:RunTask", 3, True, 1),
        ("ecs:RunTask", 6, True, 1),
        ("dynamodb:BatchGetItem", 6, True, 1),
        ("dynamodb:UpdateItem", 2, True, 3),  # in the middle of a task's claims
        ("ecs:RunTask", 1, False, 3),
        ("ecs:RunTask", 2, True, 3),
    ],
)
def test_a_run_that_is_killed_leaves_what_the_next_one_takes_up(
    kind: str, number: int, heard: bool, each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = make_requests(6)
    killer = Killer(kind, number, heard=heard)
    with deployed(monkeypatch, faults=killer, delays=Delays(pending=0.3)) as cloud:
        with killer.lock:
            killer.process = subprocess.Popen(
                [sys.executable, "-c", KILLED, str(each)], env=environ()
            )
        assert killer.process.wait(60) == -signal.SIGKILL, "it ended before it could be killed"

        settings = replace(SETTINGS, questions_per_task=each)
        results = list(engine(settings, run="next").answer(requests))
        cloud.wait_idle()
        assert {result.key: result for result in results} == expected(requests)
        keys = launched_keys(cloud)
        assert len(keys) == len(set(keys)) == 6, "what ran or was answered was launched again"


def test_a_run_whose_joined_tasks_are_stopped_by_another_launches_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = make_requests(6)
    hang_first = TaskFaults(lambda _, number: HANGS if number <= len(requests) else None)
    with deployed(monkeypatch, faults=hang_first) as cloud:
        first, second = engine().answer(requests), engine().answer([requests[0]])
        starter = threading.Thread(target=lambda: next(first))
        starter.start()
        while len(cloud.tasks) < 6:
            time.sleep(0.01)
        waiting: list[Result] = []
        joiner = threading.Thread(target=lambda: waiting.extend(second))
        joiner.start()
        while cloud.client_calls()["ecs:RunTask"] < 7:  # it has found the task of the first run
            time.sleep(0.01)
        for task in cloud.tasks:
            cloud.stop(task, "UserInitiated", "qabot: the run was stopped")
        starter.join()
        joiner.join()
        first.close()
        cloud.wait_idle()
    assert waiting == [expected(requests)[requests[0].key]]


@pytest.mark.parametrize(
    "permission",
    [
        "cloudformation:DescribeStacks", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
        "dynamodb:UpdateItem", "ecs:RunTask", "ecs:DescribeTasks",
    ],
)  # fmt: skip
def test_a_missing_permission_ends_the_run_immediately_and_is_named(
    permission: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Denies(Faults):
        active = False

        def on_call(self, call: Call) -> Refuse | LoseReply | None:
            if not self.active or call.kind != permission or call.access_key != ACCESS_KEY:
                return None
            message = f"User: x is not authorized to perform: {permission} on resource: y"
            return Refuse(ApiError("AccessDeniedException", message))

    denies = Denies()
    with deployed(monkeypatch, faults=denies, delays=Delays(pending=0.5)) as cloud:
        denies.active = True
        with pytest.raises(CloudError, match=f"AWS denies {permission}.*grant it"):
            list(engine().answer(make_requests(3)))
        assert {task.desired for task in cloud.tasks} <= {"STOPPED"}, "tasks were left running"


def test_credentials_that_expire_end_the_run_and_the_next_one_continues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Expire(Faults):
        after = 10**9

        def on_call(self, call: Call) -> Refuse | LoseReply | None:
            if call.access_key != ACCESS_KEY:
                return None
            self.after -= 1
            expired = ApiError("ExpiredTokenException", "The security token has expired")
            return Refuse(expired) if self.after < 0 else None

    requests, expire = make_requests(12), Expire()
    with deployed(monkeypatch, faults=expire) as cloud:
        expire.after = 20
        with pytest.raises(CloudError, match="credentials have expired"):
            list(engine(max_tasks=4).answer(requests))
        expire.after = 10**9
        results = {result.key: result for result in engine().answer(requests)}
        cloud.wait_idle()
        assert results == expected(requests)
        assert len(cloud.tasks) == 12


def test_a_crash_keeps_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def program(argv: Sequence[str], _: Any) -> int:
        print(f"about to fall over {argv[:1]}")
        return 1

    with deployed(monkeypatch, program=program) as cloud:
        (failure,) = engine().answer(make_requests(1))
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.attempts) == ("crashed", 3)
        assert failure.evidence["log"] == "about to fall over ['--item-id']"
        assert failure.evidence["task"] == cloud.tasks[-1].arn
        assert failure.evidence["stopped_reason"] == "Essential container in task exited"
        assert "exit_code" in failure.evidence


def test_processes_that_spot_interrupts_say_so_and_the_answer_comes_on_demand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = make_requests(2)
    # SIGTERM, long before a process that has just started can have an answer.
    interrupted = replace(SPOT_INTERRUPTED, seconds=0.05)

    def on_spot(task: Task, _: int) -> TaskFault | None:
        return interrupted if task.capacity_provider == "FARGATE_SPOT" else None

    with deployed(monkeypatch, tasks="process", faults=TaskFaults(on_spot)) as cloud:
        results = list(engine(replace(SETTINGS, spot=True)).answer(requests))
        cloud.wait_idle()
        assert {result.key: result for result in results} == expected(requests)
        providers = Counter(task.capacity_provider for task in cloud.tasks)
        assert providers == {"FARGATE_SPOT": 4, "FARGATE": 2}
