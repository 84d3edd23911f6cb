from __future__ import annotations

import json

import pytest

from qabot.github.links import Links
from qabot.site import data
from qabot.site.data import MAX_CONTEXT, Contexts
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import site, text_of
from tests.qabot.site.samples import answer_all


def test_a_context_is_there_once() -> None:
    held = Contexts()
    assert [held.number(text) for text in ("a", "b", "a")] == [0, 1, 0]
    assert held.texts == ["a", "b"]


def test_one_that_is_too_long_is_left_out() -> None:
    held = Contexts()
    assert held.number("x" * MAX_CONTEXT) == 0
    assert held.number("x" * (MAX_CONTEXT + 1)) is None


def test_those_beyond_the_room_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MAX_CONTEXTS", 10)
    held = Contexts()
    assert held.number("x" * 8) == 0
    assert held.number("yyy") is None
    assert held.number("zz") == 1, "a smaller one has room"
    assert held.number("x" * 8) == 0
    assert held.number("yyy") is None, "the same wherever it is asked for"


def test_a_text_that_is_not_in_the_page_is_linked(repository: Repository, viewer: Viewer) -> None:
    context = "It is red. " + "x" * MAX_CONTEXT
    content = json.dumps([{"context": context, "question": "What?"}])
    repository.write("questions/a.json", content)
    answer_all(repository, {"what": ("red", 0.9)})
    path = site(repository)
    assert path.stat().st_size < MAX_CONTEXT
    page = viewer.open(path)
    assert text_of(page, "mark") == "red"
    assert page.locator("button[data-at]").count() == 0
    assert text_of(page, ".score").endswith("Whole text (100,011 characters)")
    address = page.get_attribute(".score a", "href")
    assert address == "https://github.com/someone/answers/blob/main/questions/a.json?plain=1#L1"
    page = viewer.open(site(repository, Links()))
    assert text_of(page, ".score").endswith("in a text of 100,011 characters")
