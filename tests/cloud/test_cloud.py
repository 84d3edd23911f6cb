"""The emulated cloud itself: tasks live, stop, log and are told apart as ECS documents."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.cloud import (
    ApiError,
    Cloud,
    Faults,
    LoseReply,
    Misfortune,
    Reaction,
    Refuse,
    emulated_cloud,
    weather,
)
from tests.cloud.definition import read_definition
from tests.cloud.life import Delays

from qabot import fargate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.cloud.calls import Call

pytestmark = pytest.mark.timeout(60)


def echo(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """A program that prints what it got, and ends with the code that it is told."""
    print("argv", *argv)
    print("table", environ["TABLE_NAME"], file=sys.stderr)
    return int(argv[0]) if argv else 0


class Launcher:
    """Launches tasks of a deployed stack."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy()
        self.cluster = self.outputs["ClusterName"]
        self.ecs = cloud.client("ecs")

    def request(self, *command: str, **more: Any) -> dict[str, Any]:
        container = {"name": self.outputs["ContainerName"], "command": list(command)}
        network = {
            "subnets": self.outputs["SubnetIds"].split(","),
            "securityGroups": [self.outputs["SecurityGroupId"]],
            "assignPublicIp": "ENABLED",
        }
        return {
            "cluster": self.cluster,
            "taskDefinition": self.outputs["TaskDefinitionArn"],
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            "networkConfiguration": {"awsvpcConfiguration": network},
            "overrides": {"containerOverrides": [container]},
            **more,
        }

    def run(self, *command: str, **more: Any) -> str:
        """Launch one task; its ARN."""
        answer = self.ecs.run_task(**self.request(*command, **more))
        assert answer["failures"] == []
        return str(answer["tasks"][0]["taskArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        found = self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn], include=["TAGS"])
        return dict(found["tasks"][0])

    def refused(self, call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return dict(caught.value.response["Error"]) | dict(caught.value.response)


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    with emulated_cloud(program=echo) as cloud:
        yield Launcher(cloud)


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
    arns = [launcher.run("0", f"task-{number}") for number in range(20)]
    launcher.cloud.wait_idle()
    logs = launcher.cloud.client("logs")
    for number, arn in enumerate(arns):
        stream = f"{launcher.outputs['LogStreamPrefix']}/answerer/{arn.rpartition('/')[2]}"
        events = logs.get_log_events(
            logGroupName=launcher.outputs["LogGroupName"], logStreamName=stream
        )["events"]
        assert [event["message"] for event in events] == [f"argv 0 task-{number}", "table qabot"]
    assert capsys.readouterr() == ("", ""), "a task's output leaked out of the cloud"


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
    assert [one["reason"] for one in found["failures"]] == ["MISSING"]
    assert found["failures"][0]["arn"].endswith("task/qabot/" + "0" * 32)
    assert launcher.describe(arn)["tags"] == [{"key": "run", "value": "r"}]
    too_many = {"cluster": launcher.cluster, "tasks": [str(number) for number in range(101)]}
    assert "100" in launcher.refused(launcher.ecs.describe_tasks, **too_many)["Message"]
    nothing = {"cluster": launcher.cluster, "tasks": []}
    assert "empty" in launcher.refused(launcher.ecs.describe_tasks, **nothing)["Message"]


def test_list_tasks_filters_by_who_started_them_and_by_what_is_wanted_of_them() -> None:
    with emulated_cloud(program=echo, faults=weather.Misfortunes(lambda *_: weather.HANGS)) as one:
        launcher = Launcher(one)
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


def test_a_stopped_task_tells_who_stopped_it_and_why() -> None:
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

        monkeypatch.setattr("tests.cloud.ecs.read_definition", hurried)
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


@pytest.mark.parametrize(
    ("misfortune", "stop_code", "containers", "exit_code"),
    [
        (weather.NEVER_STARTED, "TaskFailedToStart", 0, None),
        (weather.IMAGE_NOT_PULLED, "TaskFailedToStart", 1, None),
        (weather.OUT_OF_MEMORY, "EssentialContainerExited", 1, 137),
        (weather.SPOT_INTERRUPTED, "SpotInterruption", 1, 143),
        (weather.CRASHED, "EssentialContainerExited", 1, 1),
    ],
)
def test_a_misfortune_ends_a_task_before_its_container_does_anything(
    misfortune: Misfortune, stop_code: str, containers: int, exit_code: int | None
) -> None:
    ran: list[int] = []

    def program(_argv: Sequence[str], _environ: Mapping[str, str]) -> int:
        ran.append(1)
        return 0

    def second(_task: object, number: int) -> Misfortune | None:
        return misfortune if number == 2 else None

    with emulated_cloud(program=program, faults=weather.Misfortunes(second)) as cloud:
        launcher = Launcher(cloud)
        arns = [launcher.run() for _ in range(3)]
        cloud.wait_idle()
        ended = {arn: launcher.describe(arn) for arn in arns}
    ill = [
        arn
        for arn in arns
        if ended[arn]["stopCode"] != "EssentialContainerExited"
        or ended[arn]["containers"][0]["exitCode"] != 0
    ]
    assert len(ill) == 1
    task = ended[ill[0]]
    assert task["stopCode"] == stop_code
    assert task["stoppedReason"] == misfortune.stopped_reason
    assert len(task["containers"]) == containers
    if containers:
        assert task["containers"][0].get("exitCode") == exit_code
        assert task["containers"][0].get("reason") == misfortune.reason
    assert len(ran) == 2


def test_a_container_may_do_all_its_work_and_still_end_ill() -> None:
    killed_late = Misfortune(
        finishes=True,
        stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited",
        exit_code=137,
        reason="OutOfMemoryError: Container killed due to memory usage",
    )
    faults = weather.Misfortunes(lambda *_: killed_late)
    with emulated_cloud(program=echo, faults=faults) as cloud:
        arn = Launcher(cloud).run("0")
        cloud.wait_idle()
        (task,) = cloud.tasks
    assert task.arn == arn
    assert (task.exit_code, task.output) == (137, "argv 0\ntable qabot\n")


def test_a_call_can_be_refused_and_a_reply_can_be_lost() -> None:
    class Once(Faults):
        def __init__(self) -> None:
            self.left: list[Refuse | LoseReply] = [Refuse(weather.THROTTLED), LoseReply()]

        def on_call(self, call: Call) -> Refuse | LoseReply | None:
            return self.left.pop(0) if call.kind == "ecs:RunTask" and self.left else None

    with emulated_cloud(program=echo, faults=Once()) as cloud:
        launcher = Launcher(cloud)
        launcher.run("0", clientToken="t")  # boto3 tries again, twice
        cloud.wait_idle()
        assert cloud.client_calls()["ecs:RunTask"] == 3
        assert len(cloud.tasks) == 1, "the retry after the lost reply launched a second task"


def test_a_batch_can_be_done_in_part() -> None:
    class Partly(Faults):
        def on_call(self, call: Call) -> Reaction | None:
            batch = call.action in ("BatchGetItem", "BatchWriteItem")
            return weather.partly_unprocessed(call, keep=2) if batch else None

    keys = [{"item_id": {"S": str(number)}} for number in range(5)]
    with emulated_cloud(faults=Partly()) as cloud:
        cloud.deploy()
        table = cloud.client("dynamodb")
        puts = [{"PutRequest": {"Item": key}} for key in keys]
        written = table.batch_write_item(RequestItems={"qabot": puts})
        assert written["UnprocessedItems"] == {"qabot": puts[2:]}
        assert table.scan(TableName="qabot")["Count"] == 2
        read = table.batch_get_item(RequestItems={"qabot": {"Keys": keys, "ConsistentRead": True}})
        assert sorted(one["item_id"]["S"] for one in read["Responses"]["qabot"]) == ["0", "1"]
        assert read["UnprocessedKeys"] == {"qabot": {"Keys": keys[2:], "ConsistentRead": True}}


def test_a_launch_can_find_no_capacity() -> None:
    failures = [{"reason": "Capacity is unavailable at this time"}]

    class Full(Faults):
        def on_launch(
            self, _parameters: Mapping[str, Any]
        ) -> ApiError | list[dict[str, str]] | None:
            return failures

    with emulated_cloud(program=echo, faults=Full()) as cloud:
        launcher = Launcher(cloud)
        answer = launcher.ecs.run_task(**launcher.request("0"))
        assert (answer["tasks"], answer["failures"]) == ([], failures)
        assert cloud.tasks == []


def test_errors_speak_the_protocol_of_each_service() -> None:
    class Closed(Faults):
        def on_call(self, _call: Call) -> Refuse | LoseReply | None:
            return Refuse(ApiError("AccessDeniedException", "no <way> in", 403))

    with emulated_cloud(faults=Closed()) as cloud:
        for service, method in [
            ("ecs", "list_clusters"),
            ("dynamodb", "list_tables"),
            ("cloudformation", "list_stacks"),
            ("logs", "describe_log_groups"),
            ("sts", "get_caller_identity"),
        ]:
            with pytest.raises(ClientError) as caught:
                getattr(cloud.client(service), method)()
            assert caught.value.response["Error"]["Code"] == "AccessDeniedException", service
            assert "no <way> in" in caught.value.response["Error"]["Message"], service


def test_the_limits_of_an_account_throttle_whoever_is_faster() -> None:
    now = [0.0]
    limits = weather.AccountLimits(clock=lambda: now[0])
    call = _call("ecs", "RunTask")
    assert [limits.on_call(call) for _ in range(20)] == [None] * 20
    assert isinstance(limits.on_call(call), Refuse)
    now[0] = 0.5
    assert [limits.on_call(call) is None for _ in range(11)] == [True] * 10 + [False]
    assert [limits.on_launch({}) for _ in range(100)] == [None] * 100
    assert limits.on_launch({}) == weather.THROTTLED
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}
    assert limits.on_launch(spot) is None, "Spot has a bucket of its own"


def _call(service: str, action: str) -> Call:
    from tests.cloud.calls import Call

    return Call(service, action, "us-east-1", "AKIA")


def test_an_error_inside_the_cloud_is_raised_and_not_lost() -> None:
    class Broken(Faults):
        def on_start(self, _task: object) -> Misfortune | None:
            raise LookupError("the weather station burns")

    def break_it() -> None:
        with emulated_cloud(program=echo, faults=Broken()) as cloud:
            Launcher(cloud).run()
            cloud.wait_idle()

    with pytest.raises(LookupError, match="weather station"):
        break_it()


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
