"""The access role is enough for whatever the fargate engine does, and for no more than that."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from answerer.table import Table
from qabot.answers.key import Keys
from qabot.answers.model import Failure, Request
from qabot.aws.clients import Clients
from qabot.aws.stack import find_stack
from qabot.deployment.settings import read_settings
from qabot.engines.fargate.engine import FargateEngine, RunOptions, stop_run
from qabot.engines.fargate.timing import Pace
from tools.emulator import Cloud, emulated_cloud
from tools.emulator.typical_faults import CRASHED, HANGS, Allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.emulator import TaskFault
    from tools.emulator.task import Task

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = replace(read_settings(ROOT), model="bundled")
MODEL = SETTINGS.model_identity
PACE = Pace(poll=0.05, describe=0.1, start=60, settle=1, retry=0.05)


class Script(Allowed):
    """Some actions are denied, and some tasks fail."""

    def __init__(self, *faults: TaskFault | None) -> None:
        super().__init__()
        self._misfortunes = list(faults)

    def on_start(self, _task: Task) -> TaskFault | None:
        return self._misfortunes.pop(0) if self._misfortunes else None


def ask(question: str) -> Request:
    context = "She named the baby Momotaro."
    return Request(Keys(MODEL).key(context, question), question, context)


def test_the_role_is_enough_for_the_engine_and_for_no_more(
    access_template: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = {
        action
        for resource in access_template()["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    script = Script(CRASHED, CRASHED, CRASHED, HANGS)
    with emulated_cloud(faults=script) as cloud:
        cloud.deploy(model="bundled")
        script.actions = actions
        use(cloud, monkeypatch)
        used = set(cloud.client_calls()) - {
            "cloudformation:CreateStack",
            "cloudformation:ListStacks",
        }
    assert script.denied == []
    # Of the rest, RunTask wants PassRole and TagResource, and `cdk deploy` wants AssumeRole.
    assert actions - used == {"ecs:TagResource", "iam:PassRole", "sts:AssumeRole"}


def use(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the commands make the engine do: ask, try again, fail, stop, list, clear, reap."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in cloud.environ.items():
        monkeypatch.setenv(name, value)
    one, *others = map(ask, ("What is the baby's name?", "Who named it?", "Who is Momotaro?"))
    with closing(FargateEngine(SETTINGS, MODEL, RunOptions(pace=PACE)).answer([one])) as results:
        assert [type(result) for result in results] == [Failure]
    with closing(FargateEngine(SETTINGS, MODEL, RunOptions(pace=PACE)).answer(others)) as results:
        next(results)  # the one; the other's task hangs, and is stopped
    clients = Clients()
    table = Table(clients.dynamodb, SETTINGS.stack_name)
    assert len(list(table.scan())) == 3
    table.clear()
    assert list(stop_run(clients, find_stack(clients, SETTINGS.stack_name), "none")) == []
