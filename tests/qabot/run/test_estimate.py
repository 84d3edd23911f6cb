"""Estimates of a plan, and the limits of a run."""

from __future__ import annotations

import pytest

from qabot.answers.model import Request
from qabot.deployment.settings import Settings
from qabot.run.estimate import on_fargate, on_runner


def requests(number: int, context: str = "c") -> list[Request]:
    return [Request(f"k{n}", "q", context) for n in range(number)]


def test_nothing_to_ask_costs_nothing() -> None:
    assert (on_runner([]).seconds, on_runner([]).dollars) == (0, 0)
    estimate = on_fargate([], Settings())
    assert (estimate.tasks, estimate.seconds, estimate.dollars) == (0, 0, 0)


def test_long_contexts_and_many_questions_take_longer() -> None:
    few, many = on_runner(requests(10)), on_runner(requests(1000))
    assert few.seconds < many.seconds < on_runner(requests(1000, "word " * 10_000)).seconds


def test_a_thousand_tasks_cost_what_fargate_bills_for_a_minute_each() -> None:
    estimate = on_fargate(requests(1000), Settings(cpu=1024, memory=4096))
    assert estimate.tasks == 1000
    # One minute of 1 vCPU, 4 GB and a public address, at us-east-1's prices.
    assert estimate.dollars == pytest.approx(1000 / 60 * (0.04048 + 4 * 0.004445 + 0.005))
    assert "1,000 tasks of 1 vCPU and 4 GB" in estimate.words
    assert "refuse" not in estimate.words


def test_questions_that_share_a_task_share_its_minute() -> None:
    settings = Settings(questions_per_task=50, max_questions=2000)
    estimate = on_fargate(requests(1001), settings)
    assert estimate.tasks == 21
    assert estimate.dollars == pytest.approx(21 / 60 * (0.04048 + 4 * 0.004445 + 0.005))
    assert "21 tasks of 1 vCPU and 4 GB, up to 50 questions each" in estimate.words
    assert estimate.seconds < on_fargate(requests(1001), Settings()).seconds
    refused = on_fargate(requests(1001), Settings(questions_per_task=50, max_questions=1000))
    assert "max_questions in cdk.json is 1,000." in refused.words


def test_what_a_run_would_refuse_is_in_the_plan() -> None:
    settings = Settings(max_questions=5, max_cost_usd=0.001)
    words = on_fargate(requests(10), settings).words
    assert "A run would refuse: max_questions in cdk.json is 5." in words
    assert "A run would refuse: max_cost_usd in cdk.json is 0.001." in words
