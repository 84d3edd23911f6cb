"""The names that both stacks agree on, so that the access role can name what it may touch."""

from __future__ import annotations

import aws_cdk as cdk

# IAM is the same in every region of an account and allows 64 characters: 40 of the stack's name,
# 10 of these, 14 of the longest region's.


def task_role_name(stack_name: str) -> str:
    """Of the role that the container itself has."""
    return f"{stack_name}-task-{cdk.Aws.REGION}"


def execution_role_name(stack_name: str) -> str:
    """Of the role that ECS has to pull the image and to write the log."""
    return f"{stack_name}-exec-{cdk.Aws.REGION}"


def log_group_name(stack_name: str) -> str:
    """Of the tasks' log group."""
    return f"/{stack_name}/tasks"
