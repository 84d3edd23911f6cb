"""Training from end to end on a model small enough to learn a page by heart."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import pytest

from answerer.exporting.export import export
from answerer.windows import Windows
from qabot.commands import model as cli
from qabot.console.reporter import Reporter
from qabot.errors import UsageError
from qabot.models import train as training
from qabot.models.evaluate import evaluate
from qabot.models.features import collate, make_batches, make_features
from qabot.models.squad import Example
from qabot.models.train import Recipe, train
from tests.checkpoints import make_checkpoint

BUNDLED = Path(__file__).parents[3] / "container/model"

TEXT = "the quick brown fox jumps over the lazy dog in 1921 he said who saw what when"
WORDS = sorted(set(TEXT.split()))
RECIPE = Recipe(epochs=2, batch=4, rate=3e-3, window=64, stride=8, save_every=5, seed=3)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder: the checkpoint says that it was trained for something else."""
    folder = make_checkpoint(tmp_path_factory.mktemp("encoder") / "encoder", "bert")
    config = folder / "config.json"
    text = config.read_text("utf-8").replace("BertForQuestionAnswering", "BertModel")
    config.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def squad_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The word behind `dog`, in 32 contexts of shuffled words."""
    generator = random.Random(1)
    paragraphs = []
    for number in range(32):
        words = generator.sample(WORDS, len(WORDS))
        words.remove("dog")
        place = generator.randrange(len(words) - 1)
        words.insert(place, "dog")
        answer = words[place + 1]
        start = len(" ".join(words[: place + 1])) + 1
        entry = {
            "id": str(number),
            "question": "what",
            "answers": [{"text": answer, "answer_start": start}],
        }
        paragraphs.append({"context": " ".join(words), "qas": [entry]})
    path = tmp_path_factory.mktemp("data") / "train.json"
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_learns_what_it_is_shown(encoder: Path, squad_file: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        epochs=60, batch=16, rate=1e-2, window=64, dropout=0.0, average=0.5, average_every=1
    )
    losses = train(str(encoder), [squad_file], tmp_path / "out", recipe, Reporter(quiet=True))
    assert len(losses) == 120
    assert sum(losses[-5:]) < 0.25 * sum(losses[:5]), "it has not learnt"
    export(str(tmp_path / "out"), tmp_path / "model", quantise=False)
    measured = evaluate(squad_file, tmp_path / "model", report=Reporter(quiet=True))
    assert measured.exact_match > 80, "what it has learnt is not in the checkpoint"
    assert not (tmp_path / "out" / training.STATE_FILE).exists()


def test_interrupted_run_ends_as_one_that_was_not(
    encoder: Path, squad_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Reporter(quiet=True)
    train(str(encoder), [squad_file], tmp_path / "whole", RECIPE, report)

    learn = training._Run._learn
    taken: list[int] = []

    def interrupted(run: Any, features: Any) -> float:
        if len(taken) == 7:
            raise KeyboardInterrupt
        taken.append(run.step)
        return learn(run, features)

    monkeypatch.setattr(training._Run, "_learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(str(encoder), [squad_file], tmp_path / "parts", RECIPE, report)
    monkeypatch.setattr(training._Run, "_learn", learn)
    losses = train(str(encoder), [squad_file], tmp_path / "parts", RECIPE, report)
    assert len(losses) == 16 - 7, "it began again"
    for part in ("", training.RAW_FOLDER):
        whole, parts = weights(tmp_path / "whole" / part), weights(tmp_path / "parts" / part)
        assert whole.keys() == parts.keys()
        assert all(whole[name].equal(parts[name]) for name in whole)
    averaged, raw = weights(tmp_path / "whole"), weights(tmp_path / "whole" / "raw")
    assert any(not averaged[name].equal(raw[name]) for name in raw), "nothing was averaged"


def test_state_of_another_run_is_not_gone_on_with(
    encoder: Path, squad_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> float:
        raise KeyboardInterrupt

    out, report = tmp_path / "out", Reporter(quiet=True)
    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "_learn", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(str(encoder), [squad_file], out, RECIPE, report)
    with pytest.raises(UsageError, match="other settings"):
        train(str(encoder), [squad_file], out, Recipe(epochs=1), report)
    (out / training.STATE_FILE).write_bytes(b"half")
    with pytest.raises(UsageError, match="remove it"):
        train(str(encoder), [squad_file], out, RECIPE, report)


def test_finished_checkpoint_is_not_overwritten(squad_file: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="holds a checkpoint already"):
        train("encoder", [squad_file], tmp_path, RECIPE, Reporter(quiet=True))


def test_settings_of_the_command_line_reach_the_recipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(training, "train", lambda *arguments: seen.append(arguments))
    parser = argparse.ArgumentParser()
    cli.add_parsers(parser.add_subparsers(required=True))
    args = parser.parse_args(
        ["train", "e", "a.json", "b.json", "--out", "o", "--rate", "6e-5", "--warm-up", "0.03"]
    )
    assert args.run_model(args, Reporter()) == 0
    encoder, files, out, recipe, _ = seen[0]
    assert (encoder, files, out) == ("e", [Path("a.json"), Path("b.json")], Path("o"))
    assert recipe == Recipe(rate=6e-5, warm_up=0.03)
    assert "qabot model export o" in capsys.readouterr().out


def test_features_are_the_windows_that_hold_the_answer() -> None:
    windows = Windows(BUNDLED / "tokenizer.json", 64)
    context = (
        "Nothing happened. " * 60 + "He won it in 1921, in Sweden. " + "Nothing happened. " * 60
    )
    answers = (("1921", context.index("1921")), ("in 1921", context.index("in 1921")))
    example = Example("1", context, "When did he win it?", answers)
    (feature,) = make_features([example], windows, stride=16)
    assert feature.length == 64
    ids = feature.inputs["input_ids"][0]
    found = {
        windows._tokenizer.decode(ids[first : last + 1].tolist()) for first, last in feature.spans
    }
    assert found == {"1921", "in 1921"}


def test_questions_that_teach_nothing_are_left_out() -> None:
    windows = Windows(BUNDLED / "tokenizer.json", 64)
    examples = [
        Example("1", "He won it.", "When?", ()),
        Example("2", "word " * 200, "What?", (("word " * 150, 0),)),
        Example("3", " ", "What?", (("x", 0),)),
    ]
    assert make_features(examples, windows, stride=16) == []


def test_batches_hold_every_feature_once_and_similar_lengths() -> None:
    windows = Windows(BUNDLED / "tokenizer.json", 384)
    examples = [
        Example(str(number), "word " * number + "end", "What?", (("end", 5 * number),))
        for number in range(1, 200)
    ]
    features = make_features(examples, windows, stride=16)
    batches = make_batches(features, 8, seed=1)
    assert sorted(index for batch in batches for index in batch) == list(range(len(features)))
    spread = [
        max(features[i].length for i in batch) - min(features[i].length for i in batch)
        for batch in batches
    ]
    assert max(spread) <= 8
    assert batches == make_batches(features, 8, seed=1)
    assert batches != make_batches(features, 8, seed=2)


def test_padding_is_masked() -> None:
    windows = Windows(BUNDLED / "tokenizer.json", 64)
    examples = [
        Example("1", "word end", "What?", (("end", 5),)),
        Example("2", "word word word end", "What?", (("end", 15), ("word end", 10))),
    ]
    features = make_features(examples, windows, stride=16)
    batch = collate(features, ("input_ids", "token_type_ids"), seed=0)
    short, long = (feature.length for feature in features)
    assert batch["attention_mask"].sum(1).tolist() == [short, long]
    assert batch["input_ids"].shape == (2, long)
    spans = zip(batch["start_positions"].tolist(), batch["end_positions"].tolist(), strict=True)
    assert all(span in feature.spans for span, feature in zip(spans, features, strict=True))
