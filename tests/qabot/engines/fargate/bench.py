"""The fargate engine on an emulated cloud with its stack, for its tests."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.model import Model
from answerer.table import Table
from qabot.answers.key import Keys
from qabot.answers.model import TOP_K, Answer, Request
from qabot.deployment.settings import Settings, read_settings
from qabot.engines.fargate.engine import FargateEngine, RunOptions
from qabot.engines.fargate.timing import Pace
from qabot.models.bundled import BUNDLED
from tools.emulator import Cloud, emulated_cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from qabot.answers.model import Result
    from tools.emulator.task import Task

ROOT = Path(__file__).resolve().parents[4]
SETTINGS = replace(read_settings(ROOT), model="bundled")
MODEL = SETTINGS.model_identity
FAST = Pace(poll=0.1, describe=0.5, start=60, settle=5, retry=0.05)

NAMES = ("Momotaro", "Kintaro", "Urashima", "Kaguya", "Issun", "Otohime", "Hana", "Saru")


def make_requests(number: int, model: str = MODEL, houses: int = 5) -> list[Request]:
    """Different questions, one for each house, each about the street of that house as its context."""
    contexts = [
        " ".join(
            f"In house {house} of street {street} lives {NAMES[(house * street) % len(NAMES)]}."
            for house in range(1, houses + 1)
        )
        for street in range(1, number // houses + 2)
    ]
    keys = Keys(model)
    requests = []
    for index in range(number):
        context = contexts[index // houses]
        question = f"Who lives in house {index % houses + 1}?"
        requests.append(Request(keys.key(context, question), question, context))
    return requests


def engine(
    settings: Settings = SETTINGS, note: Callable[[str], None] = lambda _: None, **options: Any
) -> FargateEngine:
    return FargateEngine(settings, MODEL, RunOptions(**{"pace": FAST, **options}), note=note)


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


def expected(requests: Sequence[Request]) -> dict[str, Result]:
    model = _model()
    results: dict[str, Result] = {}
    for request in requests:
        best, *others = model.answer(request.context, request.question, top_k=TOP_K)
        results[request.key] = Answer(request.key, MODEL, best, tuple(others))
    return results


def launched_keys(cloud: Cloud) -> list[str]:
    return [key for task in cloud.tasks for key in launched_keys_of(task)]


def launched_keys_of(task: Task) -> list[str]:
    command = task.command()
    return [key for name, key in pairwise(command) if name == "--item-id"]


def table_of(cloud: Cloud) -> Table:
    return Table(cloud.client("dynamodb"), SETTINGS.stack_name)


@lru_cache
def _model() -> Model:
    return Model.load(BUNDLED)
