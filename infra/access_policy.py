"""The policy of the role of a repository's workflows: deploy through the CDK, and operate one stack.

Resources that each action accepts:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_iam as iam

from infra.names import execution_role_name, log_group_name, task_role_name

if TYPE_CHECKING:
    from collections.abc import Sequence

# The roles that `cdk bootstrap` creates for the command line, without CloudFormation's own. Through
# `deploy` a stack of any name can be deployed, with the rights of CloudFormation's role
# (docs/permissions.md).
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
BOOTSTRAP_ROLES = ("deploy", "file-publishing", "image-publishing", "lookup")


def statements(stack: cdk.Stack, name: str) -> list[iam.PolicyStatement]:
    """Return the statements of the role's policy.

    Args:
        stack: the stack in whose account and region the resources are.
        name: the name of the stack that the role may operate.
    """

    def arn(service: str, resource: str, *, region: str | None = None) -> str:
        return stack.format_arn(
            service=service,
            resource=resource,
            region=region,
            arn_format=cdk.ArnFormat.NO_RESOURCE_NAME,
        )

    def role(role_name: str) -> str:
        return arn("iam", f"role/{role_name}", region="")

    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    cluster = arn("ecs", f"cluster/{name}")
    in_cluster = {"ArnEquals": {"ecs:cluster": cluster}}
    tasks = arn("ecs", f"task/{name}/*")
    return [
        _allow(
            "Deploy",
            ["sts:AssumeRole"],
            [
                role(f"cdk-{qualifier}-{purpose}-role-{stack.account}-{stack.region}")
                for purpose in BOOTSTRAP_ROLES
            ],
        ),
        _allow("FindStack", ["cloudformation:DescribeStacks"], [_stack_arn(stack, name)]),
        _allow("Launch", ["ecs:RunTask"], [arn("ecs", f"task-definition/{name}:*")], in_cluster),
        _allow("Operate", ["ecs:DescribeTasks", "ecs:StopTask"], [tasks], in_cluster),
        _allow(
            "TagAtLaunch",
            ["ecs:TagResource"],
            [tasks],
            {"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        _allow("List", ["ecs:ListTasks"], ["*"], in_cluster),
        _allow(
            "GiveTasksTheirRoles",
            ["iam:PassRole"],
            [role(task_role_name(name)), role(execution_role_name(name))],
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        _allow(
            "Items",
            [
                f"dynamodb:{action}"
                for action in ("BatchGetItem", "BatchWriteItem", "Scan", "UpdateItem")
            ],
            [arn("dynamodb", f"table/{name}")],
        ),
        _allow(
            "ReadLogs",
            ["logs:GetLogEvents"],
            [arn("logs", f"log-group:{log_group_name(name)}:log-stream:*")],
        ),
    ]


def wildcards(name: str) -> dict[str, str]:
    """Return the resources of `statements` that have a wildcard, as cdk-nag writes them, with reasons.

    Args:
        name: the name of the stack that the role may operate.
    """

    def arn(service: str, resource: str) -> str:
        return f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}"

    return {
        "*": "ecs:ListTasks accepts no task as its resource; the condition limits it to the cluster.",
        arn("cloudformation", f"stack/{name}/*"): "CloudFormation adds a random id to the name.",
        arn("ecs", f"task-definition/{name}:*"): "Every deployment creates a revision.",
        arn("ecs", f"task/{name}/*"): "Task ids are random; these are tasks of the cluster.",
        arn(
            "logs", f"log-group:{log_group_name(name)}:log-stream:*"
        ): "Each task has a log stream.",
    }


def _stack_arn(stack: cdk.Stack, name: str) -> str:
    # CloudFormation adds a random id to the name.
    return stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/*")


def _allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: dict[str, dict[str, str]] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid, actions=list(actions), resources=list(resources), conditions=conditions
    )
