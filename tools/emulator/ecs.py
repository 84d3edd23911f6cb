"""The four calls of ECS for tasks, as in its API reference.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html and related pages.
Clusters and task definitions are moto's.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from tools.emulator.faults import ApiError, Faults
from tools.emulator.launch import (
    EcsError,
    check_launch,
    cluster_arn,
    definition_of,
    invalid,
    network_interface,
)
from tools.emulator.task import Task

if TYPE_CHECKING:
    from tools.emulator.calls import Call
    from tools.emulator.lifecycle import Lifecycle

MOST_A_CALL = 100
# A stopped task is visible for at least an hour; here for exactly an hour.
FORGET_AFTER_SECONDS = 3600.0


class EcsTasks:
    """RunTask, StopTask, DescribeTasks and ListTasks.

    Args:
        lifecycle: moves tasks through their states.
        faults: to inject.
    """

    def __init__(self, lifecycle: Lifecycle, faults: Faults) -> None:
        self._lifecycle = lifecycle
        self._faults = faults
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._owners: dict[str, Task] = {}
        self._tokens: dict[tuple[str, str], tuple[str, list[Task]]] = {}
        self.actions = {
            "RunTask": self._run_task,
            "StopTask": self._stop_task,
            "DescribeTasks": self._describe_tasks,
            "ListTasks": self._list_tasks,
        }

    def answer(self, call: Call) -> dict[str, Any]:
        """The reply to a call.

        Raises:
            EcsError: it is refused.
        """
        return self.actions[call.action](call.parameters(), call.region)

    def all(self) -> list[Task]:
        """All tasks, in the order of their launches."""
        with self._lock:
            return list(self._tasks.values())

    def find(self, task_id: str) -> Task | None:
        """The task with an id or ARN."""
        with self._lock:
            return self._tasks.get(task_id.rpartition("/")[2])

    def owner(self, access_key: str) -> Task | None:
        """The task of an access key; `None` if it is not a task's."""
        with self._lock:
            return self._owners.get(access_key)

    def _run_task(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        cluster = cluster_arn(parameters, region)
        definition = definition_of(parameters, region)
        cpu, memory = check_launch(parameters, definition, region)
        token = parameters.get("clientToken")
        # A repeated request with the same token gets the same tasks, whatever their state.
        fingerprint = json.dumps({**parameters, "cluster": cluster}, sort_keys=True)
        with self._lock:
            if token is not None and (known := self._tokens.get((cluster, token))):
                if known[0] != fingerprint:
                    raise EcsError(
                        "ConflictException",
                        "The provided client token is already in use with a different request.",
                        resourceIds=[task.arn for task in known[1]],
                    )
                return {"tasks": [task.to_api(tags=True) for task in known[1]], "failures": []}
            refusal = self._faults.on_launch(parameters)
            if isinstance(refusal, ApiError):
                raise EcsError(refusal.code, refusal.message, **refusal.extra)
            if refusal is not None:
                return {"tasks": [], "failures": refusal}
            strategy = parameters.get("capacityProviderStrategy") or [{}]
            tasks = [
                Task(
                    arn=f"{cluster.replace(':cluster/', ':task/')}/{uuid.uuid4().hex}",
                    cluster_arn=cluster,
                    definition=definition,
                    parameters=parameters,
                    cpu=cpu,
                    memory=memory,
                    capacity_provider=strategy[0].get("capacityProvider"),
                    attachment=network_interface(parameters),
                )
                for _ in range(parameters.get("count", 1))
            ]
            self._tasks.update({task.id: task for task in tasks})
            self._owners.update({task.access_key: task for task in tasks})
            if token is not None:
                self._tokens[cluster, token] = (fingerprint, tasks)
            shown = [task.to_api(tags=True) for task in tasks]
        for task in tasks:
            self._lifecycle.launch(task)
        return {"tasks": shown, "failures": []}

    def _stop_task(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        cluster = cluster_arn(parameters, region)
        task = self._seen(cluster, str(parameters.get("task", "")))
        if task is None:
            raise invalid("The referenced task was not found.")
        reason = parameters.get("reason", "Task stopped by user")
        self._lifecycle.stop(task, "UserInitiated", str(reason))
        return {"task": task.to_api(tags=False)}

    def _describe_tasks(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        cluster = cluster_arn(parameters, region)
        names = parameters.get("tasks", [])
        if not names:
            raise invalid("Tasks cannot be empty.")
        if len(names) > MOST_A_CALL:
            raise invalid(f"Tasks cannot have more than {MOST_A_CALL} elements.")
        tags = "TAGS" in parameters.get("include", [])
        found = {name: self._seen(cluster, name) for name in names}
        base = cluster.replace(":cluster/", ":task/")
        return {
            "tasks": [task.to_api(tags=tags) for task in found.values() if task is not None],
            "failures": [
                {
                    "arn": name if name.startswith("arn:") else f"{base}/{name}",
                    "reason": "MISSING",
                }
                for name, task in found.items()
                if task is None
            ],
        }

    def _list_tasks(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        cluster = cluster_arn(parameters, region)
        started_by, family = parameters.get("startedBy"), parameters.get("family")
        others = [name for name in ("family", "serviceName") if name in parameters]
        if started_by is not None and others:
            raise invalid("startedBy must be the only filter.")
        most = parameters.get("maxResults", MOST_A_CALL)
        if not 1 <= most <= MOST_A_CALL:
            raise invalid(f"maxResults must be between 1 and {MOST_A_CALL}.")
        desired = parameters.get("desiredStatus", "RUNNING")
        arns = [
            task.arn
            for task in self.all()
            if task.cluster_arn == cluster
            and task.desired == desired
            and self._seen(cluster, task.id)
            and started_by in (None, task.started_by)
            and family in (None, task.definition.family)
        ]
        try:
            first = int(parameters.get("nextToken", "0"))
        except ValueError:
            raise invalid("Invalid token.") from None
        page: dict[str, Any] = {"taskArns": arns[first : first + most]}
        if first + most < len(arns):
            page["nextToken"] = str(first + most)
        return page

    def _seen(self, cluster: str, name: str) -> Task | None:
        """A task of a cluster that is still visible."""
        task = self.find(name)
        if task is None or task.cluster_arn != cluster:
            return None
        stopped = task.times.get("stoppedAt")
        if stopped is not None and time.time() - stopped > FORGET_AFTER_SECONDS:
            return None
        return task
