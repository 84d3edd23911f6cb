"""The fargate engine against the emulated cloud, where every task really answers its question."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cloud import ApiError, Cloud, Faults, LoseReply, Misfortune, Refuse, emulated_cloud
from tests.cloud.cloud import ACCESS_KEY
from tests.cloud.life import Delays
from tests.cloud.weather import HANGS, SPOT_INTERRUPTED, AccountLimits, Misfortunes

from answerer.items import Status
from answerer.model import Model
from answerer.table import Table
from qabot.aws.clients import Clients
from qabot.aws.stack import find_stack
from qabot.engines.dispatch import Pace
from qabot.engines.fargate import FargateEngine, describe, new_run, stop_run
from qabot.errors import CloudError, UsageError
from qabot.keys import Keys
from qabot.results import TOP_K, Answer, Ask, Failure
from qabot.settings import BUNDLED_MODEL, Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.cloud.calls import Call
    from tests.cloud.task import Task

    from qabot.results import Result

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = replace(read_settings(ROOT), model="bundled")
MODEL = SETTINGS.model_identity(ROOT)
FAST = Pace(poll=0.1, describe=0.5, start=60, settle=5, retry=0.05)

HOUSES = 5  # a street, and questions a context
NAMES = ("Momotaro", "Kintaro", "Urashima", "Kaguya", "Issun", "Otohime", "Hana", "Saru")


def make_asks(number: int, model: str = MODEL) -> list[Ask]:
    """Questions about a few contexts, each different, each with an answer in its context."""
    contexts = [
        " ".join(
            f"In house {house} of street {street} lives {NAMES[(house * street) % len(NAMES)]}."
            for house in range(1, HOUSES + 1)
        )
        for street in range(1, number // HOUSES + 2)
    ]
    keys = Keys(model)
    asks = []
    for index in range(number):
        context = contexts[index // HOUSES]
        question = f"Who lives in house {index % HOUSES + 1}?"
        asks.append(Ask(keys.key(context, question), question, context))
    return asks


def engine(settings: Settings = SETTINGS, **arguments: Any) -> FargateEngine:
    return FargateEngine(settings, MODEL, **{"pace": FAST, **arguments})


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> Iterator[Cloud]:
    with emulated_cloud(**arguments) as cloud:
        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        for name, value in cloud.environ.items():
            monkeypatch.setenv(name, value)
        cloud.deploy(model="bundled")
        yield cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with deployed(monkeypatch) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(ROOT / BUNDLED_MODEL)


def expected(asks: Sequence[Ask], model: Model) -> dict[str, Result]:
    results: dict[str, Result] = {}
    for ask in asks:
        best, *others = model.answer(ask.context, ask.question, top_k=TOP_K)
        results[ask.key] = Answer(ask.key, MODEL, best, tuple(others))
    return results


def launched_keys(cloud: Cloud) -> list[str]:
    return [task.command()[1] for task in cloud.tasks]


def table_of(cloud: Cloud) -> Table:
    return Table(cloud.client("dynamodb"), SETTINGS.stack_name)


def test_300_questions_are_300_tasks_and_300_answers(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    asks = make_asks(300)
    limits = AccountLimits()
    with deployed(monkeypatch, faults=limits) as cloud:
        before = cloud.client_calls()
        results = list(engine().ask(asks))
        cloud.wait_idle()
        calls = {
            kind: number - before.get(kind, 0) for kind, number in cloud.client_calls().items()
        }
        keys = launched_keys(cloud)
        tasks = cloud.task_calls()

    assert len(results) == 300
    assert {result.key: result for result in results} == expected(asks, model)
    assert sorted(keys) == sorted(ask.key for ask in asks), "one task a question, none twice"
    assert limits.throttled == 0, "the account's rates were passed"
    # What AWS is asked, by kind. Launching costs two calls a question, all else next to nothing.
    assert calls.pop("ecs:RunTask") == 300
    assert calls.pop("dynamodb:UpdateItem") == 300
    assert calls.pop("dynamodb:BatchWriteItem") == 3, "60 contexts, 25 a call"
    assert calls.pop("cloudformation:DescribeStacks") == 1
    assert 3 <= calls.pop("dynamodb:BatchGetItem") < 300
    assert calls.pop("ecs:DescribeTasks") < 100
    assert {kind for kind, number in calls.items() if number} <= {
        "cloudformation:CreateStack",
    }
    assert tasks == {"dynamodb:UpdateItem": 600, "dynamodb:GetItem": 300}


def test_a_second_run_launches_nothing(cloud: Cloud) -> None:
    asks = make_asks(5)
    first = {result.key: result for result in engine().ask(asks)}
    assert {result.key: result for result in engine().ask(asks)} == first
    assert len(cloud.tasks) == 5


def test_force_asks_again_what_is_answered(cloud: Cloud) -> None:
    asks = make_asks(3)
    first = {result.key: result for result in engine().ask(asks)}
    again = {result.key: result for result in engine(force=True).ask(asks)}
    assert again == first
    assert len(cloud.tasks) == 6


def test_a_run_that_is_closed_stops_its_tasks_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    asks = make_asks(30)
    with deployed(monkeypatch, delays=Delays(pending=0.3)) as cloud:
        first = engine(max_tasks=10)
        results = first.ask(asks)
        got = [next(results) for _ in range(5)]
        begun = time.monotonic()
        results.close()
        assert time.monotonic() - begun < 7.5, "GitHub waits 7.5 s after SIGINT"
        cloud.wait_idle()
        assert first.tally is not None
        assert "stopped" in describe(first.tally)
        answered = [item.key for item in table_of(cloud).scan() if item.status is Status.ANSWERED]
        launched = len(cloud.tasks)

        rest = list(engine().ask(asks))
        cloud.wait_idle()
        assert {result.key: result for result in rest} == expected(asks, model)
        again = set(launched_keys(cloud)[launched:])
        assert {result.key for result in got} <= set(answered)
        assert not again & set(answered), "an answered question was launched again"


KILLED = """
from tests.qabot.engines.test_fargate import engine, make_asks
list(engine(max_tasks=4, run="killed").ask(make_asks(12)))
"""


class Killer(Faults):
    """Kills the run at its n-th call of a kind: before AWS hears of it, or when it has."""

    def __init__(self, kind: str, number: int, *, heard: bool) -> None:
        self.kind, self.number, self.heard = kind, number, heard
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def on_call(self, call: Call) -> Refuse | LoseReply | None:
        if call.access_key != ACCESS_KEY or call.kind != self.kind:
            return None
        with self.lock:
            self.number -= 1
            if self.number or self.process is None:
                return None
            self.process.kill()
            self.process.wait()
        return LoseReply() if self.heard else Refuse(ApiError("ServerException", "", 503))


@pytest.mark.parametrize(
    ("kind", "number", "heard"),
    [
        ("dynamodb:BatchGetItem", 1, True),
        ("dynamodb:BatchWriteItem", 1, True),
        ("dynamodb:UpdateItem", 1, False),  # the first claim
        ("dynamodb:UpdateItem", 6, True),
        ("ecs:RunTask", 1, False),
        ("ecs:RunTask", 5, True),
        ("ecs:RunTask", 12, True),
        ("dynamodb:BatchGetItem", 8, True),
    ],
)
def test_a_run_that_is_killed_leaves_what_the_next_one_takes_up(
    kind: str, number: int, heard: bool, monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    asks = make_asks(12)
    killer = Killer(kind, number, heard=heard)
    with deployed(monkeypatch, faults=killer, delays=Delays(pending=0.3)) as cloud:
        path = os.pathsep.join(str(ROOT / part) for part in (".", "scripts", "container"))
        environ = {**os.environ, "PYTHONPATH": path}
        with killer.lock:
            killer.process = subprocess.Popen([sys.executable, "-c", KILLED], env=environ)
        assert killer.process.wait(60) == -signal.SIGKILL, "it ended before it could be killed"

        results = list(engine(run="next").ask(asks))
        cloud.wait_idle()
        assert {result.key: result for result in results} == expected(asks, model)
        keys = launched_keys(cloud)
        assert len(keys) == len(set(keys)) == 12, "what ran or was answered was launched again"


def test_two_runs_at_once_share_the_tasks(cloud: Cloud, model: Model) -> None:
    asks = make_asks(12)
    first, second = engine().ask(asks), engine().ask(asks)
    results: list[Result] = []
    for pair in zip(first, second, strict=True):
        results += pair
    cloud.wait_idle()
    assert {result.key: result for result in results} == expected(asks, model)
    assert len(results) == 24
    assert len(cloud.tasks) == 12


def test_a_run_whose_joined_tasks_are_stopped_by_another_launches_its_own(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    asks = make_asks(6)
    with deployed(monkeypatch, delays=Delays(pending=1.0)) as cloud:
        first, second = engine().ask(asks), engine().ask([asks[0]])
        starter = threading.Thread(target=lambda: next(first))
        starter.start()
        while len(cloud.tasks) < 6:
            time.sleep(0.01)
        waiting: list[Result] = []
        joiner = threading.Thread(target=lambda: waiting.extend(second))
        joiner.start()
        while cloud.client_calls()["ecs:RunTask"] < 7:  # it has found the task of the first run
            time.sleep(0.01)
        for task in cloud.tasks:
            cloud.stop(task, "UserInitiated", "qabot: the run was stopped")
        starter.join()
        joiner.join()
        first.close()
        cloud.wait_idle()
    assert waiting == [expected(asks, model)[asks[0].key]]


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("cloudformation:DescribeStacks", "cloudformation:DescribeStacks"),
        ("dynamodb:BatchGetItem", "dynamodb:BatchGetItem"),
        ("dynamodb:BatchWriteItem", "dynamodb:BatchWriteItem"),
        ("dynamodb:UpdateItem", "dynamodb:UpdateItem"),
        ("ecs:RunTask", "ecs:RunTask"),
        ("ecs:DescribeTasks", "ecs:DescribeTasks"),
    ],
)
def test_a_permission_that_is_missing_ends_the_run_at_once_and_is_named(
    kind: str, permission: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Denies(Faults):
        active = False

        def on_call(self, call: Call) -> Refuse | LoseReply | None:
            if not self.active or call.kind != kind or call.access_key != ACCESS_KEY:
                return None
            message = f"User: x is not authorized to perform: {permission} on resource: y"
            return Refuse(ApiError("AccessDeniedException", message))

    denies = Denies()
    with deployed(monkeypatch, faults=denies, delays=Delays(pending=0.5)) as cloud:
        denies.active = True
        with pytest.raises(CloudError, match=f"AWS denies {permission}.*grant it"):
            list(engine().ask(make_asks(3)))
        assert {task.desired for task in cloud.tasks} <= {"STOPPED"}, "tasks were left running"


def test_credentials_that_expire_end_the_run_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    class Expire(Faults):
        after = 10**9

        def on_call(self, call: Call) -> Refuse | LoseReply | None:
            if call.access_key != ACCESS_KEY:
                return None
            self.after -= 1
            expired = ApiError("ExpiredTokenException", "The security token has expired")
            return Refuse(expired) if self.after < 0 else None

    asks, expire = make_asks(12), Expire()
    with deployed(monkeypatch, faults=expire) as cloud:
        expire.after = 20
        with pytest.raises(CloudError, match="credentials have expired"):
            list(engine(max_tasks=4).ask(asks))
        expire.after = 10**9
        results = {result.key: result for result in engine().ask(asks)}
        cloud.wait_idle()
        assert results == expected(asks, model)
        assert len(cloud.tasks) == 12


def test_a_crash_keeps_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def program(argv: Sequence[str], _: Any) -> int:
        print(f"about to fall over {argv[:1]}")
        return 1

    with deployed(monkeypatch, program=program) as cloud:
        (failure,) = engine().ask(make_asks(1))
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.attempts) == ("crashed", 3)
        assert failure.evidence["log"] == "about to fall over ['--item-id']"
        assert failure.evidence["task"] == cloud.tasks[-1].arn
        assert failure.evidence["stopped_reason"] == "Essential container in task exited"
        assert "exit_code" in failure.evidence


def test_processes_that_spot_interrupts_say_so_and_the_answer_comes_on_demand(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    asks = make_asks(2)
    # SIGTERM, at a moment when the process may be anywhere between its start and its answer.
    interrupted = replace(SPOT_INTERRUPTED, seconds=0.2)

    def weather(task: Task, _: int) -> Misfortune | None:
        return interrupted if task.capacity_provider == "FARGATE_SPOT" else None

    with deployed(monkeypatch, tasks="process", faults=Misfortunes(weather)) as cloud:
        results = list(engine(replace(SETTINGS, spot=True)).ask(asks))
        cloud.wait_idle()
        assert {result.key: result for result in results} == expected(asks, model)
        providers = Counter(task.capacity_provider for task in cloud.tasks)
        assert providers == {"FARGATE_SPOT": 4, "FARGATE": 2}


def test_questions_that_no_task_can_answer_fail_for_good_without_a_task(cloud: Cloud) -> None:
    noise = os.urandom(500_000).hex()
    asks = [
        Ask("a" * 64, "Who?", noise),
        Ask("b" * 64, "Who?" * 50_000, "context"),
        Ask("c" * 64, "Who \ud800?", "context"),
        Ask("d" * 64, "Who?", "half \ud800"),
    ]
    results = {result.key[0]: result for result in engine().ask(asks)}
    assert all(isinstance(result, Failure) and result.permanent for result in results.values())
    assert {key: getattr(result, "kind", "") for key, result in results.items()} == {
        "a": "context-too-large",
        "b": "question-too-large",
        "c": "not-unicode",
        "d": "not-unicode",
    }
    assert cloud.tasks == []


def test_a_long_context_is_answered(cloud: Cloud, model: Model) -> None:
    filler = " ".join(f"Nothing happened in the year {year}." for year in range(1, 800))
    context = f"{filler} The treasure lies under the old oak. {filler}"
    assert len(context) > 50_000, "the overrides of a launch hold 8,192 characters"
    ask = Ask(Keys(MODEL).key(context, "Where is the treasure?"), "Where is the treasure?", context)
    (result,) = engine().ask([ask])
    assert isinstance(result, Answer)
    assert "oak" in result.span.answer
    assert context[result.span.start : result.span.end] == result.span.answer


def test_what_the_task_refuses_is_known_the_next_time(cloud: Cloud) -> None:
    question = "Who is it? " * 900
    ask = Ask(Keys(MODEL).key("It is Hana.", question), question, "It is Hana.")
    (first,) = engine().ask([ask])
    (second,) = engine().ask([ask])
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert (first.kind, first.permanent) == ("question-too-long", True)
    assert (second.kind, second.reason) == (first.kind, first.reason)
    assert len(cloud.tasks) == 1


def test_limits_refuse_a_run_before_anything_is_launched(cloud: Cloud) -> None:
    asks = make_asks(20)
    with pytest.raises(UsageError, match=r"launch 20 tasks.*allows 19: raise max_questions"):
        list(engine(replace(SETTINGS, max_questions=19)).ask(asks))
    with pytest.raises(UsageError, match=r"estimated at \$0\.02.*raise max_cost_usd"):
        list(engine(replace(SETTINGS, max_cost_usd=0.01)).ask(asks))
    assert cloud.tasks == []
    assert list(table_of(cloud).scan()) == []
    # What is answered already costs nothing, and counts for nothing.
    assert len(list(engine().ask(asks[:10]))) == 10
    assert len(list(engine(replace(SETTINGS, max_questions=10)).ask(asks))) == 20


def test_a_stack_with_another_model_is_an_error_that_names_both(cloud: Cloud) -> None:
    other = FargateEngine(SETTINGS, "other@1", pace=FAST)
    with pytest.raises(CloudError) as caught:
        list(other.ask(make_asks(1, "other@1")))
    assert "other@1" in str(caught.value)
    assert MODEL in str(caught.value)
    assert cloud.tasks == []


def test_a_stack_or_a_table_that_is_gone_is_an_error_that_names_the_next_step(
    cloud: Cloud,
) -> None:
    with pytest.raises(CloudError, match=r"no stack elsewhere in us-east-1.*cdk deploy"):
        list(engine(replace(SETTINGS, stack_name="elsewhere")).ask(make_asks(1)))
    cloud.client("dynamodb").delete_table(TableName=SETTINGS.stack_name)
    with pytest.raises(CloudError, match=r"table is gone.*cdk deploy"):
        list(engine().ask(make_asks(1)))


def test_no_credentials_are_an_error_that_names_the_next_step(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CloudError, match="no AWS credentials"):
        list(engine().ask(make_asks(1)))


def test_nothing_to_ask_asks_aws_nothing(cloud: Cloud) -> None:
    before = cloud.client_calls()
    assert list(engine().ask([])) == []
    assert cloud.client_calls() == before


def test_reap_stops_the_tasks_of_one_run_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = make_asks(6)
    with deployed(monkeypatch, faults=Misfortunes(lambda *_: HANGS)) as cloud:
        assert engine(run="mine").submit(asks[:4]) == []
        assert engine(run="theirs").submit(asks[4:]) == []
        clients = Clients()
        stack = find_stack(clients, SETTINGS.stack_name)
        stopped = list(stop_run(clients, stack, "mine"))
        assert sorted(stopped) == sorted(task.arn for task in cloud.tasks[:4])
        assert list(stop_run(clients, stack, "mine")) == []
        assert [task.desired for task in cloud.tasks[4:]] == ["RUNNING"] * 2
        assert {task.started_by for task in cloud.tasks} == {"mine", "theirs"}


def test_submit_leaves_the_answers_to_the_table(cloud: Cloud, model: Model) -> None:
    asks = make_asks(4)
    engine().submit(asks)
    cloud.wait_idle()
    items = table_of(cloud).read(ask.key for ask in asks)
    assert {item.status for item in items.values()} == {Status.ANSWERED}
    assert len(cloud.tasks) == 4


def test_runs_have_names_that_ecs_takes() -> None:
    assert new_run({"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2"}) == "github-7-2"
    assert re.fullmatch(r"qabot-\d{8}-\d{6}-[0-9a-f]{6}", new_run({}))
    with pytest.raises(UsageError, match="can't name a run"):
        engine(run="a b")
