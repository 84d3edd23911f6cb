"""Training from end to end on a model small enough to learn a page by heart."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from answerer.exporting.export import export
from answerer.session import Session
from answerer.windows import Windows
from qabot.console.reporter import Reporter
from qabot.errors import UsageError
from qabot.models.evaluate import evaluate
from tests.checkpoints import make_checkpoint
from tools.training import learning
from tools.training.learning import train
from tools.training.recipe import Stage

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "the quick brown fox jumps over the lazy dog in 1921 he said who saw what when"
WORDS = sorted(set(TEXT.split()))
STAGE = Stage(
    files={"squad.json": 1}, epochs=2, batch=4, rate=3e-3, window=64, average_every=2, seed=3
)
QUIET = Reporter()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random encoder: the checkpoint says that it was trained for something else."""
    folder = make_checkpoint(tmp_path_factory.mktemp("encoder") / "encoder", "bert")
    config = folder / "config.json"
    text = config.read_text("utf-8").replace("BertForQuestionAnswering", "BertModel")
    config.write_text(text, "utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The word after `dog`, in 32 contexts of shuffled words; `when` has no answer."""
    generator = random.Random(1)
    paragraphs = []
    for number in range(32):
        words = generator.sample(WORDS, len(WORDS))
        words.remove("dog")
        place = generator.randrange(len(words) - 1)
        words.insert(place, "dog")
        answer = words[place + 1]
        start = len(" ".join(words[: place + 1])) + 1
        found = {"text": answer, "answer_start": start}
        paragraphs.append(
            {
                "context": " ".join(words),
                "qas": [
                    {"id": f"{number}-what", "question": "what", "answers": [found]},
                    {"id": f"{number}-when", "question": "when", "answers": []},
                ],
            }
        )
    folder = tmp_path_factory.mktemp("data")
    for name, kept in (("squad.json", 2), ("answerable.json", 1)):
        part = [{**paragraph, "qas": paragraph["qas"][:kept]} for paragraph in paragraphs]
        (folder / name).write_text(json.dumps({"data": [{"paragraphs": part}]}), encoding="utf-8")
    return folder


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_learns_answers_and_their_absence(encoder: str, data: Path, tmp_path: Path) -> None:
    stage = dataclasses.replace(
        STAGE, epochs=60, batch=16, rate=1e-2, dropout=0.0, average=0.5, average_every=1
    )
    losses = train(encoder, stage, data, tmp_path / "out", QUIET)
    assert len(losses) >= 240
    assert sum(losses[-5:]) < 0.25 * sum(losses[:5]), "it has not learnt"
    assert not (tmp_path / "out" / learning.STATE_FILE).exists()

    export(str(tmp_path / "out"), tmp_path / "model", quantise=False)
    measured = evaluate(data / "answerable.json", tmp_path / "model", report=QUIET)
    assert measured.exact_match > 80, "the answers that it has learnt are not in the checkpoint"
    windows = Windows(tmp_path / "model/tokenizer.json", 64)
    session = Session(tmp_path / "model/model.onnx")
    firsts = {}
    for question in ("what", "when"):
        context, tokens = windows.context(TEXT), windows.question(question)
        starts, _ = session.run(windows.inputs(context, tokens, range(len(context.ids))))
        firsts[question] = int(starts[0].argmax())
    assert firsts["when"] == 0, "where there is no answer, the first token is not the start"
    assert firsts["what"] > 0


def test_interrupted_run_ends_as_one_that_was_not(
    encoder: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(encoder, STAGE, data, tmp_path / "whole", QUIET)
    learn = learning._Run._learn
    taken: list[int] = []
    stop_after = len(whole) // 2 + 3  # in the second epoch

    def interrupted(run: Any, features: Any, steps: int) -> float:
        if len(taken) == stop_after:
            raise KeyboardInterrupt
        taken.append(run.place)
        return learn(run, features, steps)

    with monkeypatch.context() as patch:
        patch.setattr(learning._Run, "_learn", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(encoder, STAGE, data, tmp_path / "parts", QUIET)
    rest = train(encoder, STAGE, data, tmp_path / "parts", QUIET)
    assert rest == whole[stop_after:], "it did not continue where it was"
    assert (tmp_path / "whole/model.safetensors").read_bytes() == (
        tmp_path / "parts/model.safetensors"
    ).read_bytes()


def test_the_checkpoint_is_the_average(encoder: str, data: Path, tmp_path: Path) -> None:
    still = dataclasses.replace(STAGE, average=1.0)
    train(encoder, still, data, tmp_path / "still", QUIET)
    train(encoder, STAGE, data, tmp_path / "moving", QUIET)
    before, after = weights(tmp_path / "still"), weights(tmp_path / "moving")
    original = weights(tmp_path / "still")
    assert any(not before[name].equal(after[name]) for name in original)
    import torch

    torch.manual_seed(STAGE.seed)
    from answerer.exporting import checkpoint

    begun = checkpoint.load(encoder, trained=False).model.state_dict()
    assert all(before[name].equal(begun[name]) for name in before), "an average of 1 moved"


def test_state_of_another_training_is_refused(
    encoder: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(learning._Run, "_learn", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(encoder, STAGE, data, tmp_path, QUIET)
    with pytest.raises(UsageError, match="other settings"):
        train(encoder, dataclasses.replace(STAGE, epochs=1), data, tmp_path, QUIET)
    (tmp_path / learning.STATE_FILE).write_bytes(b"half")
    with pytest.raises(UsageError, match="remove it"):
        train(encoder, STAGE, data, tmp_path, QUIET)


def test_files_without_a_question_to_learn_from(encoder: str, tmp_path: Path) -> None:
    entry = {"id": "1", "question": "what", "answers": [{"text": "dog", "answer_start": 90}]}
    squad = {"data": [{"paragraphs": [{"context": "the fox", "qas": [entry]}]}]}
    (tmp_path / "squad.json").write_text(json.dumps(squad), encoding="utf-8")
    with pytest.raises(UsageError, match="no question to learn from"):
        train(encoder, STAGE, tmp_path, tmp_path / "out", QUIET)
