"""Launches tasks of a deployed stack, for the tests of the emulated cloud."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tools.emulator import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def echo(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """A program that prints its arguments, and exits with the given code."""
    print("argv", *argv)
    print("table", environ["TABLE_NAME"], file=sys.stderr)
    return int(argv[0]) if argv else 0


class Launcher:
    """Launches tasks of a deployed stack."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy()
        self.cluster = self.outputs["ClusterName"]
        self.ecs = cloud.client("ecs")

    def request(self, *command: str, **more: Any) -> dict[str, Any]:
        container = {"name": self.outputs["ContainerName"], "command": list(command)}
        network = {
            "subnets": self.outputs["SubnetIds"].split(","),
            "securityGroups": [self.outputs["SecurityGroupId"]],
            "assignPublicIp": "ENABLED",
        }
        return {
            "cluster": self.cluster,
            "taskDefinition": self.outputs["TaskDefinitionArn"],
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            "networkConfiguration": {"awsvpcConfiguration": network},
            "overrides": {"containerOverrides": [container]},
            **more,
        }

    def run(self, *command: str, **more: Any) -> str:
        """Launch a task; returns its ARN."""
        answer = self.ecs.run_task(**self.request(*command, **more))
        assert answer["failures"] == []
        return str(answer["tasks"][0]["taskArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        found = self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn], include=["TAGS"])
        return dict(found["tasks"][0])

    def refused(self, call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return dict(caught.value.response["Error"]) | dict(caught.value.response)
