"""Every failure that such systems had in production is recognised and has a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from answerer.batches import BatchError
from answerer.items import Item, Status
from qabot.answers.model import Request
from qabot.aws.errors import CutReplyError
from qabot.deployment import fargate_limits as fargate
from qabot.engines.fargate.failures import (
    CLASSES,
    Cause,
    Remedy,
    evidence,
    from_error,
    from_refusal,
    from_task,
)
from qabot.engines.fargate.job import MOST_TASKS, Job

ROOT = Path(__file__).resolve().parents[4]


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "RunTask")


VCPUS = "You've reached the limit on the number of vCPUs you can run concurrently"
NO_ROLE = (
    "Unable to assume the service linked role. "
    "Please verify that the ECS service linked role exists."
)
NO_TASK_ROLE = (
    "ECS was unable to assume the role 'arn:aws:iam::1:role/r' that was provided for this task. "
    "Please verify that the role being passed has the proper trust relationship and permissions."
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused("ThrottlingException", "Rate exceeded"), "throttled"),
        (
            refused(
                "InvalidParameterException",
                "Error retrieving subnet information for [subnet-1]: Rate exceeded",
            ),
            "throttled",
        ),
        (
            refused(
                "InvalidParameterException",
                "Error retrieving security group information for [sg-0aa]: Request limit exceeded. "
                "(ErrorCode: RequestLimitExceeded)",
            ),
            "throttled",
        ),
        (
            refused(
                "InvalidParameterException",
                "Error retrieving subnet information for [subnet-0aa]: An internal error has "
                "occurred (ErrorCode: InternalError)",
            ),
            "unreachable",
        ),
        (refused("ClientException", VCPUS), "quota"),
        (refused("ThrottlingException", VCPUS), "quota"),
        (refused("ClientException", "Capacity is unavailable at this time."), "no-capacity"),
        (refused("ClientException", NO_ROLE), "role-missing"),
        (refused("ClientException", NO_TASK_ROLE), "role-missing"),
        (CutReplyError("tasks is missing"), "unreachable"),
        (BatchError("no capacity"), "throttled"),
        (ReadTimeoutError(endpoint_url="https://ecs"), "unreachable"),
        (refused("AccessDeniedException", "no; rate exceeded"), None),
        (refused("ClusterNotFoundException", "no"), None),
        (refused("InvalidParameterException", "Unknown subnet"), None),
    ],
)
def test_errors_of_a_launch(error: Exception, kind: str | None) -> None:
    cause = from_error(error)
    assert (cause and cause.kind) == kind


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Capacity is unavailable at this time. Please try again later", "no-capacity"),
        ("RESOURCE:CPU", "no-capacity"),
        ("", "no-capacity"),
        ("You've reached the limit on the number of tasks you can run concurrently", "quota"),
        ("You've reached the limit on the number of vCPUs you can run concurrently", "quota"),
        ("ACCESS_DENIED", None),
        ("INACTIVE", None),
    ],
)
def test_a_launch_that_succeeds_without_a_task(reason: str, kind: str | None) -> None:
    cause = from_refusal([{"reason": reason}] if reason else [])
    assert (cause and cause.kind) == kind


def stopped(
    code: str | None, reason: str = "", exit_code: int | None = None, container: str | None = ""
) -> dict[str, Any]:
    task: dict[str, Any] = {"taskArn": "arn:t", "lastStatus": "STOPPED", "stoppedReason": reason}
    if code:
        task["stopCode"] = code
    if container is not None:
        task["containers"] = [{"name": "answerer", "reason": container}]
        if exit_code is not None:
            task["containers"][0]["exitCode"] = exit_code
    return task


ENDED = "EssentialContainerExited"


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        # dagster#17212, PrefectHQ/prefect#22410: no container in the description
        (
            stopped("TaskFailedToStart", "Timeout waiting for network interface", container=None),
            "never-started",
        ),
        (stopped("TaskFailedToStart", "ResourceInitializationError: logger"), "never-started"),
        (stopped(None, "", container=None), "never-started"),
        (
            stopped(
                "TaskFailedToStart",
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                "image not found",
            ),
            "image-missing",
        ),
        (
            stopped(
                "TaskFailedToStart",
                "CannotPullContainerError: failed to resolve ref: dial tcp: i/o timeout",
            ),
            "image-unreachable",
        ),
        (
            stopped(
                "TaskFailedToStart",
                "x",
                container="CannotPullContainerError: toomanyrequests: pull rate limit",
            ),
            "image-unreachable",
        ),
        # aws/amazon-ecs-agent#1434, anomalyco/sst#3542: no further task has more room
        (
            stopped(
                "TaskFailedToStart",
                "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract "
                "layer sha256:7c52: write /var/lib/containerd/tmp/502: no space left on device",
            ),
            "disk-full",
        ),
        (
            stopped(
                "TaskFailedToStart",
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): image "
                "Manifest does not contain descriptor matching platform 'linux/arm64'",
            ),
            "image-missing",
        ),
        (
            stopped(
                "TaskFailedToStart",
                "CannotPullContainerError: 1.dkr.ecr.us-east-1.amazonaws.com/a@sha256:5025030a: "
                "not found",
            ),
            "image-missing",
        ),
        (stopped("UserInitiated", "qabot reap", 143), "reaped"),
        # aws/amazon-ecs-agent#2467: with 137, and with 0 and the reason
        (stopped(ENDED, "Essential container in task exited", 137), "out-of-memory"),
        (
            stopped(
                ENDED,
                "Essential container in task exited",
                0,
                "OutOfMemoryError: Container killed due to memory usage",
            ),
            "out-of-memory",
        ),
        (stopped("SpotInterruption", "Your Spot Task was interrupted.", 143), "spot-interruption"),
        (stopped("TerminationNotice", "Spot", 137), "spot-interruption"),
        (stopped("UserInitiated", "Task stopped by user", 143), "stopped"),
        (stopped("UserInitiated", "Task stopped by user", 137), "stopped"),
        (stopped("InfrastructureHealth", "host"), "infrastructure"),
        (stopped("TaskFailedToStart", "Capacity is unavailable at this time"), "no-capacity"),
        (stopped(ENDED, "Essential container in task exited", 1), "crashed"),
        (stopped(ENDED, "Essential container in task exited", 0), "no-answer"),
        (None, "lost"),
    ],
)
def test_tasks_that_end_without_an_answer(task: dict[str, Any] | None, kind: str) -> None:
    cause = from_task(task, Item(key="k", status=Status.RUNNING))
    assert cause.kind == kind
    if task and task["stoppedReason"]:
        assert cause.evidence["stopped_reason"] == task["stoppedReason"]


@pytest.mark.parametrize("kind", ["deadline", "crashed", "model", "table", "out-of-memory"])
def test_what_the_task_has_written_counts_more_than_what_ecs_says(kind: str) -> None:
    item = Item(key="k", status=Status.FAILED, kind=kind, reason="because")
    cause = from_task(stopped(ENDED, "Essential container in task exited", 1), item)
    assert (cause.kind, cause.reason) == (kind, "because")
    assert cause.evidence["exit_code"] == "1"


def test_an_interruption_is_what_ecs_says_it_was() -> None:
    item = Item(key="k", status=Status.FAILED, kind="interrupted", reason="SIGTERM")
    assert from_task(stopped("SpotInterruption", "", 143), item).kind == "spot-interruption"
    assert from_task(stopped("UserInitiated", "", 143), item).kind == "stopped"


JSON = st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "taskArn": st.text(),
            "stopCode": st.text() | st.sampled_from([ENDED, "UserInitiated"]),
            "stoppedReason": st.text(),
            "containers": st.lists(
                st.fixed_dictionaries({}, optional={"exitCode": st.integers(), "reason": st.text()})
            ),
        },
    )
)
def test_whatever_ecs_says_has_a_class_and_text_for_evidence(task: dict[str, Any]) -> None:
    cause = from_task(task, None)
    assert cause.kind in CLASSES
    assert all(isinstance(text, str) for text in evidence(task).values())


def job(**arguments: Any) -> Job:
    defaults: dict[str, Any] = {
        "request": Request("k", "q", "c"),
        "context_id": "x",
        "spot": True,
        "size": (1024, 4096),
    }
    return Job(**{**defaults, **arguments})


def test_memory_grows_by_the_sizes_that_fargate_has() -> None:
    retried = job()
    assert retried.retry(Cause("out-of-memory", ""), 1) is not None
    assert retried.size == (1024, 5120)
    top = job(size=(16384, max(fargate.SIZES[16384])))
    assert top.retry(Cause("out-of-memory", ""), 1) is None, "there is no larger size"


def test_spot_is_tried_again_once_and_then_left() -> None:
    retried = job()
    retried.retry(Cause("spot-interruption", ""), 1)
    assert retried.spot
    retried.retry(Cause("spot-interruption", ""), 1)
    assert not retried.spot


def test_without_capacity_spot_is_left_immediately() -> None:
    retried = job()
    retried.retry(Cause("no-capacity", ""), 1)
    assert not retried.spot


@pytest.mark.parametrize("class_", CLASSES.values(), ids=lambda class_: class_.kind)
def test_each_class_allows_as_many_retries_as_its_table_says(class_: Any) -> None:
    retried = job()
    pauses: list[float] = []
    while (pause := retried.retry(Cause(class_.kind, ""), 1)) is not None and len(pauses) < 50:
        pauses.append(pause)
        assert retried.rejoin is (class_.remedy is Remedy.REPEAT)
    assert len(pauses) == min(class_.retries, 50)
    assert pauses == sorted(pauses)
    assert all(pause <= 30 for pause in pauses)


def test_no_question_gets_tasks_without_end() -> None:
    retried = job(launched=MOST_TASKS)
    assert retried.retry(Cause("never-started", ""), 1) is None


def test_the_documentation_says_how_many_tasks_a_question_gets() -> None:
    page = (ROOT / "docs" / "fargate.md").read_text(encoding="utf-8")
    assert f"No question gets more than {MOST_TASKS} tasks" in " ".join(page.split())
