"""The benchmark measures what it claims, and the torch program it compares with is right."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from answerer.model import Model
from qabot.deployment import fargate_limits as fargate
from tests.checkpoints import make_checkpoint
from tools.benchmark import image as images
from tools.benchmark import models
from tools.benchmark.processes import Cost, measure, median
from tools.docker import NoDockerError, docker

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"PATH": os.environ["PATH"]}


def test_memory_and_time_are_the_programs_own() -> None:
    big = bytearray(300_000_000)  # what this process has must not count
    cost, printed = measure(
        [sys.executable, "-c", "b = bytearray(60_000_000); sum(range(3_000_000)); print(len(b))"],
        environ=ENVIRON,
    )
    assert printed == "60000000\n"
    assert 60e6 < cost.memory < 100e6
    assert len(big) > cost.memory
    assert 0 < cost.cpu <= cost.wall * 1.5


@pytest.mark.skipif(sys.platform != "linux", reason="cores are chosen with Linux's taskset")
def test_program_is_kept_on_one_core() -> None:
    core = min(os.sched_getaffinity(0))
    program = "import os; print(sorted(os.sched_getaffinity(0)))"
    _, printed = measure([sys.executable, "-c", program], environ=ENVIRON, core=core)
    assert json.loads(printed) == [core]


def test_failed_program_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        measure([sys.executable, "-c", "raise SystemExit('no such luck')"], environ=ENVIRON)


def test_median_of_each_figure() -> None:
    costs = [Cost(1, 9, 5), Cost(2, 7, 6), Cost(9, 8, 1)]
    assert median(costs) == Cost(2, 8, 5)


def test_the_usual_way_answers_one_as_it_answers_a_batch(tmp_path: Path) -> None:
    from tools.benchmark.usual import answer_batch, load

    tokenizer, model = load(str(make_checkpoint(tmp_path / "checkpoint", "bert")))
    pairs = [("the quick brown fox", "who ?"), ("the lazy dog he saw in 1921 .", "when , what ?")]
    for pair, answer in zip(pairs, answer_batch(tokenizer, model, pairs), strict=True):
        (alone,) = answer_batch(tokenizer, model, [pair])
        assert answer["score"] == pytest.approx(alone["score"], rel=1e-4)
        assert answer["answer"] == alone["answer"] == pair[0][answer["start"] : answer["end"]]


def test_questions_are_the_same_each_time() -> None:
    assert models.questions() == models.questions()
    assert len({context for context, _ in models.questions()}) > 100


def test_one_sentence_of_the_long_context_answers() -> None:
    context = models.long_context()
    assert 1_000_000 < len(context) < 1_001_000
    (span,) = Model.load(models.BUNDLED).answer(context, models.ABOUT_FERRY)
    assert context.index(models.FERRY) < span.start < len(context) - 300_000
    assert span.answer == "Nils Hagen"


def test_smallest_size_is_the_cheapest_that_is_quick_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[tuple[int, int]] = []

    def seconds(cpu: int, memory: int, _: object) -> float:
        tried.append((cpu, memory))
        if memory < 2048:
            raise NoDockerError("out of memory")
        return 20.0 if cpu < 512 else 3.0

    monkeypatch.setattr(images, "seconds", seconds)
    assert images.smallest([]) == (512, 2048, 3.0)
    costs = [fargate.cost(cpu, memory, 60) for cpu, memory in tried]
    assert costs == sorted(costs)


def test_missing_docker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoDockerError, match="not on PATH"):
        docker("info")
