"""The emulated cloud from its start to its end, with many tasks in it."""

from __future__ import annotations

import sys
import threading
import time
import urllib.request

import pytest

from tests.tools.emulator.launcher import Launcher
from tools.emulator import emulated_cloud

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
