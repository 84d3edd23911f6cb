"""The fargate engine against the emulated cloud, where every task really answers its question."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from answerer.items import Status
from qabot.answers.key import Keys
from qabot.answers.model import Answer, Failure, Request
from qabot.engines.fargate.engine import FargateEngine, new_run
from qabot.errors import CloudError, UsageError
from tests.qabot.engines.fargate.bench import (
    MODEL,
    SETTINGS,
    deployed,
    engine,
    expected,
    launched_keys,
    launched_keys_of,
    make_requests,
    table_of,
)
from tools.emulator import Cloud
from tools.emulator.typical_faults import AccountLimits


def test_60_questions_are_60_tasks_and_60_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = make_requests(60, houses=2)
    limits = AccountLimits()
    with deployed(monkeypatch, faults=limits) as cloud:
        before = cloud.client_calls()
        results = list(engine().answer(requests))
        cloud.wait_idle()
        calls = {
            kind: number - before.get(kind, 0) for kind, number in cloud.client_calls().items()
        }
        keys = launched_keys(cloud)
        tasks = cloud.task_calls()

    assert len(results) == 60
    assert {result.key: result for result in results} == expected(requests)
    assert sorted(keys) == sorted(request.key for request in requests), (
        "one task per question, none twice"
    )
    assert limits.throttled == 0, "the account's rates were passed"
    # What AWS is asked, by kind. Launching costs two calls a question, all else next to nothing.
    assert calls.pop("ecs:RunTask") == 60
    assert calls.pop("dynamodb:UpdateItem") == 60
    assert calls.pop("dynamodb:BatchWriteItem") == 2, "30 contexts, 25 a call"
    assert calls.pop("cloudformation:DescribeStacks") == 1
    assert 3 <= calls.pop("dynamodb:BatchGetItem") < 60
    assert calls.pop("ecs:DescribeTasks") < 50
    assert {kind for kind, number in calls.items() if number} <= {
        "cloudformation:CreateStack",
    }
    assert tasks == {"dynamodb:UpdateItem": 120, "dynamodb:GetItem": 60}


def test_a_task_may_answer_several_questions(cloud: Cloud) -> None:
    requests = make_requests(8)
    packed = replace(SETTINGS, questions_per_task=3, max_cost_usd=0.01)
    before = cloud.client_calls()
    results = list(engine(packed).answer(requests))
    cloud.wait_idle()
    assert {result.key: result for result in results} == expected(requests)
    assert len(results) == 8
    assert sorted(len(launched_keys_of(task)) for task in cloud.tasks) == [2, 3, 3]
    assert sorted(launched_keys(cloud)) == sorted(request.key for request in requests)
    assert cloud.client_calls()["ecs:RunTask"] - before.get("ecs:RunTask", 0) == 3


def test_a_second_run_launches_nothing_without_force(cloud: Cloud) -> None:
    requests = make_requests(3)
    first = {result.key: result for result in engine().answer(requests)}
    for force, launched in ((False, 3), (True, 6)):
        again = {result.key: result for result in engine(force=force).answer(requests)}
        assert again == first
        assert len(cloud.tasks) == launched


def test_questions_that_no_task_can_answer_fail_for_good_without_a_task(cloud: Cloud) -> None:
    noise = os.urandom(500_000).hex()
    requests = [
        Request("a" * 64, "Who?", noise),
        Request("b" * 64, "Who?" * 50_000, "context"),
        Request("c" * 64, "Who \ud800?", "context"),
        Request("d" * 64, "Who?", "half \ud800"),
    ]
    results = {result.key[0]: result for result in engine().answer(requests)}
    assert all(isinstance(result, Failure) and result.permanent for result in results.values())
    assert {key: getattr(result, "kind", "") for key, result in results.items()} == {
        "a": "context-too-large",
        "b": "question-too-large",
        "c": "not-unicode",
        "d": "not-unicode",
    }
    assert cloud.tasks == []


def test_a_long_context_is_answered(cloud: Cloud) -> None:
    filler = " ".join(f"Nothing happened in the year {year}." for year in range(1, 800))
    context = f"{filler} The treasure lies under the old oak. {filler}"
    assert len(context) > 50_000, "the overrides of a launch hold 8,192 characters"
    request = Request(
        Keys(MODEL).key(context, "Where is the treasure?"), "Where is the treasure?", context
    )
    (result,) = engine().answer([request])
    assert isinstance(result, Answer)
    assert "oak" in result.span.answer
    assert context[result.span.start : result.span.end] == result.span.answer


def test_what_the_task_refuses_is_known_the_next_time(cloud: Cloud) -> None:
    question = "Who is it? " * 900
    request = Request(Keys(MODEL).key("It is Hana.", question), question, "It is Hana.")
    (first,) = engine().answer([request])
    (second,) = engine().answer([request])
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert (first.kind, first.permanent) == ("question-too-long", True)
    assert (second.kind, second.reason) == (first.kind, first.reason)
    assert len(cloud.tasks) == 1


def test_limits_refuse_a_run_before_anything_is_launched(cloud: Cloud) -> None:
    requests = make_requests(20)
    with pytest.raises(UsageError, match=r"ask 20 questions.*allows 19: raise max_questions"):
        list(engine(replace(SETTINGS, max_questions=19)).answer(requests))
    with pytest.raises(UsageError, match=r"estimated at \$0\.02.*raise max_cost_usd"):
        list(engine(replace(SETTINGS, max_cost_usd=0.01)).answer(requests))
    assert cloud.tasks == []
    assert list(table_of(cloud).scan()) == []
    # What is answered already costs nothing, and counts for nothing.
    assert len(list(engine().answer(requests[:3]))) == 3
    assert len(list(engine(replace(SETTINGS, max_questions=2)).answer(requests[:5]))) == 5


def test_a_stack_with_another_model_is_an_error_that_names_both(cloud: Cloud) -> None:
    other = FargateEngine(SETTINGS, "other@1")
    with pytest.raises(CloudError) as caught:
        list(other.answer(make_requests(1, "other@1")))
    assert "other@1" in str(caught.value)
    assert MODEL in str(caught.value)
    assert cloud.tasks == []


def test_a_stack_or_a_table_that_is_gone_is_an_error_that_names_the_next_step(
    cloud: Cloud,
) -> None:
    with pytest.raises(CloudError, match=r"no stack elsewhere in us-east-1.*cdk deploy"):
        list(engine(replace(SETTINGS, stack_name="elsewhere")).answer(make_requests(1)))
    cloud.client("dynamodb").delete_table(TableName=SETTINGS.stack_name)
    with pytest.raises(CloudError, match=r"table is gone.*cdk deploy"):
        list(engine().answer(make_requests(1)))


def test_no_credentials_are_an_error_that_names_the_next_step(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CloudError, match="no AWS credentials"):
        list(engine().answer(make_requests(1)))


def test_nothing_to_ask_asks_aws_nothing(cloud: Cloud) -> None:
    before = cloud.client_calls()
    assert list(engine().answer([])) == []
    assert cloud.client_calls() == before


def test_submit_leaves_the_answers_to_the_table(cloud: Cloud) -> None:
    requests = make_requests(4)
    engine().submit(requests)
    cloud.wait_idle()
    items = table_of(cloud).read(request.key for request in requests)
    assert {item.status for item in items.values()} == {Status.ANSWERED}
    assert len(cloud.tasks) == 4


def test_runs_have_names_that_ecs_takes() -> None:
    assert new_run({"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2"}) == "github-7-2"
    assert re.fullmatch(r"qabot-\d{8}-\d{6}-[0-9a-f]{6}", new_run({}))
    with pytest.raises(UsageError, match="invalid run name"):
        engine(run="a b")
