"""Fitting scores to questions whose answers are known."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from pathlib import Path

import pytest

from answerer.errors import ModelError
from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, read_info
from answerer.scores import FEATURES, Evidence, probabilities, read_calibration
from qabot.console.reporter import Reporter
from qabot.errors import UsageError
from qabot.models import calibrate as calibration
from qabot.models.bundled import BUNDLED
from qabot.models.calibrate import MOST_COST, Observation, fit, judged
from qabot.models.reliability import auroc, calibration_error, diagram


def observations(count: int, seed: int = 0) -> list[Observation]:
    """Questions of which the text answers half; a span is more often right than the model thinks."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        answerable = chance.random() < 0.5
        rank = chance.gauss(4 if answerable else -4, 2)
        odds = chance.gauss(0, 2)
        right = answerable and chance.random() < 1 / (1 + math.exp(-1 - odds))
        agreement = 1 / (1 + math.exp(-odds))
        evidence = Evidence(agreement=agreement, support=rank, rank=rank, overlap=0.5)
        made.append(Observation(evidence, float(right), answerable))
    return made


def test_scores_are_the_share_of_right_answers_on_other_questions() -> None:
    calibration = fit(observations(2000), has_null=True, fitted_on="made up")
    other = [judged(known, calibration, has_null=True) for known in observations(4000, seed=1)]
    scores, right = zip(*other, strict=True)
    assert calibration_error(scores, right) < 0.04
    assert calibration.error < 0.06
    assert auroc(scores, right) == pytest.approx(calibration.auroc, abs=0.04)


def test_saying_nothing_costs_no_more_than_allowed() -> None:
    known = observations(2000)
    calibration = fit(known, has_null=True, fitted_on="made up")
    lost = sum(
        found.f1
        for found in known
        if found.answerable
        and probabilities(found.evidence, has_null=True, calibration=calibration)[1]
        >= calibration.threshold
    )
    assert 100 * lost / sum(found.answerable for found in known) <= MOST_COST


def test_a_model_without_a_null_never_says_nothing() -> None:
    calibration = fit(observations(1000), has_null=False, fitted_on="made up")
    assert calibration.none is None
    assert calibration.threshold == 1
    right, none = probabilities(
        observations(1)[0].evidence, has_null=False, calibration=calibration
    )
    assert none == 0
    assert 0 < right < 1


@pytest.mark.parametrize(
    ("known", "what"),
    [
        (observations(10), "rightly answered"),
        ([k for k in observations(400) if k.answerable], "the text does not answer"),
        ([k for k in observations(400) if not k.right], "0 questions rightly answered"),
        ([k for k in observations(400) if k.right or not k.answerable], "wrongly answered"),
    ],
    ids=["ten questions", "all answerable", "all wrong", "all right"],
)
def test_too_few_of_a_kind_say_what_to_give(known: list[Observation], what: str) -> None:
    with pytest.raises(UsageError, match=f"{what}.*at least 30; give more files"):
        fit(known, has_null=True, fitted_on="x")


def test_a_fit_is_read_back_as_it_was_written() -> None:
    calibration = fit(observations(400), has_null=True, fitted_on="made up")
    raw = dataclasses.asdict(calibration)
    raw |= {"right": list(raw["right"]), "none": list(raw["none"])}
    assert read_calibration(raw) == calibration
    assert read_calibration(None) is None


def test_a_fit_without_sense_can_be_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    for name in (MODEL_FILE, TOKENIZER_FILE):
        (directory / name).symlink_to(BUNDLED / name)
    raw = json.loads((BUNDLED / INFO_FILE).read_text(encoding="utf-8"))
    raw["calibration"]["right"] = [1.0] * 7  # as another version would write it
    (directory / INFO_FILE).write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ModelError, match="qabot model calibrate"):
        read_info(directory)
    asked = tmp_path / "asked.json"
    paragraph = {
        "context": "It was 1921.",
        "qas": [{"id": "a", "question": "When?", "answers": []}],
    }
    asked.write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}), encoding="utf-8")
    monkeypatch.setattr(calibration, "_observe", lambda *_: observations(400))
    found = calibration.calibrate(
        [asked], directory, elsewhere=False, fitted_on=None, threads=1, report=Reporter()
    )
    assert read_info(directory).calibration == found
    assert found.fitted_on == "asked.json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("right", [1.0]), ("right", [math.nan] * (1 + len(FEATURES))), ("none", ["x"] * 7),
        ("threshold", 2), ("threshold", None), ("questions", "many"), ("fitted_on", 5),
        ("error", math.inf), ("another", 1), ("right", "weights"),
    ],
)  # fmt: skip
def test_a_fit_without_sense_says_how_to_mend_it(name: str, value: object) -> None:
    raw = dataclasses.asdict(fit(observations(400), has_null=True, fitted_on="made up"))
    raw |= {"right": list(raw["right"]), "none": list(raw["none"]), name: value}
    with pytest.raises(ValueError, match=r"invalid calibration.*qabot model calibrate"):
        read_calibration(raw)


def test_the_measures_of_scores() -> None:
    assert auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == 0.75
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert auroc([0.5], [True]) == 0.5
    assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0.32)
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    lines = diagram([0.5] * 20, [True, False] * 10).splitlines()
    assert lines[1] == " 0.50   0.50  ####################|"
