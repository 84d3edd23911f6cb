"""A task in the emulated cloud: its states, its permissions, and how it is stopped."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.emulator.launcher import Launcher, echo
from tools.emulator import emulated_cloud
from tools.emulator.definition import read_definition
from tools.emulator.lifecycle import Delays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


pytestmark = pytest.mark.timeout(60)


def test_a_task_goes_through_the_states_of_ecs_and_ends_with_its_exit_code() -> None:
    with emulated_cloud(program=echo, delays=Delays(provisioning=0.15, pending=0.15)) as cloud:
        launcher = Launcher(cloud)
        arn = launcher.run("3", "x")
        assert launcher.describe(arn)["lastStatus"] == "PROVISIONING"
        cloud.wait_idle()
        task = launcher.describe(arn)
        (lived,) = cloud.tasks
    assert [state for state, _ in lived.history] == [
        *("PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED")
    ]
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task["containers"][0]["exitCode"] == 3
    order = ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt"]
    stamps = [task[name] for name in [*order, "executionStoppedAt", "stoppedAt"]]
    assert stamps == sorted(stamps)
    assert (task["startedAt"] - task["createdAt"]).total_seconds() >= 0.3


def test_the_container_gets_the_definition_s_environment_and_its_own_credentials() -> None:
    seen: list[Mapping[str, str]] = []

    def program(_argv: Sequence[str], environ: Mapping[str, str]) -> int:
        seen.append(environ)
        return 0

    with emulated_cloud(program=program, environment={"MODEL_DIR": "m"}) as cloud:
        launcher = Launcher(cloud)
        name = launcher.outputs["ContainerName"]
        extra = {"name": name, "environment": [{"name": "EXTRA", "value": "1"}]}
        arn = launcher.run(overrides={"containerOverrides": [extra]})
        launcher.run()
        cloud.wait_idle()
        with urllib.request.urlopen(f"{seen[0]['ECS_CONTAINER_METADATA_URI_V4']}/task") as reply:
            assert json.load(reply)["TaskARN"] == arn
    first, second = seen
    assert (first["TABLE_NAME"], first["EXTRA"], first["MODEL_DIR"]) == ("qabot", "1", "m")
    assert first["AWS_ACCESS_KEY_ID"] != second["AWS_ACCESS_KEY_ID"]
    assert first["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_what_a_task_prints_is_its_log_stream_and_nobody_else_s(
    launcher: Launcher, capsys: pytest.CaptureFixture[str]
) -> None:
    arns = [launcher.run("0", f"task-{number}") for number in range(3)]
    launcher.cloud.wait_idle()
    logs = launcher.cloud.client("logs")
    for number, arn in enumerate(arns):
        stream = f"{launcher.outputs['LogStreamPrefix']}/answerer/{arn.rpartition('/')[2]}"
        events = logs.get_log_events(
            logGroupName=launcher.outputs["LogGroupName"], logStreamName=stream
        )["events"]
        assert [event["message"] for event in events] == [f"argv 0 task-{number}", "table qabot"]
    assert capsys.readouterr() == ("", ""), "a task's output leaked out of the cloud"


def test_a_task_may_do_what_its_role_allows_and_no_more() -> None:
    said: list[str] = []

    def program(_argv: Sequence[str], environ: Mapping[str, str]) -> int:
        table = dynamodb(environ)
        mine, other = environ["TABLE_NAME"], "other"
        key = {"item_id": {"S": "k"}}
        table.get_item(TableName=mine, Key=key)
        table.update_item(TableName=mine, Key=key, **SET)
        for call in (
            lambda: table.get_item(TableName=other, Key=key),
            lambda: table.put_item(TableName=mine, Item=key),
            lambda: table.scan(TableName=mine),
            lambda: table.batch_get_item(RequestItems={mine: {"Keys": [key]}}),
            table.list_tables,
        ):
            with pytest.raises(ClientError) as caught:
                call()
            said.append(caught.value.response["Error"]["Code"])
        return 0

    with emulated_cloud(program=program) as cloud:
        Launcher(cloud).run()
        cloud.wait_idle()
        (task,) = cloud.tasks
    assert task.exit_code == 0, task.output
    assert said == ["AccessDeniedException"] * 5


SET = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "b"}}}


def dynamodb(environ: Mapping[str, str]) -> Any:
    """A client with the credentials of a container's environment."""
    import boto3

    return boto3.session.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=environ["AWS_REGION"],
    ).client("dynamodb", endpoint_url=environ["AWS_ENDPOINT_URL"])


