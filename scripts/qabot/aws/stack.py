"""The deployed stack, read from its outputs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qabot.aws.errors import broken_stack, code_of, message_of, no_such_stack, translated
from qabot.deployment.outputs import Output

if TYPE_CHECKING:
    from qabot.aws.clients import Clients

# Statuses in which a stack can be used; UPDATE_ROLLBACK_COMPLETE is back at a version that worked.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_USABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
}

_CUT_REPLIES = 2  # so many are asked for again


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployment, as far as the engine needs to know it.

    Args:
        name: of the CloudFormation stack.
        cluster: name of the ECS cluster.
        task_definition: ARN of the task definition.
        container: name of its container.
        subnets: where tasks get their address.
        security_group: of the tasks.
        table: name of the DynamoDB table.
        log_group: where the container logs to.
        log_stream_prefix: a task's stream is PREFIX/CONTAINER/TASK-ID.
        model: identity of the model in the image.
        cpu: CPU units of a task.
        memory: MiB of a task.
    """

    name: str
    cluster: str
    task_definition: str
    container: str
    subnets: tuple[str, ...]
    security_group: str
    table: str
    log_group: str
    log_stream_prefix: str
    model: str
    cpu: int
    memory: int

    @property
    def account(self) -> str:
        """The id of the AWS account that it is in."""
        return self.task_definition.split(":")[4]


def _describe(clients: Clients, name: str) -> Any:
    """The stacks of that name, none or one."""
    from botocore.parsers import ResponseParserError

    for _ in range(_CUT_REPLIES):
        # The SDK repeats every call that failed, except one whose reply was cut off.
        with suppress(ResponseParserError):
            return clients.cloudformation.describe_stacks(StackName=name)["Stacks"]
    return clients.cloudformation.describe_stacks(StackName=name)["Stacks"]


def find_stack(clients: Clients, name: str) -> Stack:
    """Read the outputs of a deployed stack.

    Args:
        clients: of AWS.
        name: of the CloudFormation stack.

    Raises:
        CloudError: it is not deployed, only in part, or AWS refuses.
    """
    from botocore.exceptions import ClientError

    with translated(f"looking for the stack {name}"):
        try:
            found = _describe(clients, name)
        except ClientError as error:
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
            if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
                found = []
            else:
                raise
    if not found or found[0]["StackStatus"] == "DELETE_COMPLETE":
        raise no_such_stack(name, clients.region)
    status = found[0]["StackStatus"]
    if status not in _USABLE:
        raise broken_stack(name, status, [])
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found[0].get("Outputs", [])}
    missing = [output.value for output in Output if not outputs.get(output)]
    if missing:
        raise broken_stack(name, status, missing)
    values: dict[str, Any] = {output.name.lower(): outputs[output] for output in Output}
    values |= {
        "subnets": tuple(values["subnets"].split(",")),
        "cpu": int(values["cpu"]),
        "memory": int(values["memory"]),
    }
    return Stack(name=name, **values)
