"""The task's environment: the table, the deadline, and which ECS task this is."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from answerer.errors import AnswererError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from answerer.table import Table

TABLE_VARIABLE = "TABLE_NAME"
DEADLINE_VARIABLE = "DEADLINE_SECONDS"
TTL_VARIABLE = "ITEM_TTL_DAYS"
MODEL_VARIABLE = "MODEL_DIR"
DEFAULT_DEADLINE = 300.0
_METADATA_SECONDS = 2.0
# What botocore reads from the environment by itself, under the names of its arguments. Given here,
# so that several tasks with an environment each can share one process.
_CLIENT_ARGUMENTS = {
    "region_name": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint_url": ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"),
    "aws_access_key_id": ("AWS_ACCESS_KEY_ID",),
    "aws_secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "aws_session_token": ("AWS_SESSION_TOKEN",),
}


class EnvironmentVariableError(AnswererError):
    """An environment variable is missing or invalid."""

    exit_code = 2


def model_directory(environ: Mapping[str, str]) -> Path:
    """The model directory: `MODEL_DIR`, or else the `model` folder beside the package."""
    return Path(environ.get(MODEL_VARIABLE) or Path(__file__).parent.parent / "model")


def deadline(environ: Mapping[str, str]) -> float:
    """How long this task may take, seconds.

    Raises:
        EnvironmentVariableError: `DEADLINE_SECONDS` is not a number of seconds.
    """
    return _number(environ, DEADLINE_VARIABLE) or DEFAULT_DEADLINE


def lifetime(environ: Mapping[str, str]) -> int | None:
    """How long the table keeps an item that this task creates, seconds; `None` for no limit.

    Raises:
        EnvironmentVariableError: `ITEM_TTL_DAYS` is not a number of days.
    """
    days = _number(environ, TTL_VARIABLE)
    return None if days is None else int(days * 86_400)


def _number(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e7:  # also when it is not a number
        raise EnvironmentVariableError(f"{name} is {text!a}; it must be a number above 0, or unset")
    return number


def open_table(environ: Mapping[str, str]) -> Table:
    """The table that `TABLE_NAME` names.

    Raises:
        EnvironmentVariableError: it is not set, or the region or endpoint is missing or invalid.
    """
    name = environ.get(TABLE_VARIABLE)
    if not name:
        raise EnvironmentVariableError(
            f"{TABLE_VARIABLE} is not set: name the DynamoDB table in it, or pass --no_save"
        )
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    from answerer.table import Table

    arguments: dict[str, Any] = {
        argument: value
        for argument, names in _CLIENT_ARGUMENTS.items()
        if (value := next((environ[name] for name in names if environ.get(name)), None))
    }
    config = Config(
        connect_timeout=5,
        read_timeout=10,
        retries={"mode": "standard", "max_attempts": 8},
    )
    try:
        # Otherwise botocore finds an invalid port only at the first call.
        _ = urlsplit(arguments.get("endpoint_url", "")).port
        with _SESSION_LOCK:
            client = _session().create_client("dynamodb", config=config, **arguments)
    except NoRegionError:
        raise EnvironmentVariableError(
            "AWS_REGION is not set: name the region of the table in it, such as us-east-1"
        ) from None
    except ValueError as error:  # botocore raises only this for an invalid endpoint or region
        raise EnvironmentVariableError(
            f"AWS cannot be called ({error}); correct AWS_REGION and AWS_ENDPOINT_URL"
        ) from None
    return Table(client, name)


# A session reads the services' descriptions once, and may not make two clients at the same time.
_SESSION_LOCK = threading.Lock()


@lru_cache(maxsize=1)
def _session() -> Any:
    # botocore, without boto3 around it, starts a little faster: 0.12 s instead of 0.13 to 0.20 s.
    import botocore.session

    return botocore.session.get_session()


def task_name(environ: Mapping[str, str]) -> str:
    """The ARN of the ECS task that this process runs in; elsewhere a unique name.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
    """
    # 15 ms that only a task with a table has to spend, and botocore imports them in any case.
    import uuid
    from http.client import HTTPConnection, HTTPException

    try:
        uri = urlsplit(environ.get("ECS_CONTAINER_METADATA_URI_V4", ""))
        if uri.scheme == "http" and uri.hostname:
            connection = HTTPConnection(uri.hostname, uri.port or 80, timeout=_METADATA_SECONDS)
            with closing(connection):
                connection.request("GET", f"{uri.path}/task")
                return str(json.load(connection.getresponse())["TaskARN"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError):
        pass  # the answer matters more than the task's name
    return f"process:{uuid.uuid4()}"
