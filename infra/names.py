"""Names that both stacks use, so that the access role can name the resources it may use."""

from __future__ import annotations

import aws_cdk as cdk

# IAM names are global to an account and have at most 64 characters: 40 for the stack, 10 for these, 14
# for the longest region.


def task_role_name(stack_name: str) -> str:
    """Return the name of the container's own role."""
    return f"{stack_name}-task-{cdk.Aws.REGION}"


def execution_role_name(stack_name: str) -> str:
    """Return the name of the role with which ECS pulls the image and writes the log."""
    return f"{stack_name}-exec-{cdk.Aws.REGION}"


def log_group_name(stack_name: str) -> str:
    """Return the name of the tasks' log group."""
    return f"/{stack_name}/tasks"
