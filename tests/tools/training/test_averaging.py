"""The average of checkpoints, and what has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qabot.errors import UsageError
from tests.checkpoints import make_checkpoint
from tools.training.averaging import average

if TYPE_CHECKING:
    from pathlib import Path


def test_average_is_weighted(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folders = [make_checkpoint(tmp_path / name, "bert") for name in ("a", "b")]
    first = load_file(folders[0] / "model.safetensors")
    second = {name: value + 1 for name, value in first.items()}
    save_file(second, folders[1] / "model.safetensors", metadata={"format": "pt"})
    average([(folders[0], 3), (folders[1], 1)], tmp_path / "out")
    found = load_file(tmp_path / "out/model.safetensors")
    assert found.keys() == first.keys()
    assert all(found[name].allclose(first[name] + 0.25, atol=1e-5) for name in first)
    assert (tmp_path / "out/tokenizer.json").exists()


@pytest.mark.parametrize(
    ("other", "weight", "reason"), [("electra", 1, "differ in architecture"), ("bert", -1, "sum")]
)
def test_what_has_no_average(tmp_path: Path, other: str, weight: float, reason: str) -> None:
    parts = [
        (make_checkpoint(tmp_path / "a", "bert"), 1.0),
        (make_checkpoint(tmp_path / "b", other), weight),
    ]
    with pytest.raises(UsageError, match=reason):
        average(parts, tmp_path / "out")
    assert not (tmp_path / "out").exists()
