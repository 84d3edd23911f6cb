"""The benchmark of the page that answers, on a few texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.benchmark import live

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.timeout(600)
def test_a_row_has_every_figure(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "TEXTS", (40,))
    monkeypatch.setattr(live, "QUESTIONS", live.QUESTIONS[:2])
    live.print_table(browser)
    head, _, row = capsys.readouterr().out.splitlines()[-3:]
    count, first, again, further, slowest, cpu, memory = map(float, row.strip("| ").split(" | "))
    assert head.count("|") == row.count("|")
    assert count == 40
    assert first > 0
    assert again > 0
    assert slowest >= further > 0
    assert cpu > 0
    # The model alone takes 23 MB.
    assert 50 < memory < 2_000
