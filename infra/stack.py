"""The stack of the fargate engine: a table, a network, a task definition, and its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb

from infra.audit import accept
from infra.network import Network
from infra.task import CONTAINER, STREAM_PREFIX, AnswerTask
from qabot.deployment.outputs import STACK_TAG, Output

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

    from qabot.deployment.settings import Settings

# What the CDK's command line calls it, whatever the name of the stack.
STACK_ID = "qabot"


class QabotStack(cdk.Stack):
    """Everything that the fargate engine needs; it costs nothing while no task runs.

    Args:
        scope: the app.
        settings: the deployment's, with the stack's name.
        root: the checkout with `container/`.
        synthesizer: how assets are published (default: the CDK's).

    Raises:
        ModelError: the bundled model is to be deployed and cannot be read.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        root: Path,
        synthesizer: cdk.IStackSynthesizer | None = None,
    ) -> None:
        name = settings.stack_name
        super().__init__(
            scope,
            STACK_ID,
            stack_name=name,
            description="qabot: answers questions with Fargate tasks",
            synthesizer=synthesizer,
            tags={STACK_TAG: name},
        )
        table = dynamodb.Table(
            self,
            "Table",
            table_name=name,
            partition_key=dynamodb.Attribute(name="item_id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        accept(table, "DDB3", "The answers are in git; a lost table is filled again.")
        network = Network(self, "Network")
        task = AnswerTask(
            self, "Answer", settings=settings, root=root, vpc=network.vpc, table=table
        )
        values = {
            Output.CLUSTER: task.cluster.cluster_name,
            Output.TASK_DEFINITION: task.definition.task_definition_arn,
            Output.CONTAINER: CONTAINER,
            Output.SUBNETS: ",".join(subnet.subnet_id for subnet in network.vpc.public_subnets),
            Output.SECURITY_GROUP: network.security_group.security_group_id,
            Output.TABLE: table.table_name,
            Output.LOG_GROUP: task.log_group.log_group_name,
            Output.LOG_STREAM_PREFIX: STREAM_PREFIX,
            Output.MODEL: settings.model_identity,
            Output.CPU: str(settings.cpu),
            Output.MEMORY: str(settings.memory),
        }
        for output, value in values.items():
            cdk.CfnOutput(self, output.value, value=value)
