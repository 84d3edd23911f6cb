"""The checks of ECS before it launches a task, and its errors.

The messages are those of ECS where users' reports quote them.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from qabot.deployment import fargate_limits as fargate
from tools.emulator.definition import Definition, read_definition
from tools.emulator.faults import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
STARTED_BY_LONGEST = 128
TOKEN_LONGEST = 64


class EcsError(Exception):
    """A call is refused."""

    def __init__(self, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.error = ApiError(code, message, extra=extra)


def invalid(message: str) -> EcsError:
    """A parameter is invalid."""
    return EcsError("InvalidParameterException", message)


def _backend(region: str) -> Any:
    from moto.ecs.models import ecs_backends

    return ecs_backends[ACCOUNT][region]


def cluster_arn(parameters: Mapping[str, Any], region: str) -> str:
    """The ARN of the call's cluster."""
    name = str(parameters.get("cluster", "default")).rpartition("/")[2]
    cluster = _backend(region).clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        raise EcsError("ClusterNotFoundException", "Cluster not found.")
    return str(cluster.arn)


def definition_of(parameters: Mapping[str, Any], region: str) -> Definition:
    """The task definition of the call."""
    definition = read_definition(_backend(region), str(parameters.get("taskDefinition", "")))
    if definition is None:
        raise EcsError("ClientException", "TaskDefinition not found.")
    return definition


def check_launch(
    parameters: Mapping[str, Any], definition: Definition, region: str
) -> tuple[int, int]:
    """Check the parameters of a launch; returns its CPU units and MiB."""
    if not 1 <= parameters.get("count", 1) <= 10:
        raise invalid("Count must be between 1 and 10.")
    if len(parameters.get("startedBy", "")) > STARTED_BY_LONGEST:
        raise invalid(f"startedBy cannot be longer than {STARTED_BY_LONGEST} characters.")
    if len(parameters.get("clientToken", "")) > TOKEN_LONGEST:
        raise invalid(f"clientToken cannot be longer than {TOKEN_LONGEST} characters.")
    strategy = parameters.get("capacityProviderStrategy")
    if strategy and parameters.get("launchType"):
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    if not strategy and parameters.get("launchType") != "FARGATE":
        raise invalid("No Container Instances were found in your cluster.")
    for entry in strategy or []:
        if entry.get("capacityProvider") not in ("FARGATE", "FARGATE_SPOT"):
            raise invalid("The specified capacity provider was not found.")
    _check_network(parameters, region)
    return _check_overrides(parameters.get("overrides", {}), definition)


def _check_network(parameters: Mapping[str, Any], region: str) -> None:
    from moto.core.exceptions import ServiceException
    from moto.ec2.models import ec2_backends

    network = parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if not network or not network.get("subnets"):
        raise invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    for subnet in network["subnets"]:
        try:
            ec2_backends[ACCOUNT][region].get_subnet(subnet)
        except ServiceException:
            raise invalid(f"The subnet ID '{subnet}' does not exist") from None
    # Without a NAT gateway a task with no public address reaches neither registry nor log.


def _check_overrides(overrides: Mapping[str, Any], definition: Definition) -> tuple[int, int]:
    if len(json.dumps(overrides)) > fargate.OVERRIDES_MOST_CHARACTERS:
        raise invalid(
            f"Container Overrides length must be at most {fargate.OVERRIDES_MOST_CHARACTERS}"
        )
    for entry in overrides.get("containerOverrides", []):
        if entry.get("name") != definition.container:
            raise invalid(
                f"Override for container named {entry.get('name')} is not a container in the "
                "TaskDefinition."
            )
    cpu = int(overrides.get("cpu", definition.cpu))
    memory = int(overrides.get("memory", definition.memory))
    if memory not in fargate.SIZES.get(cpu, ()):
        raise invalid(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
        )
    return cpu, memory


def network_interface(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A new network interface in the launch's first subnet, as the API shows it."""
    network = parameters["networkConfiguration"]["awsvpcConfiguration"]
    interface = uuid.uuid4()
    details = {
        "subnetId": network["subnets"][0],
        "networkInterfaceId": f"eni-{interface.hex[:17]}",
        "privateIPv4Address": "10.0.0.10",
    }
    return {
        "id": str(interface),
        "type": "ElasticNetworkInterface",
        "status": "ATTACHED",
        "details": [{"name": name, "value": one} for name, one in details.items()],
    }
