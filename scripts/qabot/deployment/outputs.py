"""The outputs of the CloudFormation stack: what infra/ writes and the fargate engine reads."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """The name of one output; `DescribeStacks` gives each a text."""

    CLUSTER = "ClusterName"
    TASK_DEFINITION = "TaskDefinitionArn"
    CONTAINER = "ContainerName"
    SUBNETS = "SubnetIds"  # separated by commas
    SECURITY_GROUP = "SecurityGroupId"
    TABLE = "TableName"
    LOG_GROUP = "LogGroupName"
    LOG_STREAM_PREFIX = "LogStreamPrefix"  # a stream is PREFIX/CONTAINER/TASK-ID
    MODEL_IDENTITY = "ModelIdentity"
    CPU = "Cpu"
    MEMORY = "Memory"
    ARCHITECTURE = "Architecture"
    SPOT = "Spot"  # true or false


# Environment variables of the task's container.
TABLE_VARIABLE = "TABLE_NAME"
DEADLINE_VARIABLE = "DEADLINE_SECONDS"
TTL_VARIABLE = "ITEM_TTL_DAYS"
STACK_TAG = "qabot:stack"
