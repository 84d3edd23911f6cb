"""The calls of ECS in the emulated cloud: what is refused, and what is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qabot.deployment import fargate_limits as fargate
from tests.tools.emulator.launcher import Launcher, echo
from tools.emulator import emulated_cloud
from tools.emulator.typical_faults import HANGS, TaskFaults

HANGING = TaskFaults(lambda *_: HANGS)
pytestmark = pytest.mark.timeout(60)


def test_a_client_token_gives_the_same_task_again_and_refuses_another_request(
    launcher: Launcher,
) -> None:
    arn = launcher.run("0", clientToken="t")
    launcher.cloud.wait_idle()
    again = launcher.ecs.run_task(**launcher.request("0", clientToken="t"))["tasks"]
    assert [(task["taskArn"], task["lastStatus"]) for task in again] == [(arn, "STOPPED")]
    refusal = launcher.refused(launcher.ecs.run_task, **launcher.request("1", clientToken="t"))
    assert refusal["Code"] == "ConflictException"
    assert refusal["resourceIds"] == [arn]
    assert len(launcher.cloud.tasks) == 1


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "other:1"}, "ClientException", "TaskDefinition not found."),
        ({"launchType": "FARGATE"}, "InvalidParameterException", "Specifying both a launch type"),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration must"),
        ({"count": 11}, "InvalidParameterException", "between 1 and 10"),
        ({"startedBy": "x" * 129}, "InvalidParameterException", "128"),
        ({"clientToken": "x" * 65}, "InvalidParameterException", "64"),
        (
            {"overrides": {"cpu": "1024", "memory": "1000"}},
            "InvalidParameterException",
            "No Fargate configuration exists for given values",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "nobody"}]}},
            "InvalidParameterException",
            "Override for container named nobody",
        ),
    ],
)
def test_a_launch_that_ecs_would_refuse_is_refused(
    launcher: Launcher, change: dict[str, Any], code: str, message: str
) -> None:
    refusal = launcher.refused(launcher.ecs.run_task, **launcher.request(**change))
    assert refusal["Code"] == code
    assert message in refusal["Message"]
    assert launcher.cloud.tasks == []


def test_overrides_may_have_8192_characters_and_no_more(launcher: Launcher) -> None:
    empty = len(json.dumps(launcher.request("")["overrides"]))
    launcher.run("0" * (fargate.OVERRIDES_MOST_CHARACTERS - empty))
    refusal = launcher.refused(
        launcher.ecs.run_task,
        **launcher.request("0" * (fargate.OVERRIDES_MOST_CHARACTERS - empty + 1)),
    )
    assert refusal["Message"] == "Container Overrides length must be at most 8192"


def test_an_override_of_the_size_is_the_task_s(launcher: Launcher) -> None:
    arn = launcher.run(overrides={"cpu": "2048", "memory": "5120"})
    task = launcher.describe(arn)
    assert (task["cpu"], task["memory"]) == ("2048", "5120")


def test_describe_tasks_takes_a_hundred_and_names_what_is_missing(launcher: Launcher) -> None:
    arn = launcher.run("0", tags=[{"key": "run", "value": "r"}])
    found = launcher.ecs.describe_tasks(cluster=launcher.cluster, tasks=[arn, "0" * 32])
    assert [task["taskArn"] for task in found["tasks"]] == [arn]
    assert found["tasks"][0]["tags"] == []
    assert [failure["reason"] for failure in found["failures"]] == ["MISSING"]
    assert found["failures"][0]["arn"].endswith("task/qabot/" + "0" * 32)
    assert launcher.describe(arn)["tags"] == [{"key": "run", "value": "r"}]
    too_many = {"cluster": launcher.cluster, "tasks": [str(number) for number in range(101)]}
    assert "100" in launcher.refused(launcher.ecs.describe_tasks, **too_many)["Message"]
    nothing = {"cluster": launcher.cluster, "tasks": []}
    assert "empty" in launcher.refused(launcher.ecs.describe_tasks, **nothing)["Message"]


def test_list_tasks_filters_by_who_started_them_and_by_what_is_wanted_of_them() -> None:
    with emulated_cloud(program=echo, faults=HANGING) as other:
        launcher = Launcher(other)
        mine = [launcher.run(startedBy="me") for _ in range(3)]
        launcher.run(startedBy="you")

        def listed(**filters: Any) -> list[str]:
            pages = launcher.ecs.get_paginator("list_tasks").paginate(
                cluster=launcher.cluster, PaginationConfig={"PageSize": 2}, **filters
            )
            return [arn for page in pages for arn in page["taskArns"]]

        assert listed(startedBy="me") == mine
        assert len(listed()) == 4
        launcher.ecs.stop_task(cluster=launcher.cluster, task=mine[0], reason="enough")
        assert listed(startedBy="me") == mine[1:]
        assert listed(startedBy="me", desiredStatus="STOPPED") == mine[:1]
        refusal = launcher.refused(
            launcher.ecs.list_tasks, cluster=launcher.cluster, startedBy="me", family="qabot"
        )
        assert "only filter" in refusal["Message"]
