"""The cluster and the task definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from constructs import Construct

from infra.audit import accept
from infra.image import container_image
from infra.names import execution_role_name, log_group_name, task_role_name
from qabot.deployment.outputs import DEADLINE_VARIABLE, TABLE_VARIABLE, TTL_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    import aws_cdk.aws_dynamodb as dynamodb
    import aws_cdk.aws_ec2 as ec2

    from qabot.deployment.settings import Settings

CONTAINER = "answerer"
STREAM_PREFIX = "answer"
# Between SIGTERM and SIGKILL: Fargate's default, and long enough to write one item.
STOP_SECONDS = 30


class AnswerTask(Construct):
    """The ECS cluster, the log group, the roles and the task definition.

    Args:
        scope: the stack.
        construct_id: the construct's name.
        settings: the deployment's.
        root: the repository, with `container/`.
        vpc: the network of the cluster.
        table: the table of questions and answers.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        root: Path,
        vpc: ec2.IVpc,
        table: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        name = settings.stack_name
        self.cluster = ecs.Cluster(
            self, "Cluster", cluster_name=name, vpc=vpc, enable_fargate_capacity_providers=True
        )
        accept(
            self.cluster,
            "ECS4",
            "Container Insights is billed per metric; a run's report and logs say as much.",
        )
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=log_group_name(name),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The L2 construct needs an enumeration; the settings have the number of days, already checked.
        group = cast("logs.CfnLogGroup", self.log_group.node.default_child)
        group.retention_in_days = settings.log_retention_days

        arm = settings.architecture == "arm64"
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=name,
            cpu=settings.cpu,
            memory_limit_mib=settings.memory,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64 if arm else ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=_role(
                self,
                "TaskRole",
                task_role_name(name),
                "they read and update items",
                conditions=True,
            ),
            execution_role=_role(
                self,
                "ExecutionRole",
                execution_role_name(name),
                "ECS pulls the image and writes the log",
            ),
        )
        # No memory limit for the container, so that a retry can raise the task's limit alone.
        self.definition.add_container(
            CONTAINER,
            container_name=CONTAINER,
            image=container_image(self, settings, root),
            environment={
                TABLE_VARIABLE: table.table_name,
                DEADLINE_VARIABLE: str(settings.task_deadline_seconds),
                TTL_VARIABLE: str(settings.item_ttl_days),
            },
            readonly_root_filesystem=True,
            stop_timeout=cdk.Duration.seconds(STOP_SECONDS),
            logging=ecs.LogDriver.aws_logs(stream_prefix=STREAM_PREFIX, log_group=self.log_group),
        )
        accept(
            self.definition,
            "ECS2",
            "The variables are the table's name and two numbers, not secrets.",
        )
        table.grant(self.definition.task_role, "dynamodb:GetItem", "dynamodb:UpdateItem")
        accept(
            cast("iam.Role", self.definition.execution_role),
            "IAM5[Resource::*]",
            "ecr:GetAuthorizationToken accepts no resource; every other action names one.",
        )


def _role(
    scope: Construct, construct_id: str, name: str, does: str, *, conditions: bool = False
) -> iam.Role:
    """Make a role that ECS tasks may assume.

    Args:
        scope: the construct that it belongs to.
        construct_id: the construct's name.
        name: the role's name.
        does: what tasks use it for, for people.
        conditions: trust only tasks of this account and region. AWS documents these conditions for the
            role of a task, and none for its execution role.
            https://docs.aws.amazon.com/AmazonECS/latest/userguide/task-iam-roles.html
            https://docs.aws.amazon.com/AmazonECS/latest/userguide/task_execution_IAM_role.html
    """
    stack = cdk.Stack.of(scope)
    only_this_account = {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": stack.format_arn(service="ecs", resource="*")},
    }
    return iam.Role(
        scope,
        construct_id,
        role_name=name,
        description=f"Tasks of {stack.stack_name}: {does}",
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions=only_this_account if conditions else None,
        ),
    )
