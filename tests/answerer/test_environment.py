from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from answerer import environment
from answerer.environment import EnvironmentVariableError
from tests.answerer.tables import ENVIRON
from tests.local_server import Handler, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_deadline_and_the_lifetime_come_from_the_environment() -> None:
    assert environment.deadline({}) == 300
    assert environment.deadline({"DEADLINE_SECONDS": "1.5"}) == 1.5
    assert environment.lifetime({}) is None
    assert environment.lifetime({"ITEM_TTL_DAYS": "2"}) == 172_800


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_an_invalid_time_is_an_error_that_names_the_variable(text: str) -> None:
    with pytest.raises(EnvironmentVariableError, match=f"DEADLINE_SECONDS is '{text}'"):
        environment.deadline({"DEADLINE_SECONDS": text})


def test_the_default_model_is_beside_the_package() -> None:
    assert environment.model_directory({}).parts[-2:] == ("container", "model")
    assert str(environment.model_directory({"MODEL_DIR": "here"})) == "here"


def test_a_table_needs_a_name_and_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentVariableError, match="--no_save"):
        environment.open_table({})
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(EnvironmentVariableError, match="AWS_REGION"):
        environment.open_table({"TABLE_NAME": "t"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"AWS_ENDPOINT_URL": "nowhere"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:port"},
        {"AWS_ENDPOINT_URL": "http://["},
        {"AWS_REGION": "no region"},
    ],
)
def test_a_table_without_a_valid_address_is_reported(wrong: dict[str, str]) -> None:
    with pytest.raises(EnvironmentVariableError, match="correct AWS_REGION and AWS_ENDPOINT_URL"):
        environment.open_table({**ENVIRON, **wrong})


def test_the_client_is_made_from_the_environment_that_is_given() -> None:
    environ = {**ENVIRON, "AWS_REGION": "eu-west-3", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    client = environment.open_table(environ).client
    assert client.meta.region_name == "eu-west-3"
    assert client.meta.endpoint_url == "http://127.0.0.1:9"


@pytest.fixture
def metadata() -> Iterator[tuple[str, list[bytes]]]:
    """A task metadata endpoint, and what it will answer."""
    answers: list[bytes] = []

    class MetadataHandler(Handler):
        def do_GET(self) -> None:
            self.reply(200 if self.path == "/v4/id/task" else 404, answers.pop())

    with serving(MetadataHandler) as address:
        yield f"{address}/v4/id", answers


def test_a_task_on_ecs_goes_by_its_arn(metadata: tuple[str, list[bytes]]) -> None:
    uri, answers = metadata
    answers.append(json.dumps({"Cluster": "c", "TaskARN": "arn:aws:ecs:task/1"}).encode())
    name = environment.task_name({"ECS_CONTAINER_METADATA_URI_V4": uri})
    assert name == "arn:aws:ecs:task/1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff"])
def test_an_endpoint_that_makes_no_sense_does_not_stop_the_task(
    body: bytes, metadata: tuple[str, list[bytes]]
) -> None:
    uri, answers = metadata
    answers.append(body)
    name = environment.task_name({"ECS_CONTAINER_METADATA_URI_V4": uri})
    assert name.startswith("process:")


def test_an_endpoint_that_says_nothing_is_left_and_its_connection_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "_METADATA_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/v4/id"
        name = environment.task_name({"ECS_CONTAINER_METADATA_URI_V4": uri})
        assert name.startswith("process:")
        connection, _ = silent.accept()
        with connection:
            connection.settimeout(10)
            while connection.recv(1000):  # the request, then the end
                pass


def test_an_invalid_endpoint_does_not_stop_the_task() -> None:
    nowhere = {"ECS_CONTAINER_METADATA_URI_V4": "http://["}
    assert environment.task_name(nowhere).startswith("process:")


def test_elsewhere_no_two_tasks_have_the_same_name() -> None:
    unreachable = {"ECS_CONTAINER_METADATA_URI_V4": "http://127.0.0.1:9/v4"}
    assert environment.task_name({}) != environment.task_name({})
    assert environment.task_name(unreachable).startswith("process:")
