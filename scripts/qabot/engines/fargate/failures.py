"""The kinds of failure of a task: how each is recognised, and what helps.

The messages of AWS are those of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
and of reported issues, named beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from answerer.batches import BatchError
from answerer.items import Status
from qabot.aws import errors
from qabot.aws.tasks import STOPPED_BY_REAP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from answerer.items import Item


class Remedy(Enum):
    """What a further attempt does differently, as docs/fargate.md says it."""

    NONE = "there is no further attempt"
    AGAIN = "nothing"
    REPEAT = "the same token: the first request may have arrived"
    ON_DEMAND = "on demand instead of Spot, from the second time on"
    ELSEWHERE = "on demand instead of Spot"
    MORE_MEMORY = "the next memory size that Fargate offers"
    CONTEXT = "the context is written again"


ALWAYS = 1_000_000  # until the run's time is over


@dataclass(frozen=True, slots=True)
class FailureClass:
    """One way to fail.

    Args:
        kind: its short, stable name.
        remedy: what the next attempt does differently.
        retries: how many further attempts a question gets in one run because of it.
        happened: what happened, for docs/fargate.md.
        advice: for people, once no further attempt is left.
        alone: whether the question itself may be the cause, so that its next task has no other question.
    """

    kind: str
    remedy: Remedy
    retries: int
    happened: str
    advice: str
    alone: bool = False


_LOOK = "see the evidence, and run again"

# fmt: off
CLASSES: dict[str, FailureClass] = {
    class_.kind: class_
    for class_ in (
        FailureClass("throttled", Remedy.REPEAT, ALWAYS,
            "AWS asks for fewer calls; the pace is halved",
            "others use the account, too: run again later"),
        FailureClass("unreachable", Remedy.REPEAT, ALWAYS,
            "no reply from AWS", "check the network connection"),
        FailureClass("no-capacity", Remedy.ELSEWHERE, ALWAYS,
            "Fargate has no capacity", "run again later"),
        FailureClass("quota", Remedy.ELSEWHERE, ALWAYS,
            "the account's vCPUs are used up; fewer tasks are kept in flight",
            "lower max_tasks, or raise the quota"),
        FailureClass("role-missing", Remedy.REPEAT, 6,
            "ECS cannot use one of its roles; a new role takes a moment", errors.CREATE_ROLE),
        FailureClass("never-started", Remedy.AGAIN, 3,
            "no container within 5 minutes, or none at all", _LOOK),
        FailureClass("image-unreachable", Remedy.AGAIN, 3,
            "the registry does not answer", "the registry does not answer: run again later"),
        FailureClass("image-missing", Remedy.NONE, 0,
            "the image does not exist, or access is denied", "deploy the stack again"),
        FailureClass("disk-full", Remedy.NONE, 0,
            "the image does not fit on a task's disk",
            "use a smaller model: a task's disk has 20 GB"),
        FailureClass("out-of-memory", Remedy.MORE_MEMORY, 4,
            "exit code 137, or the reason says so", "raise memory in cdk.json", alone=True),
        FailureClass("spot-interruption", Remedy.ON_DEMAND, 5,
            "Spot took the machine back", "run again, with spot: false"),
        FailureClass("infrastructure", Remedy.AGAIN, 3,
            "the machine under the task failed", _LOOK),
        FailureClass("stopped", Remedy.AGAIN, 2,
            "somebody stopped the task", "somebody stopped its task: run again"),
        FailureClass("reaped", Remedy.AGAIN, 2,
            "`qabot reap` stopped the task; if it is this run's own task, the run ends",
            "`qabot reap` stopped its task: run again"),
        FailureClass("lost", Remedy.AGAIN, 2,
            "ECS has forgotten the task", _LOOK),
        FailureClass("crashed", Remedy.AGAIN, 2,
            "the task ended with an error", _LOOK, alone=True),
        FailureClass("no-answer", Remedy.CONTEXT, 2,
            "the task ended without an error and wrote nothing", _LOOK, alone=True),
        FailureClass("deadline", Remedy.AGAIN, 1,
            "the task gave up at its own deadline",
            "raise task_deadline_seconds in cdk.json", alone=True),
        FailureClass("lease-expired", Remedy.AGAIN, 1,
            "a running task stopped renewing its lease; that task is stopped", _LOOK, alone=True),
        FailureClass("table", Remedy.CONTEXT, 2,
            "the task could not use the table", _LOOK),
        FailureClass("model", Remedy.NONE, 0,
            "the image's model is broken", "deploy the stack again"),
        FailureClass("wrong-model", Remedy.NONE, 0,
            "the image has another model than `cdk.json`", "deploy the stack again"),
        FailureClass("bad-item", Remedy.NONE, 0,
            "the item in the table is invalid", "empty the table with `qabot clear`"),
        FailureClass("timeout", Remedy.NONE, 0,
            "the run's time was over", "run again to continue"),
    )
}
# fmt: on

# Each of these affects every task of a run, unless a task has already answered.
SYSTEMATIC = {"image-missing", "disk-full", "role-missing", "model", "wrong-model"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one attempt failed.

    Args:
        kind: a key of `CLASSES`.
        reason: what happened, for people.
        evidence: messages of AWS and the task, by name.
    """

    kind: str
    reason: str
    evidence: Mapping[str, str] = field(default_factory=dict)


