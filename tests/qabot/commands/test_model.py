"""`qabot model`: what its commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerer.exporting import export as exporting
from answerer.info import read_info
from qabot.commands.model import ExportOptions, export_model
from qabot.console.reporter import Reporter
from qabot.models.bundled import BUNDLED


def test_an_export_says_how_to_fit_its_scores(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exporting, "export", lambda *_, **__: read_info(BUNDLED))
    assert export_model(ExportOptions(checkpoint="a/b@c", out=Path("my model")), Reporter()) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "says where a text does not answer; its scores are not calibrated",
        "to fit them: qabot model calibrate FILE --model 'my model'",
    ]
