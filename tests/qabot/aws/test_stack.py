from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from qabot.aws.clients import Clients
from qabot.aws.stack import Stack, find_stack
from qabot.deployment.outputs import Output
from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OUTPUTS: dict[Output, str] = {
    Output.CLUSTER: "cluster",
    Output.TASK_DEFINITION: "arn:definition",
    Output.CONTAINER: "answerer",
    Output.SUBNETS: "subnet-1,subnet-2",
    Output.SECURITY_GROUP: "sg-1",
    Output.TABLE: "table",
    Output.LOG_GROUP: "logs",
    Output.LOG_STREAM_PREFIX: "task",
    Output.MODEL: "m@1",
    Output.CPU: "1024",
    Output.MEMORY: "4096",
}


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(
        "cloudformation", region_name="eu-west-3", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield SimpleNamespace(cloudformation=client, region="eu-west-3"), stubber


def described(stubber: Stubber, status: str, outputs: Mapping[Output, str]) -> None:
    stack = {
        "StackName": "qabot",
        "StackStatus": status,
        "CreationTime": "2026-01-01T00:00:00Z",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "qabot"})


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_complete_stack_has_all_that_the_engine_needs(
    stubbed: tuple[Any, Stubber], status: str
) -> None:
    described(stubbed[1], status, OUTPUTS)
    assert find_stack(stubbed[0], "qabot") == Stack(
        name="qabot",
        cluster="cluster",
        task_definition="arn:definition",
        container="answerer",
        subnets=("subnet-1", "subnet-2"),
        security_group="sg-1",
        table="table",
        log_group="logs",
        log_stream_prefix="task",
        model="m@1",
        cpu=1024,
        memory=4096,
    )


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("ROLLBACK_COMPLETE", "its last deployment failed; scripts/cdk destroy qabot"),
        ("UPDATE_ROLLBACK_FAILED", "its last deployment failed"),
        ("DELETE_FAILED", "its last deployment failed"),
        ("CREATE_IN_PROGRESS", "wait until that is done"),
        ("DELETE_COMPLETE", "no stack qabot in eu-west-3"),
    ],
)
def test_half_a_stack_is_an_error_that_says_what_to_do(
    stubbed: tuple[Any, Stubber], status: str, says: str
) -> None:
    described(stubbed[1], status, OUTPUTS)
    with pytest.raises(CloudError, match=says):
        find_stack(stubbed[0], "qabot")


def test_missing_outputs_are_named(stubbed: tuple[Any, Stubber]) -> None:
    some = dict(OUTPUTS)
    del some[Output.TABLE], some[Output.CPU]
    described(stubbed[1], "CREATE_COMPLETE", some)
    with pytest.raises(CloudError, match="no output TableName, Cpu"):
        find_stack(stubbed[0], "qabot")


def test_no_stack_names_the_region_and_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws(), pytest.raises(CloudError, match=r"no stack qabot in eu-west-3.*cdk deploy"):
        find_stack(Clients(), "qabot")


def test_a_denied_look_names_the_permission(stubbed: tuple[Any, Stubber]) -> None:
    stubbed[1].add_client_error(
        "describe_stacks",
        "AccessDenied",
        "User: x is not authorized to perform: cloudformation:DescribeStacks on resource: y",
    )
    with pytest.raises(CloudError, match="denies cloudformation:DescribeStacks"):
        find_stack(stubbed[0], "qabot")