_QUOTA = re.compile(r"limit on the number of|vcpu.*limit|concurrently", re.IGNORECASE)
_CAPACITY = re.compile(r"capacity is unavailable|^RESOURCE:", re.IGNORECASE)
_REFUSED_FOR_GOOD = re.compile(r"ACCESS_DENIED|INACTIVE|MISSING|ATTRIBUTE|LOCATION")
_PULL = re.compile(r"CannotPull(Container|Image)|pull image", re.IGNORECASE)
_PULL_LATER = re.compile(
    r"timeout|timed out|deadline exceeded|connection re(fused|set)|unreachable|EOF"
    r"|too ?many ?requests|rate exceeded|\b50[0234]\b|temporar",
    re.IGNORECASE,
)
# The next task's disk would be full as well (anomalyco/sst#3542).
_DISK = re.compile(r"no space left on device", re.IGNORECASE)
# "image Manifest does not contain descriptor matching platform 'linux/arm64'"
_PLATFORM = re.compile(r"matching platform|no match for platform|platform '?linux/", re.IGNORECASE)
_MEMORY = re.compile(r"OutOfMemory|out of memory|memory usage", re.IGNORECASE)
_SPOT = {"SpotInterruption", "TerminationNotice"}
_INFRASTRUCTURE = {"InfrastructureHealth", "ServiceSchedulerInitiated"}


def from_error(error: BaseException) -> Cause | None:
    """The cause of a failed call; `None` if no task of the run can be launched."""
    said = {"error": errors.code_of(error), "message": errors.message_of(error)}
    if errors.is_denied(error):
        return None
    # AWS reports quotas and shortages as `failures` of a reply or as errors with several codes.
    if (cause := _shortage(said["message"], said)) is not None:
        return cause
    if errors.is_role_missing(error):
        return Cause("role-missing", f"ECS cannot use its role: {said['message']}", said)
    if errors.is_throttle(error) or isinstance(error, BatchError):
        return Cause("throttled", f"AWS asks for fewer calls: {said['message']}", said)
    if errors.is_transient(error):
        return Cause("unreachable", f"no reply from AWS: {said['message']}", said)
    return None


def from_refusal(failures: Sequence[Mapping[str, Any]]) -> Cause | None:
    """The cause in a RunTask reply without a task (apache/airflow#48001).

    Args:
        failures: of the reply; may be empty.

    Returns:
        `None` if no task of the run can be launched.
    """
    reason = "; ".join(
        str(failure.get("reason") or failure.get("detail") or "") for failure in failures
    )
    said = {"failures": reason}
    if (cause := _shortage(reason, said)) is not None:
        return cause
    if _REFUSED_FOR_GOOD.search(reason):
        return None
    return Cause("no-capacity", f"Fargate has no capacity: {reason or 'no reason given'}", said)


