"""The runner engine with the bundled model."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerer.errors import ModelError
from answerer.info import read_info
from qabot.answers.model import Answer, Failure, Request
from qabot.engines.runner import RunnerEngine
from qabot.models.bundled import BUNDLED
from qabot.models.local import directory_model


def requests(*pairs: tuple[str, str]) -> list[Request]:
    return [Request(f"k{n}", question, context) for n, (context, question) in enumerate(pairs)]


def test_every_ask_gets_its_own_result() -> None:
    engine = RunnerEngine()
    found = {
        result.key: result
        for result in engine.answer(
            requests(
                ("She named the baby Momotaro.", "What is the name of the baby?"),
                ("He received the 1921 Nobel Prize in Physics.", "In what year?"),
                ("c", "word " * 600),
            )
        )
    }
    first, second, third = (found[f"k{n}"] for n in range(3))
    assert isinstance(first, Answer)
    assert first.span.answer == "Momotaro"
    assert first.model == engine.model == read_info(BUNDLED).identity
    assert first.alternatives[0].score < first.span.score
    assert isinstance(second, Answer)
    assert second.span.answer == "1921"
    assert isinstance(third, Failure)
    assert (third.kind, third.permanent) == ("question-too-long", True)


def test_closing_stops_the_work() -> None:
    many = requests(*[("It was 1921 then. " * 200, f"What is number {n}?") for n in range(500)])
    results = RunnerEngine().answer(many)
    next(results)
    results.close()
    assert list(results) == []


def test_the_identity_is_known_without_the_model() -> None:
    assert RunnerEngine().model.startswith("qabot-minilm-l6-squad@")


def test_a_folder_that_is_not_a_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a model directory"):
        directory_model(tmp_path)
