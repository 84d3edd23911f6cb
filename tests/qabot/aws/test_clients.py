from __future__ import annotations

import sys
from typing import Any

import pytest

from qabot.aws.clients import Clients
from qabot.errors import CloudError


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def test_no_region_and_no_profile_are_errors_that_name_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(CloudError, match="AWS_REGION"):
        _ = Clients().ecs
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CloudError, match="nobody"):
        _ = Clients().ecs


def test_a_missing_boto3_names_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(CloudError, match="scripts/environment cloud"):
        _ = Clients().dynamodb


def test_clients_follow_the_environment_and_give_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    clients = Clients()
    assert clients.region == "eu-west-3"
    assert clients.ecs.meta.endpoint_url == "http://127.0.0.1:9"
    assert clients.ecs is clients.ecs, "one client for the whole run"
    for client in (clients.ecs, clients.dynamodb, clients.cloudformation, clients.logs):
        config: Any = client.meta.config
        assert config.retries["mode"] == "standard"
        assert config.connect_timeout <= 5
        assert config.read_timeout <= 20