def _shortage(text: str, said: Mapping[str, str]) -> Cause | None:
    """Recognise a used-up quota or a lack of capacity in a message."""
    if _QUOTA.search(text):
        return Cause("quota", f"the account's quota is used up: {text}", said)
    if _CAPACITY.search(text):
        return Cause("no-capacity", f"Fargate has no capacity: {text}", said)
    return None


def from_task(task: Mapping[str, Any] | None, item: Item | None) -> Cause:
    """Find out why a task ended without an answer.

    Args:
        task: as DescribeTasks returns it; `None` where ECS has forgotten it.
        item: the question's item, read after the task had ended.
    """
    said = evidence(task)
    reported = item.kind if item is not None and item.status is Status.FAILED else None
    if reported and reported != "interrupted":
        kind = reported if reported in CLASSES else "crashed"
        return Cause(kind, str(item.reason if item else ""), said)
    if task is None:
        return Cause("lost", "ECS has forgotten the task, and the table has no answer", said)
    text = " ".join(said.get(name, "") for name in ("stopped_reason", "container_reason"))
    kind = _kind(str(task.get("stopCode", "")), text, said.get("exit_code"))
    return Cause(kind, _REASONS[kind].format(text=text.strip() or "no reason given"), said)


_REASONS = {
    "spot-interruption": "Spot took the task back: {text}",
    "image-missing": "the image cannot be pulled: {text}",
    "image-unreachable": "the image's registry does not answer: {text}",
    "disk-full": "the task's disk is full: {text}",
    "out-of-memory": "the task ran out of memory: {text}",
    "no-capacity": "Fargate has no capacity: {text}",
    "never-started": "the task never started: {text}",
    "stopped": "the task was stopped: {text}",
    "reaped": "the task was stopped: {text}",
    "infrastructure": "the machine under the task failed: {text}",
    "no-answer": "the task ended without an error and without an answer: {text}",
    "crashed": "the task crashed: {text}",
}


def _kind(stop_code: str, text: str, exit_code: str | None) -> str:
    if stop_code in _SPOT or "Spot Task was interrupted" in text:
        return "spot-interruption"
    if _DISK.search(text):
        return "disk-full"
    if _PULL.search(text):
        if _PLATFORM.search(text):
            return "image-missing"
        return "image-unreachable" if _PULL_LATER.search(text) else "image-missing"
    # With the reason and exit code 0, or with 137 alone: aws/amazon-ecs-agent#2467.
    if _MEMORY.search(text) or (exit_code == "137" and stop_code == "EssentialContainerExited"):
        return "out-of-memory"
    if _CAPACITY.search(text):
        return "no-capacity"
    if stop_code == "UserInitiated":
        return "reaped" if STOPPED_BY_REAP in text else "stopped"
    if stop_code in _INFRASTRUCTURE:
        return "infrastructure"
    # No exit code: the container was never created (dagster-io/dagster#17212, PrefectHQ/prefect#22410).
    if stop_code == "TaskFailedToStart" or exit_code is None:
        return "never-started"
    return "no-answer" if exit_code == "0" else "crashed"


def evidence(task: Mapping[str, Any] | None) -> dict[str, str]:
    """The fields of DescribeTasks that help to understand a failure; empty for a forgotten task."""
    if task is None:
        return {}
    # A task that never started may have no container.
    container: Mapping[str, Any] = next(iter(task.get("containers") or []), {})
    said = {
        "task": task.get("taskArn"),
        "stop_code": task.get("stopCode"),
        "stopped_reason": task.get("stoppedReason"),
        "exit_code": container.get("exitCode"),
        "container_reason": container.get("reason"),
        "capacity": task.get("capacityProviderName") or task.get("launchType"),
        "memory": task.get("memory"),
    }
    return {name: str(value) for name, value in said.items() if value not in (None, "")}
