"""Estimates of a plan: tasks, time and dollars, with the sources of the figures."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.console.text import count
from qabot.deployment import fargate_limits as fargate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qabot.answers.model import Request
    from qabot.deployment.settings import Settings

# For English text and the bundled model's vocabulary, measured on XQuAD's contexts.
_CHARACTERS_A_TOKEN = 4.5
# Windows of 384 tokens overlap by 96 and include the question.
_TOKENS_A_WINDOW = 270
# For the bundled model, a full window on one core: 930 took 12 s on two (docs/benchmark.md).
_SECONDS_A_WINDOW = 0.026
_SECONDS_TO_LOAD = 0.3


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimate of a plan.

    Args:
        tasks: Fargate tasks; 0 on this machine.
        seconds: from the first question to the last answer, about.
        dollars: what it costs, about.
        words: the same in words, and the basis of the estimate.
    """

    tasks: int
    seconds: float
    dollars: float
    words: str


def on_runner(requests: Sequence[Request]) -> Estimate:
    """Estimate answering on this machine, with the bundled model.

    Args:
        requests: the questions to answer.
    """
    cores = os.cpu_count() or 1
    tokens = (len(request.context) / _CHARACTERS_A_TOKEN for request in requests)
    # A window that is not full costs in proportion.
    windows = sum(
        max(min(1.0, each / _TOKENS_A_WINDOW), each / _TOKENS_A_WINDOW) for each in tokens
    )
    seconds = _SECONDS_TO_LOAD + windows * _SECONDS_A_WINDOW / cores if requests else 0.0
    words = f"On this machine about {_duration(seconds)}, from the length of the contexts."
    return Estimate(0, seconds, 0.0, words)


def on_fargate(requests: Sequence[Request], settings: Settings) -> Estimate:
    """Estimate answering with Fargate tasks.

    Args:
        requests: the questions to answer.
        settings: of the deployment.
    """
    each = settings.questions_per_task
    tasks = fargate.tasks_for(len(requests), each)
    seconds = fargate.run_seconds(len(requests), settings.max_tasks, each)
    dollars = fargate.run_cost((settings.cpu, settings.memory), tasks, each, settings.architecture)
    size = f"{settings.cpu / 1024:g} vCPU and {settings.memory / 1024:g} GB"
    load = f", up to {each} questions each" if each > 1 else ""
    words = (
        f"On Fargate {count(tasks, 'task')} of {size}{load}, about {_duration(seconds)} and "
        f"{_price(dollars)} on demand in {fargate.PRICE_REGION}, billed for at least one minute per "
        "task; docs/cost.md explains the figures."
    )
    for limit, name, beyond in (
        (settings.max_questions, "max_questions", len(requests) > settings.max_questions),
        (settings.max_cost_usd, "max_cost_usd", dollars > settings.max_cost_usd),
    ):
        if beyond:
            words += f" A run would refuse: {name} in cdk.json is {limit:,}."
    return Estimate(tasks, seconds, dollars, words)


def _price(dollars: float) -> str:
    return f"${dollars:.2f}" if not 0 < dollars < 0.01 else "less than $0.01"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return count(math.ceil(seconds), "second")
    if seconds < 7200:
        return count(math.ceil(seconds / 60), "minute")
    return f"{seconds / 3600:.1f} hours"
