"""The emulated cloud from its start to its end, with many tasks in it."""

from __future__ import annotations

import os
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tools.emulator import emulated_cloud
from tools.emulator.launcher import Launcher

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.timeout(60)


def test_nothing_is_left_when_the_cloud_is_gone() -> None:
    before = set(threading.enumerate())
    with emulated_cloud(
        "process", entry_point=[sys.executable, "-c", "import time; time.sleep(60)"]
    ) as cloud:
        Launcher(cloud).run()
        (task,) = cloud.tasks
        while task.state != "RUNNING":
            time.sleep(0.01)
        url = cloud.endpoint_url
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    left = [thread.name for thread in set(threading.enumerate()) - before if "cloud" in thread.name]
    assert left == []
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)
    with emulated_cloud() as cloud:
        assert cloud.client("cloudformation").list_stacks()["StackSummaries"] == []
        assert cloud.tasks == []


def test_three_hundred_tasks_run_once_each(launcher: Launcher) -> None:
    for number in range(300):
        launcher.run("0", str(number), clientToken=f"t{number}")
    launcher.cloud.wait_idle()
    tasks = launcher.cloud.tasks
    assert sorted(int(task.command()[1]) for task in tasks) == list(range(300))
    assert {task.exit_code for task in tasks} == {0}
    assert launcher.cloud.client_calls()["ecs:RunTask"] == 300
    assert launcher.cloud.crashes == []
    assert os.environ.get("AWS_ENDPOINT_URL") != launcher.cloud.endpoint_url


def test_updating_the_stack_makes_a_new_revision_and_keeps_the_table(launcher: Launcher) -> None:
    table = launcher.cloud.client("dynamodb")
    table.put_item(TableName="qabot", Item={"item_id": {"S": "kept"}})
    outputs = launcher.cloud.deploy(memory=5120)
    assert outputs["TaskDefinitionArn"] == launcher.outputs["TaskDefinitionArn"][:-1] + "2"
    assert outputs["Memory"] == "5120"
    launcher.outputs = outputs
    assert launcher.describe(launcher.run("0"))["memory"] == "5120"
    assert table.scan(TableName="qabot")["Count"] == 1
    assert launcher.cloud.crashes == []


def test_deleting_the_stack_deletes_all_that_it_made(launcher: Launcher) -> None:
    cloud = launcher.cloud
    cloud.client("cloudformation").delete_stack(StackName="qabot")
    vpcs = cloud.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.client("logs").describe_log_groups()["logGroups"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
    assert launcher.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []
    assert launcher.refused(launcher.ecs.run_task, **launcher.request("0"))["Code"] == (
        "ClusterNotFoundException"
    )
