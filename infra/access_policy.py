"""What the role of a repository's workflow may do: deploy through the CDK, and operate one stack.

Which action takes which resource:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_iam as iam

from infra.names import execution_role_name, log_group_name, task_role_name

if TYPE_CHECKING:
    from collections.abc import Sequence

# The roles that `cdk bootstrap` makes for the command line; CloudFormation's own is not among them.
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
BOOTSTRAP_ROLES = ("deploy", "file-publishing", "image-publishing", "lookup")


def statements(stack: cdk.Stack, name: str) -> list[iam.PolicyStatement]:
    """The statements of the role's policy.

    Args:
        stack: whose account and region the resources are in.
        name: of the stack that the role may operate.
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
                role(f"cdk-{qualifier}-{one}-role-{stack.account}-{stack.region}")
                for one in BOOTSTRAP_ROLES
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
    """The resources of `statements` that hold a wildcard, as cdk-nag writes them, and why they do.

    Args:
        name: of the stack that the role may operate.
    """

    def arn(service: str, resource: str) -> str:
        return f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}"

    return {
        "*": "ecs:ListTasks takes no task as its resource; the condition binds it to the cluster.",
        arn("cloudformation", f"stack/{name}/*"): "CloudFormation ends the name in a random id.",
        arn("ecs", f"task-definition/{name}:*"): "Every deployment makes a new revision.",
        arn("ecs", f"task/{name}/*"): "Tasks get random ids; these are the cluster's own.",
        arn("logs", f"log-group:{log_group_name(name)}:log-stream:*"): "A task has a log stream.",
    }


def _stack_arn(stack: cdk.Stack, name: str) -> str:
    # CloudFormation puts a random id behind the name.
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
