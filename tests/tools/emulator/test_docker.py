"""Tasks in Docker, with a stand-in for the docker command.

`scripts/rehearse --tasks docker` runs the same with the real one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tools.emulator import Cloud, emulated_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Notes each command line, and does what the image's name asks for.
STAND_IN = """#!/bin/sh
echo "$@" >> "$0.log"
case "$1" in
run)
  case "$*" in
    *works*) echo said so; exit 4 ;;
    *big*) exit 137 ;;
    *missing*) echo "Unable to find image" >&2; exit 125 ;;
    *endless*) while [ ! -e "$0.stopped" ]; do sleep 0.05; done; exit 143 ;;
  esac ;;
inspect) if grep -q "big" "$0.log"; then echo true; else echo false; fi ;;
stop) touch "$0.stopped" ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    command = tmp_path / "docker"
    command.write_text(STAND_IN)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "docker.log"


def launch(cloud: Cloud, image: str) -> str:
    outputs = cloud.deploy(image=image)
    network = {
        "subnets": outputs["SubnetIds"].split(","),
        "securityGroups": [outputs["SecurityGroupId"]],
    }
    answer = cloud.client("ecs").run_task(
        cluster=outputs["ClusterName"],
        taskDefinition=outputs["TaskDefinitionArn"],
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
        overrides={"containerOverrides": [{"name": "answerer", "command": ["--item-id", "k"]}]},
    )
    return str(answer["tasks"][0]["taskArn"])


@pytest.fixture
def cloud(docker: Path) -> Iterator[Cloud]:
    with emulated_cloud("docker") as cloud:
        yield cloud


def test_the_image_runs_with_as_little_as_fargate_gives_it(
    cloud: Cloud, docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "1")
    launch(cloud, "works:1")
    cloud.wait_idle()
    (task,) = cloud.tasks
    assert (task.exit_code, task.output, task.container_reason) == (4, "said so\n", None)
    run, inspect, remove = docker.read_text().splitlines()
    name = f"qabot-task-{task.id}"
    for option in (f"--name={name}", "--read-only", "--cap-drop=ALL", "--memory=4096m"):
        assert option in run.split()
    assert "--env=TABLE_NAME=qabot" in run.split()
    for secret in ("SECRET_OF_THE_MACHINE", cloud.environ["AWS_ACCESS_KEY_ID"]):
        assert secret not in run
    assert run.endswith("works:1 --item-id k")
    assert inspect.endswith(name)
    assert remove == f"rm --force {name}", "the container was left behind"


def test_out_of_memory_is_reported_as_by_ecs(cloud: Cloud) -> None:
    launch(cloud, "big:1")
    cloud.wait_idle()
    (task,) = cloud.tasks
    assert task.exit_code == 137
    assert task.container_reason == "OutOfMemoryError: Container killed due to memory usage"


def test_an_image_that_is_not_there_never_starts(cloud: Cloud) -> None:
    launch(cloud, "missing:1")
    cloud.wait_idle()
    (task,) = cloud.tasks
    assert (task.stop_code, task.exit_code) == ("TaskFailedToStart", None)
    assert task.stopped_reason == "CannotPullContainerError: Unable to find image"


def test_a_stopped_task_is_stopped_in_docker(cloud: Cloud, docker: Path) -> None:
    arn = launch(cloud, "endless:1")
    (task,) = cloud.tasks
    deadline = time.monotonic() + 10
    while not docker.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    cloud.client("ecs").stop_task(cluster="qabot", task=arn, reason="enough")
    cloud.wait_idle(10)
    assert (task.exit_code, task.stop_code) == (143, "UserInitiated")
    assert f"stop -t=30 qabot-task-{task.id}" in docker.read_text()


def test_without_docker_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="docker is not on PATH"), emulated_cloud("docker"):
        pass
