"""`model.json`: what is written is read again, and what is broken is named."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from answerer.errors import ModelError
from answerer.info import SPAN_SEARCH, ModelInfo, digest, hub_identity, is_calibrated, read_info

BUNDLED = Path(__file__).parents[2] / "container/model"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(BUNDLED, tmp_path / "model")
    return tmp_path / "model"


def test_written_and_read_again(directory: Path) -> None:
    info = dataclasses.replace(read_info(directory), name="naïve/模型", f1=None)
    (directory / "model.json").write_text(info.to_json(), encoding="utf-8")
    assert read_info(directory) == info


def test_identity_without_a_hub_changes_with_the_content(directory: Path) -> None:
    info = read_info(directory)
    assert info.calibration is not None
    base = f"qabot-minilm-l6-squad@{info.digest[:12]}/s{SPAN_SEARCH}"
    assert re.fullmatch(re.escape(base) + "-[0-9a-f]{6}", info.identity), "the fit is part of it"
    other = dataclasses.replace(info.calibration, threshold=0.9)
    assert dataclasses.replace(info, calibration=other).identity != info.identity
    assert dataclasses.replace(info, calibration=None).identity == base
    assert is_calibrated(info.identity)
    assert not is_calibrated(base)
    with (directory / "tokenizer.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    assert digest(directory) != info.digest


def test_identity_of_a_hubs_checkpoint_needs_no_files() -> None:
    info = ModelInfo(
        name="a/b",
        revision="0123456",
        quantisation="int8",
        digest="d" * 64,
        size=1,
        max_length=384,
        licence="MIT",
    )
    assert info.identity == hub_identity("a/b", "0123456", "int8")
    assert not is_calibrated(info.identity)
    assert info.identity != hub_identity("a/b", "0123456", "none")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name must be text"),
        ({"digest": 7}, "digest must be text"),
        ({"revision": 5}, "revision must be text or null"),
        ({"size": True}, "size must be a positive integer"),
        ({"max_length": "384"}, "max_length must be a positive integer"),
        ({"name": "a\ud800"}, "name contains half a surrogate pair"),
        ({"f1": "87"}, "f1 must be a number or null"),
        ({"measured_on": []}, "measured_on must be text or null"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_fields_are_named(directory: Path, change: dict[str, Any], said: str) -> None:
    path = directory / "model.json"
    raw = json.loads(path.read_text("utf-8")) | change
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        read_info(directory)


@pytest.mark.parametrize("content", ["", "[", "[]", "\ufeff", "[" * 100_000])
def test_broken_file_is_named(directory: Path, content: str) -> None:
    (directory / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"model\.json cannot be read"):
        read_info(directory)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
def test_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        read_info(directory)


def test_pointer_instead_of_the_model_is_recognised(directory: Path) -> None:
    size = (directory / "model.onnx").stat().st_size
    (directory / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\n", "utf-8")
    with pytest.raises(ModelError, match=rf"43 bytes where model\.json says {size:,}"):
        read_info(directory)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"null": "yes"}, "null must be true or false"),
        ({"null": False}, "its calibration was fitted for a model with a null"),
        ({"calibration": 5}, "invalid calibration"),
        ({"calibration": {"right": [1]}}, "invalid calibration"),
    ],
)
def test_a_null_or_a_fit_that_makes_no_sense_is_named(
    directory: Path, change: dict[str, object], what: str
) -> None:
    path = directory / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change), encoding="utf-8")
    with pytest.raises(ModelError, match=what):
        read_info(directory)


def test_a_model_from_before_nulls_has_none(directory: Path) -> None:
    path = directory / "model.json"
    raw = json.loads(path.read_text())
    del raw["null"], raw["calibration"]
    path.write_text(json.dumps(raw), encoding="utf-8")
    info = read_info(directory)
    assert not info.null
    assert info.calibration is None
