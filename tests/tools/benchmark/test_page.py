"""The benchmark's page is a page like any other, and its measured steps happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from tools.benchmark import page as pages

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pages.make_repository(tmp_path, 100)
    return tmp_path


def test_every_question_is_answered_and_on_the_page(root: Path) -> None:
    questions = read_questions(root)
    assert questions.problems == ()
    plan = make_plan(root, questions, pages.MODEL)
    assert (plan.total, plan.requests) == (100, [])
    path, seconds = pages.make_page(root)
    assert path.read_text(encoding="utf-8").count("<article ") == 100
    assert seconds > 0


def test_a_visit_searches_and_filters(root: Path, browser: Browser) -> None:
    path, _ = pages.make_page(root)
    times = pages.visit(browser, path)
    assert {name: len(taken) for name, taken in times.items()} == {
        "painted": 1, "ready": 1, "search": len(pages.TYPED), "filter": 4,
    }  # fmt: skip
    assert all(0 < taken < 60_000 for series in times.values() for taken in series)
