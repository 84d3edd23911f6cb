"""The benchmark's page is a page like any other, and what is measured on it happens."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from tools.benchmark import page as pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pages.make_repository(tmp_path, 100)
    return tmp_path


def test_every_question_has_a_fresh_answer(root: Path) -> None:
    questions = read_questions(root)
    assert questions.problems == ()
    plan = make_plan(root, questions, pages.MODEL)
    assert (plan.total, plan.requests) == (100, [])


def test_its_page_is_measured(root: Path) -> None:
    path, seconds = pages.make_page(root)
    assert path.read_text(encoding="utf-8").count("<article ") == 100
    assert 0 < seconds < 60
    size = pages.size(path)
    assert size.plain == path.stat().st_size > size.compressed > 1_000
    assert size.compressed == len(gzip.compress(path.read_bytes(), 6))


def test_a_visit_searches_and_filters(root: Path, browser: Browser) -> None:
    path, _ = pages.make_page(root)
    times = pages.visit(browser, path)
    assert {name: len(taken) for name, taken in times.items()} == {
        "painted": 1, "ready": 1, "search": len(pages.TYPED), "filter": 4,
    }  # fmt: skip
    assert all(0 < one < 60_000 for taken in times.values() for one in taken)


def test_a_missing_browser_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    pages.print_or_say_why_not(1)
    said = "The page was not measured: no Chromium here: apt-get install chromium.\n"
    assert capsys.readouterr().out == said
