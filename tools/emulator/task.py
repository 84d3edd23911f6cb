"""One task of ECS: its parameters, its state, and its description in the API."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.emulator.definition import Definition

# The prefix of access keys of tasks, as of all roles.
TASK_KEY = "ASIA"
# https://docs.aws.amazon.com/AmazonECS/latest/userguide/task-lifecycle-explanation.html
STATES = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEPROVISIONING", "STOPPED")


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """One task.

    Args:
        arn: of the task, in the long format.
        cluster_arn: where it runs.
        definition: its task definition.
        parameters: of the RunTask call that made it.
        cpu: CPU units, after overrides.
        memory: MiB, after overrides.
        capacity_provider: `FARGATE` or `FARGATE_SPOT`, `None` for a plain launch type.
        attachment: the network interface, in the form of the API.
    """

    arn: str
    cluster_arn: str
    definition: Definition
    parameters: Mapping[str, Any]
    cpu: int
    memory: int
    capacity_provider: str | None
    attachment: dict[str, Any]
    state: str = "PROVISIONING"
    desired: str = "RUNNING"
    stop_code: str = ""
    stopped_reason: str = ""
    exit_code: int | None = None
    container_reason: str | None = None
    shows_containers: bool = True
    output: str = ""
    version: int = 1
    times: dict[str, float] = field(default_factory=dict)
    # The states of the task in order, for tests: (state, when), monotonic seconds.
    history: list[tuple[str, float]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self.times["createdAt"] = time.time()
        self.history.append((self.state, time.monotonic()))

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def access_key(self) -> str:
        """The access key of this task's calls: each task has its own credentials."""
        return TASK_KEY + self.id[:16].upper()

    @property
    def started_by(self) -> str:
        """The `startedBy` of the launch, empty for none."""
        return str(self.parameters.get("startedBy", ""))

    def override(self) -> Mapping[str, Any]:
        """The container's part of the launch's overrides."""
        for container in self.parameters.get("overrides", {}).get("containerOverrides", []):
            if container.get("name") == self.definition.container:
                return dict(container)
        return {}

    def command(self) -> list[str]:
        """The arguments of the image's entry point."""
        return list(self.override().get("command") or self.definition.command)

    def environment(self) -> dict[str, str]:
        """The container's variables: of the definition, then of the override."""
        override = {
            variable["name"]: variable["value"]
            for variable in self.override().get("environment", [])
        }
        return {**self.definition.environment, **override}

    def move(self, state: str, *stamps: str) -> bool:
        """Move to a later state; `False` if the task is in it or a later one already."""
        with self.lock:
            if STATES.index(state) <= STATES.index(self.state):
                return False
            self.state = state
            self.version += 1
            self.history.append((state, time.monotonic()))
            self.stamp(*stamps)
            return True

    def stamp(self, *names: str) -> None:
        """Record when something first happened."""
        for name in names:
            self.times.setdefault(name, time.time())

    def to_api(self, *, tags: bool) -> dict[str, Any]:
        """The task's description for DescribeTasks.

        Args:
            tags: whether to include them.
        """
        with self.lock:
            shown: dict[str, Any] = {
                "taskArn": self.arn,
                "clusterArn": self.cluster_arn,
                "taskDefinitionArn": self.definition.arn,
                "group": self.parameters.get("group", f"family:{self.definition.family}"),
                "lastStatus": self.state,
                "desiredStatus": self.desired,
                "cpu": str(self.cpu),
                "memory": str(self.memory),
                "launchType": "FARGATE",
                "platformFamily": "Linux",
                "platformVersion": "1.4.0",
                "availabilityZone": "us-east-1a",
                "connectivity": "CONNECTED",
                "enableExecuteCommand": False,
                "healthStatus": "UNKNOWN",
                "overrides": self.parameters.get("overrides", {}),
                "attachments": [self.attachment],
                "containers": [self._container()] if self.shows_containers else [],
                "tags": list(self.parameters.get("tags", [])) if tags else [],
                "version": self.version,
                **self.times,
            }
            optional = {
                "startedBy": self.started_by,
                "capacityProviderName": self.capacity_provider,
                "stopCode": self.stop_code,
                "stoppedReason": self.stopped_reason,
            }
            return shown | {name: one for name, one in optional.items() if one}

    def _container(self) -> dict[str, Any]:
        region, account = self.arn.split(":")[3:5]
        container: dict[str, Any] = {
            "containerArn": f"arn:aws:ecs:{region}:{account}:container/"
            f"{self.cluster_arn.rpartition('/')[2]}/{self.id}/"
            f"{uuid.uuid5(uuid.NAMESPACE_URL, self.arn)}",
            "taskArn": self.arn,
            "name": self.definition.container,
            "image": self.definition.image,
            "lastStatus": self.state if self.state in ("RUNNING", "STOPPED") else "PENDING",
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
            "cpu": "0",
        }
        if self.exit_code is not None:
            container["exitCode"] = self.exit_code
        if self.container_reason is not None:
            container["reason"] = self.container_reason
        return container
