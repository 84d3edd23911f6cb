"""Permissions of tasks: the policies of the task role in the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.emulator.faults import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.emulator.calls import Call
    from tools.emulator.task import Task


def refusal(task: Task, call: Call) -> ApiError | None:
    """The error for a call that the task's role does not allow; `None` if it allows it.

    Args:
        task: the caller.
        call: the call.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.iam.models import iam_backends

    account = task.arn.split(":")[4]
    name = task.definition.task_role.rpartition("/")[2]
    roles = iam_backends[account]["aws"].roles.values()
    policies = [
        IAMPolicy(text) for role in roles if role.name == name for text in role.policies.values()
    ]
    for resource in _resources(call, account):
        if not any(
            policy.is_action_permitted(call.kind, resource) == PermissionResult.PERMITTED
            for policy in policies
        ):
            user = f"arn:aws:sts::{account}:assumed-role/{name}/{task.id}"
            return ApiError(
                "AccessDeniedException",
                f"User: {user} is not authorized to perform: {call.kind} on resource: {resource} "
                "because no identity-based policy allows the action",
            )
    return None


def _resources(call: Call, account: str) -> Iterator[str]:
    """The ARNs of the resources of a call; of the services that tasks use, only DynamoDB has them."""
    parameters = call.parameters()
    tables = [parameters["TableName"]] if "TableName" in parameters else []
    tables += list(parameters.get("RequestItems", ()))
    for table in tables:
        yield f"arn:aws:dynamodb:{call.region}:{account}:table/{table.rpartition('/')[2]}"
    if not tables:
        yield "*"
