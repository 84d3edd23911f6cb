"""Faults are injected into the emulated cloud as requested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.tools.emulator.launcher import Launcher, echo
from tools.emulator import (
    ApiError,
    Faults,
    LoseReply,
    Refuse,
    TaskFault,
    emulated_cloud,
    typical_faults,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.emulator.calls import Call

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(
    ("fault", "stop_code", "containers", "exit_code"),
    [
        (typical_faults.NEVER_STARTED, "TaskFailedToStart", 0, None),
        (typical_faults.IMAGE_NOT_PULLED, "TaskFailedToStart", 1, None),
        (typical_faults.OUT_OF_MEMORY, "EssentialContainerExited", 1, 137),
        (typical_faults.SPOT_INTERRUPTED, "SpotInterruption", 1, 143),
        (typical_faults.CRASHED, "EssentialContainerExited", 1, 1),
    ],
)
def test_a_misfortune_ends_a_task_before_its_container_does_anything(
    fault: TaskFault, stop_code: str, containers: int, exit_code: int | None
) -> None:
    ran: list[int] = []

    def program(_argv: Sequence[str], _environ: Mapping[str, str]) -> int:
        ran.append(1)
        return 0

    def second(_task: object, number: int) -> TaskFault | None:
        return fault if number == 2 else None

    with emulated_cloud(program=program, faults=typical_faults.TaskFaults(second)) as cloud:
        launcher = Launcher(cloud)
        arns = [launcher.run() for _ in range(3)]
        cloud.wait_idle()
        ended = {arn: launcher.describe(arn) for arn in arns}
    ill = [
        arn
        for arn in arns
        if ended[arn]["stopCode"] != "EssentialContainerExited"
        or ended[arn]["containers"][0]["exitCode"] != 0
    ]
    assert len(ill) == 1
    task = ended[ill[0]]
    assert task["stopCode"] == stop_code
    assert task["stoppedReason"] == fault.stopped_reason
    assert len(task["containers"]) == containers
    if containers:
        assert task["containers"][0].get("exitCode") == exit_code
        assert task["containers"][0].get("reason") == fault.reason
    assert len(ran) == 2


def test_errors_speak_the_protocol_of_each_service() -> None:
    class Closed(Faults):
        def on_call(self, _call: Call) -> Refuse | LoseReply | None:
            return Refuse(ApiError("AccessDeniedException", "no <way> in", 403))

    with emulated_cloud(faults=Closed()) as cloud:
        for service, method in [
            ("ecs", "list_clusters"),
            ("dynamodb", "list_tables"),
            ("cloudformation", "list_stacks"),
            ("logs", "describe_log_groups"),
            ("sts", "get_caller_identity"),
        ]:
            with pytest.raises(ClientError) as caught:
                getattr(cloud.client(service), method)()
            assert caught.value.response["Error"]["Code"] == "AccessDeniedException", service
            assert "no <way> in" in caught.value.response["Error"]["Message"], service


def test_the_limits_of_an_account_throttle_whoever_is_faster() -> None:
    now = [0.0]
    limits = typical_faults.AccountLimits(clock=lambda: now[0])
    call = _call("ecs", "RunTask")
    assert [limits.on_call(call) for _ in range(20)] == [None] * 20
    assert isinstance(limits.on_call(call), Refuse)
    now[0] = 0.5
    assert [limits.on_call(call) is None for _ in range(11)] == [True] * 10 + [False]
    assert [limits.on_launch({}) for _ in range(100)] == [None] * 100
    assert limits.on_launch({}) == typical_faults.THROTTLED
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}
    assert limits.on_launch(spot) is None, "Spot has a bucket of its own"


def _call(service: str, action: str) -> Call:
    from tools.emulator.calls import Call

    return Call(service, action, "us-east-1", "AKIA")


def test_an_error_inside_the_cloud_is_raised_and_not_lost() -> None:
    class Broken(Faults):
        def on_start(self, _task: object) -> TaskFault | None:
            raise LookupError("the fault itself fails")

    def break_it() -> None:
        with emulated_cloud(program=echo, faults=Broken()) as cloud:
            Launcher(cloud).run()
            cloud.wait_idle()

    with pytest.raises(LookupError, match="the fault itself fails"):
        break_it()
