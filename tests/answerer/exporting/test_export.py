"""Exported models against the checkpoint itself, in plain torch and transformers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import onnx
import pytest

from answerer.errors import ExportError, ModelError
from answerer.exporting import checkpoint as checkpoints
from answerer.exporting import export as exporting
from answerer.exporting import graph as graphs
from answerer.exporting.export import export
from answerer.info import digest, read_info
from answerer.model import Model
from answerer.windows import Windows
from tests.checkpoints import make_checkpoint

ROOT = Path(__file__).parents[3]
ARCHITECTURES = ["bert", "distilbert", "roberta", "electra", "deberta-v2"]

# Short enough for one window of every tokenizer.
CONTEXT = "The fox jumps over the lazy dog in 1921, he said. é 😀"
QUESTIONS = ["Who jumps?", "When?", "What saw he?"]


def reference(folder: Path, context: str, question: str) -> str:
    """The best span, as the classic pipeline describes it.

    Softmax of start and end over the context's tokens, product, end not before start, at most 30
    tokens (transformers' QuestionAnsweringPipeline, before it was removed in 5.3). One thing is
    ours: a token of nothing but white space neither begins nor ends an answer.
    """
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    encoded = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    assert ("token_type_ids" in encoded) == (model.config.model_type in {"bert", "electra"})
    offsets = encoded.pop("offset_mapping")[0].tolist()
    inside = [place for place, part in enumerate(encoded.sequence_ids(0)) if part == 1]
    with torch.no_grad():
        outputs = model(**encoded)
    starts = outputs.start_logits[0, inside].double().softmax(0).tolist()
    ends = outputs.end_logits[0, inside].double().softmax(0).tolist()
    visible = [bool(context[slice(*offsets[place])].strip()) for place in inside]
    _, first, last = max(
        (starts[i] * ends[j], i, j)
        for i in range(len(inside))
        for j in range(i, min(i + 30, len(inside)))
        if visible[i] and visible[j]
    )
    return context[offsets[inside[first]][0] : offsets[inside[last]][1]].strip()


@pytest.fixture(scope="module")
def in_float(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Exports a checkpoint of an architecture, once: a folder with it and its model directory."""

    @cache
    def exported(architecture: str) -> Path:
        folder = tmp_path_factory.mktemp(architecture)
        checkpoint = make_checkpoint(folder / "checkpoint", architecture)
        card = "---\nlicense: cc0-1.0\n---\n# Card\n"
        (checkpoint / "README.md").write_text(card, encoding="utf-8")
        export(str(checkpoint), folder / "model", quantise=False)
        return folder

    return exported


@pytest.fixture(scope="module")
def exported(in_float: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its model directory, in bytes."""
    folder = tmp_path_factory.mktemp("exported")
    checkpoint = shutil.copytree(in_float("bert") / "checkpoint", folder / "checkpoint")
    export(str(checkpoint), folder / "model", quantise=True, name="team/small")
    return folder


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_answers_are_those_of_the_checkpoint(
    architecture: str, in_float: Callable[[str], Path]
) -> None:
    folder = in_float(architecture)
    model = Model.load(folder / "model")
    assert model.info.max_length == 64, "as many tokens as it has positions"
    for question in QUESTIONS:
        (span,) = model.answer(CONTEXT, question)
        assert len(model._job(0, CONTEXT, question).windows) == 1
        assert span.answer == reference(folder / "checkpoint", CONTEXT, question)


def test_bytes_keep_the_logits(exported: Path) -> None:
    model = checkpoints.load(str(exported / "checkpoint")).model
    windows = Windows(exported / "model/tokenizer.json", 64)
    inputs = exporting.probes(windows, model.config.vocab_size)
    expected = [exporting.torch_logits(model, probe) for probe in inputs]
    path = exported / "model/model.onnx"
    exporting.check(path, inputs, expected, exporting.QUANTISED_TOLERANCE)
    with pytest.raises(ModelError, match="differ from torch's"):
        exporting.check(path, inputs, expected, exporting.FLOAT_TOLERANCE)


def test_model_directory_says_what_it_is(exported: Path) -> None:
    info = read_info(exported / "model")
    assert (info.name, info.revision, info.quantisation) == ("team/small", None, "int8")
    assert info.licence == "cc0-1.0", "from the front matter of the checkpoint's card"
    assert info.digest == digest(exported / "model")
    assert (exported / "model/README.md").read_text(encoding="utf-8").endswith("# Card\n")
    assert {path.name for path in exported.iterdir()} == {"checkpoint", "model"}, "leftovers"


def test_the_same_checkpoint_gives_the_same_bytes(exported: Path, tmp_path: Path) -> None:
    export(str(exported / "checkpoint"), tmp_path / "again", quantise=True, name="team/small")
    for name in ("model.onnx", "tokenizer.json", "model.json"):
        assert (tmp_path / "again" / name).read_bytes() == (
            exported / "model" / name
        ).read_bytes(), name


def test_graph_holds_no_paths_of_the_machine_that_made_it(exported: Path) -> None:
    raw = (exported / "model/model.onnx").read_bytes()
    for part in (str(ROOT), sys.prefix, "site-packages", "stack_trace"):
        assert part.encode() not in raw


def test_float_graph_is_four_times_the_size(
    exported: Path, in_float: Callable[[str], Path]
) -> None:
    info = read_info(in_float("bert") / "model")
    assert info.quantisation == "none"
    assert info.size > 1.8 * read_info(exported / "model").size
    assert info.name == "checkpoint"


def test_logits_that_disagree_stop_the_export(
    in_float: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The graph of the same model with other weights.
    other = onnx.load(in_float("bert") / "model/model.onnx")
    weights = max(other.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weights.raw_data = bytes(len(weights.raw_data))
    monkeypatch.setattr(graphs, "export_graph", lambda model: other)
    with pytest.raises(ModelError, match="differ from torch's"):
        export(str(in_float("bert") / "checkpoint"), tmp_path / "model", quantise=False)
    assert list(tmp_path.iterdir()) == [], "a failed export leaves nothing"


def test_checkpoint_without_a_span_head_is_refused(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(exported / "checkpoint", folder)
    config = folder / "config.json"
    config.write_text(
        config.read_text(encoding="utf-8").replace("BertForQuestionAnswering", "BertModel"),
        encoding="utf-8",
    )
    with pytest.raises(ExportError, match=r"not trained to answer questions.*tools/training"):
        export(str(folder), tmp_path / "model", quantise=True)


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        ("nowhere", "neither a folder nor NAME@REVISION"),
        ("owner/name", "neither a folder nor NAME@REVISION"),
        ("owner/name@", "neither a folder nor NAME@REVISION"),
        ("a b@c", "neither a folder nor NAME@REVISION"),
    ],
)
def test_invalid_names(checkpoint: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=said):
        export(checkpoint, tmp_path / "model", quantise=True)


def test_folder_that_is_not_a_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError, match="cannot be loaded as a question-answering checkpoint"):
        export(str(tmp_path / "folder"), tmp_path / "model", quantise=True)


def test_folder_with_other_files_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="holds other files"):
        export("a/b@c", tmp_path, quantise=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_missing_torch_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name in {"torch", "transformers"} else real(name, *rest),
    )
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(ExportError, match=r"torch and transformers.*scripts/environment export"):
        export(str(tmp_path / "checkpoint"), tmp_path / "model", quantise=True)


def test_probes_reach_the_longest_window(exported: Path) -> None:
    windows = Windows(exported / "model/tokenizer.json", 64)
    lengths = [probe["input_ids"].shape[1] for probe in exporting.probes(windows, 100)]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 64
