"""A task definition, read from moto, whether the API or CloudFormation registered it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A task definition with one container.

    Args:
        arn: with the revision.
        family: its name.
        cpu: CPU units.
        memory: MiB.
        container: the container's name.
        image: its image.
        command: the default arguments.
        environment: its variables.
        stop_timeout: seconds between SIGTERM and SIGKILL.
        task_role: ARN of the role that the container has, empty for none.
        log_options: of the awslogs driver; empty without one.
    """

    arn: str
    family: str
    cpu: int
    memory: int
    container: str
    image: str
    command: tuple[str, ...]
    environment: dict[str, str]
    stop_timeout: float
    task_role: str
    log_options: dict[str, str]


def read_definition(backend: Any, name: str) -> Definition | None:
    """The task definition of a RunTask call; `None` if it does not exist.

    Args:
        backend: moto's of ECS.
        name: an ARN, `FAMILY:REVISION`, or `FAMILY` for the newest.
    """
    from moto.core.exceptions import ServiceException
    from moto.core.utils import pascal_to_camelcase, remap_nested_keys
    from moto.ecs.exceptions import TaskDefinitionNotFoundException

    try:
        found = backend.describe_task_definition(name)
    except (ServiceException, TaskDefinitionNotFoundException, KeyError):
        return None
    if len(found.container_definitions) != 1:
        raise NotImplementedError("the emulated cloud runs task definitions with one container")
    # CloudFormation capitalises its members, the API does not.
    container = remap_nested_keys(found.container_definitions[0], pascal_to_camelcase)
    log = container.get("logConfiguration", {})
    return Definition(
        arn=found.arn,
        family=found.family,
        cpu=int(found.cpu or 0),
        memory=int(found.memory or 0),
        container=container["name"],
        image=container["image"],
        command=tuple(container.get("command", ())),
        environment={
            variable["name"]: str(variable["value"])
            for variable in container.get("environment", [])
        },
        stop_timeout=float(container.get("stopTimeout", 30)),
        task_role=str(found.task_role_arn or ""),
        log_options=dict(log.get("options", {})) if log.get("logDriver") == "awslogs" else {},
    )
