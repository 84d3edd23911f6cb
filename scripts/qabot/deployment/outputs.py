"""The outputs of the CloudFormation stack, which infra/ writes and the fargate engine reads."""

from __future__ import annotations

from enum import StrEnum

from answerer.environment import DEADLINE_VARIABLE, TABLE_VARIABLE, TTL_VARIABLE

__all__ = ["DEADLINE_VARIABLE", "STACK_TAG", "TABLE_VARIABLE", "TTL_VARIABLE", "Output"]


class Output(StrEnum):
    """The name of an output, for each field of `qabot.aws.stack.Stack`; its value is text."""

    CLUSTER = "ClusterName"
    TASK_DEFINITION = "TaskDefinitionArn"
    CONTAINER = "ContainerName"
    SUBNETS = "SubnetIds"  # separated by commas
    SECURITY_GROUP = "SecurityGroupId"
    TABLE = "TableName"
    LOG_GROUP = "LogGroupName"
    LOG_STREAM_PREFIX = "LogStreamPrefix"  # a stream is PREFIX/CONTAINER/TASK-ID
    MODEL = "ModelIdentity"
    CPU = "Cpu"
    MEMORY = "Memory"


STACK_TAG = "qabot:stack"
