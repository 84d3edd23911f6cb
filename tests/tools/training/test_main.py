"""`scripts/train`: stages one after the other, each once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.training import __main__ as command

if TYPE_CHECKING:
    import pytest


def test_each_stage_begins_with_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[[stage]]\nfiles = {a = 1}\n[[stage]]\nfiles = {b = 2}\n", encoding="utf-8")
    begun = []

    def train(start: str, stage: object, data: Path, out: Path, report: object) -> None:
        begun.append((start, data, out))
        out.mkdir(parents=True)
        (out / "config.json").touch()

    monkeypatch.setattr(command, "train", train)
    out = tmp_path / "out"
    arguments = ["run", "encoder", "--data", "d", "--out", str(out), "--recipe", str(recipe)]
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["scripts/train", *arguments])
        assert command.main() == 0
    assert begun == [
        ("encoder", Path("d"), out / "stage-1"),
        (str(out / "stage-1"), Path("d"), out / "stage-2"),
    ], "a finished stage is not to be trained again"
    assert f"qabot model export {out / 'stage-2'}" in capsys.readouterr().out


def test_parts_of_an_average_have_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(command, "average", lambda *arguments: seen.append(arguments))
    monkeypatch.setattr(sys, "argv", ["scripts/train", "average", "a", "b=0.5", "--out", "o"])
    assert command.main() == 0
    assert seen == [([(Path("a"), 1.0), (Path("b"), 0.5)], Path("o"))]
