"""AWS clients, all made in one place, with time-outs and retries."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from qabot.aws.errors import translated
from qabot.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

# The most concurrent calls; a client keeps as many connections.
THREADS = 16

# boto3 still defaults to `legacy`; `standard` retries transient errors, with jitter.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_ATTEMPTS = 10
# The engine repeats launches and stops itself: it must know that a launch whose reply was lost
# may have arrived, and stopping must end within GitHub's 7.5 s.
_ECS_ATTEMPTS = 3
_CONNECT_SECONDS = 4
_READ_SECONDS = 20
_ECS_READ_SECONDS = 10


class Clients:
    """The clients of one run, each made when it is first used.

    Region, credentials and endpoint come from boto3's usual sources: the environment,
    `~/.aws`, the machine's role; `AWS_ENDPOINT_URL` included.

    Raises:
        CloudError: from any attribute, where there is no region or the profile does not exist.
    """

    @cached_property
    def _session(self) -> Any:
        try:
            import boto3
        except ImportError as error:
            raise CloudError(
                f"the fargate engine needs {error.name}, which is not installed; "
                "run scripts/environment cloud"
            ) from None
        with translated("reading AWS's configuration"):
            # The SDK for Python only reads AWS_DEFAULT_REGION, where AWS's other tools and
            # the containers of ECS have AWS_REGION.
            return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)

    def _client(self, service: str, attempts: int = _ATTEMPTS, read: int = _READ_SECONDS) -> Any:
        session = self._session
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=read,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=THREADS,
            user_agent_extra="qabot",
        )
        with translated(f"connecting to {service}"):
            return session.client(service, config=config)

    @property
    def region(self) -> str:
        """The region that all clients work in."""
        return str(self.cloudformation.meta.region_name)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Where the stack is found."""
        return cast("CloudFormationClient", self._client("cloudformation"))

    @cached_property
    def ecs(self) -> ECSClient:
        """Where tasks are described and listed."""
        return cast("ECSClient", self._client("ecs", _ECS_ATTEMPTS, _ECS_READ_SECONDS))

    @cached_property
    def ecs_once(self) -> ECSClient:
        """Where tasks are launched and stopped: makes each call once, without retries."""
        return cast("ECSClient", self._client("ecs", 1, _ECS_READ_SECONDS))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Where questions and answers are."""
        return cast("DynamoDBClient", self._client("dynamodb"))

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Where the tasks' logs are."""
        return cast("CloudWatchLogsClient", self._client("logs"))