def test_a_stopped_task_shows_who_stopped_it_and_why() -> None:
    with emulated_cloud(program=echo, delays=Delays(pending=5)) as cloud:
        launcher = Launcher(cloud)
        arn = launcher.run()
        launcher.ecs.stop_task(cluster=launcher.cluster, task=arn, reason="enough")
        cloud.wait_idle(5)
        task = launcher.describe(arn)
        assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
        assert "exitCode" not in task["containers"][0], "its container never ran"
        launcher.ecs.stop_task(cluster=launcher.cluster, task=arn, reason="again")
        assert launcher.describe(arn)["stoppedReason"] == "enough"
        refusal = launcher.refused(launcher.ecs.stop_task, cluster=launcher.cluster, task="0" * 32)
        assert refusal["Message"] == "The referenced task was not found."


def test_a_stopped_thread_can_do_nothing_more_that_anybody_sees() -> None:
    go, done, errors = threading.Event(), threading.Event(), []

    def program(_argv: Sequence[str], environ: Mapping[str, str]) -> int:
        table = dynamodb(environ)
        go.wait(20)
        try:
            table.update_item(
                TableName=environ["TABLE_NAME"], Key={"item_id": {"S": "late"}}, **SET
            )
        except ClientError as error:
            errors.append(error.response["Error"]["Code"])
        done.set()
        return 0

    with emulated_cloud(program=program) as cloud:
        launcher = Launcher(cloud)
        arn = launcher.run()
        deadline = time.monotonic() + 10
        while launcher.describe(arn)["lastStatus"] != "RUNNING" and time.monotonic() < deadline:
            time.sleep(0.01)
        launcher.ecs.stop_task(cluster=launcher.cluster, task=arn)
        cloud.wait_idle(5)
        assert launcher.describe(arn)["containers"][0]["exitCode"] == 143
        go.set()
        assert done.wait(20)
        assert errors == ["ExpiredTokenException"]
        assert cloud.client("dynamodb").scan(TableName="qabot")["Items"] == []
        assert launcher.describe(arn)["containers"][0]["exitCode"] == 143, "its end was overwritten"


STUBBORN = (
    "import signal, sys, time;"
    "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True));"
    "print('up', flush=True);"
    "time.sleep(1); time.sleep(60)"
)


@pytest.mark.parametrize(
    ("program", "exit_code"), [("import time; time.sleep(60)", 143), (STUBBORN, 137)]
)
def test_a_process_gets_sigterm_and_after_its_time_sigkill(
    program: str, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulated_cloud("process", entry_point=[sys.executable, "-c", program]) as cloud:

        def hurried(*arguments: Any) -> Any:
            found = read_definition(*arguments)
            assert found is not None
            return replace(found, stop_timeout=0.5)

        monkeypatch.setattr("tools.emulator.launch.read_definition", hurried)
        launcher = Launcher(cloud)
        arn = launcher.run()
        (task,) = cloud.tasks
        deadline = time.monotonic() + 10
        while task.state != "RUNNING" and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.5)  # until Python has come as far as its handler
        launcher.ecs.stop_task(cluster=launcher.cluster, task=arn)
        assert launcher.describe(arn)["desiredStatus"] == "STOPPED"
        cloud.wait_idle(10)
        assert launcher.describe(arn)["containers"][0]["exitCode"] == exit_code
        assert launcher.describe(arn)["stopCode"] == "UserInitiated"


def test_a_process_sees_a_container_s_environment_and_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "1")
    program = "import os, sys; print(sorted(os.environ)); sys.exit(len(sys.argv))"
    with emulated_cloud("process", entry_point=[sys.executable, "-c", program]) as cloud:
        launcher = Launcher(cloud)
        launcher.run("a", "b")
        cloud.wait_idle(20)
        (task,) = cloud.tasks
    assert task.exit_code == 3
    assert "TABLE_NAME" in task.output
    assert "SECRET_OF_THE_MACHINE" not in task.output
