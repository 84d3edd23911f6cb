"""Measuring the bundled model on a few questions whose answers are known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from answerer.info import read_info
from qabot.cli import main

BUNDLED = Path(__file__).parents[3] / "container/model"

PARAGRAPH = (
    "A giant peach was flowing in the river. She picked it up and brought it home. Later, a "
    "healthy baby was born from the peach. She named the baby Momotaro."
)


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    def entry(number: int, question: str, *texts: str) -> dict[str, object]:
        answers = [{"text": text, "answer_start": PARAGRAPH.find(text)} for text in texts]
        return {"id": f"q{number}", "question": question, "answers": answers}

    entries = [
        entry(0, "What is the name of the baby?", "Momotaro"),
        entry(1, "What is the name of the baby?", "baby Momotaro", "not this"),
        entry(2, "What is the name of the baby?", "nothing like it"),
        entry(3, "Who is the king of Spain?"),
        entry(4, "why " * 400, "peach"),
    ]
    path = tmp_path / "dev.json"
    data = [{"paragraphs": [{"context": PARAGRAPH, "qas": entries}]}]
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


def test_figures_and_predictions(
    dev: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predictions = tmp_path / "predictions.json"
    arguments = ["--json", "--predictions", str(predictions), "--threads", "2"]
    assert main(["model", "evaluate", str(dev), *arguments]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["questions"] == 5
    assert figures["exact_match"] == 40.0, "the first is answered, and that there is no king"
    assert (figures["HasAns_exact"], figures["NoAns_exact"]) == (25.0, 100.0)
    assert figures["f1"] == pytest.approx(100 * (1 + 2 / 3 + 1) / 5, abs=0.01)
    assert figures["refused"] == 1
    assert figures["questions_per_second"] > 0
    answers = json.loads(predictions.read_text(encoding="utf-8"))
    assert answers["q0"] == "Momotaro"
    assert answers["q4"] == ""


def test_figures_are_recorded(
    dev: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(BUNDLED, model)
    before = read_info(model)
    arguments = ["--model", str(model), "--record", "a test"]
    assert main(["model", "evaluate", str(dev), *arguments]) == 0
    assert "EM 40.00  F1 53.33" in capsys.readouterr().out
    after = read_info(model)
    assert (after.exact_match, after.f1, after.measured_on) == (40.0, 53.33, "a test")
    assert after.identity == before.identity, "measuring a model makes no answer stale"
