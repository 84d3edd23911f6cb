"""ECS tasks: launch one for its questions, describe many, stop those of a run."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from qabot.aws.errors import member, translated
from qabot.deployment.outputs import STACK_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qabot.aws.clients import Clients
    from qabot.aws.stack import Stack

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
DESCRIBE_MOST = 100
RUN_TAG = "qabot:run"
# The reason of a stop, by which the task's own run recognises that it was stopped.
STOPPED_BY_REAP = "qabot reap"
_ARN = re.compile(r"arn:[^\s\",\]]*:task/[\w/-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One task to run.

    Args:
        attempts: the keys of its questions, each with the number of the attempt.
        token: from `make_token`, kept in the table with each attempt.
        top_k: how many spans the task keeps.
        spot: on FARGATE_SPOT rather than FARGATE.
        size: CPU units and MiB.
    """

    attempts: tuple[tuple[str, int], ...]
    token: str
    top_k: int
    spot: bool
    size: tuple[int, int]


def make_token(key: str, attempt: int) -> str:
    """Make the token of a launch: ECS runs one task per token, however often it is asked.

    The attempt is part of it: the token of a dead task gets the dead task back
    (harbor-framework/harbor#2346). So is a random part: ECS remembers a token for a day, and a
    table that was emptied meanwhile begins with the first attempt again.

    Args:
        key: of its first question.
        attempt: at that question, from 1.

    Returns:
        At most 64 characters, which is ECS's limit.
    """
    return f"{key[:40]}-{attempt}-{secrets.token_hex(4)}"


def command(launch: Launch) -> list[str]:
    """The container's arguments, for `python -m answerer`."""
    items = (("--item-id", key, "--attempt", str(attempt)) for key, attempt in launch.attempts)
    return [*chain.from_iterable(items), "--top-k", str(launch.top_k)]


class Tasks:
    """The tasks of a stack's cluster.

    Args:
        clients: of AWS.
        stack: the stack.
        run: name of the run that launches; at most 128 letters, digits, `-`, `_`, `/`.
    """

    def __init__(self, clients: Clients, stack: Stack, run: str) -> None:
        self._ecs = clients.ecs
        self._ecs_once = clients.ecs_once
        self._stack = stack
        self._run = run

    def launch(self, launch: Launch) -> tuple[str | None, bool, Sequence[Mapping[str, Any]]]:
        """Run a task, or find the one that already runs for this attempt.

        Args:
            launch: the task.

        Returns:
            The task's ARN, or `None` where ECS launched none; whether this run launched it;
            and ECS's `failures`.

        Raises:
            botocore.exceptions.ClientError: AWS refuses.
            botocore.exceptions.BotoCoreError: AWS cannot be reached.
            CutReplyError: the reply was cut off; the task may have been launched.
        """
        stack = self._stack
        container: dict[str, Any] = {
            "name": stack.container,
            # Only names: the overrides may hold 8,192 characters altogether.
            "command": command(launch),
        }
        overrides: dict[str, Any] = {"containerOverrides": [container]}
        if launch.size != (stack.cpu, stack.memory):
            cpu, memory = launch.size
            overrides |= {"cpu": str(cpu), "memory": str(memory)}
        try:
            reply = self._ecs_once.run_task(
                cluster=stack.cluster,
                taskDefinition=stack.task_definition,
                count=1,
                capacityProviderStrategy=[
                    {"capacityProvider": "FARGATE_SPOT" if launch.spot else "FARGATE", "weight": 1}
                ],
                networkConfiguration={
                    "awsvpcConfiguration": {
                        "subnets": list(stack.subnets),
                        "securityGroups": [stack.security_group],
                        "assignPublicIp": "ENABLED",  # the network has no NAT
                    }
                },
                overrides=overrides,  # type: ignore[arg-type]
                clientToken=launch.token,
                startedBy=self._run,
                tags=[
                    {"key": RUN_TAG, "value": self._run},
                    {"key": STACK_TAG, "value": stack.name},
                ],
            )
        except self._ecs_once.exceptions.ConflictException as conflict:
            # Another run has launched this attempt. ECS names the task.
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
            arns = _named(conflict.response)
            if not arns:
                raise
            return arns[0], False, []
        tasks = member(reply, "tasks")
        if not tasks:
            return None, False, reply.get("failures", [])
        task = tasks[0]
        return task["taskArn"], task.get("startedBy", self._run) == self._run, []

    def describe(self, arns: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        """Describe some tasks, 100 per call.

        Args:
            arns: of the tasks.

        Returns:
            Each task's description by its ARN; `None` where ECS does not know the task (any more).
        """
        found: dict[str, Mapping[str, Any] | None] = {}
        for first in range(0, len(arns), DESCRIBE_MOST):
            part = arns[first : first + DESCRIBE_MOST]
            reply = self._ecs.describe_tasks(cluster=self._stack.cluster, tasks=list(part))
            for failure in reply.get("failures", []):
                if failure.get("reason") == "MISSING" and failure.get("arn"):
                    found[failure["arn"]] = None
            for task in member(reply, "tasks"):
                found[task["taskArn"]] = task
        return found

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task: SIGTERM, and 30 s later SIGKILL. Has no effect on a task that has ended."""
        self._ecs_once.stop_task(cluster=self._stack.cluster, task=arn, reason=reason[:255])

    def of_run(self, *, of_every_run: bool = False) -> Iterator[str]:
        """The ARNs of the run's tasks that are not stopped, or about to be.

        Args:
            of_every_run: list all tasks of the cluster instead.

        Raises:
            CloudError: AWS refuses.
        """
        whose = "the tasks" if of_every_run else f"the tasks of run {self._run}"
        with translated(f"listing {whose}"):
            cluster = self._stack.cluster
            paginator = self._ecs.get_paginator("list_tasks")
            # `startedBy` cannot be combined with another filter; the default is desiredStatus=RUNNING.
            pages = (
                paginator.paginate(cluster=cluster)
                if of_every_run
                else paginator.paginate(cluster=cluster, startedBy=self._run)
            )
            for page in pages:
                yield from member(page, "taskArns")


def is_arn(name: str | None) -> bool:
    """Whether a task's name is the ARN of an ECS task."""
    return name is not None and _ARN.fullmatch(name) is not None


def _named(response: Any) -> list[str]:
    """The task ARNs that a ConflictException names, in its field or in its message."""
    ids = response.get("resourceIds") or []
    message = str(response.get("Error", {}).get("Message", ""))
    return [arn for arn in ids if is_arn(arn)] or _ARN.findall(message)
