"""The form that asks, as a person uses it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.site.page import MAX_URL
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import ask, site, text_of
from tests.qabot.site.samples import HOSTILE, peach

if TYPE_CHECKING:
    from playwright.sync_api import Page


def address(page: Page) -> str:
    """Where "Open on GitHub" leads."""
    return page.get_attribute("#made-open", "href") or ""


@pytest.mark.parametrize("context", ["It is red.", HOSTILE, "  x\n\n\ty: # 🍑 \u2028 "])
def test_github_opens_with_a_file_that_the_program_reads(
    repository: Repository, viewer: Viewer, context: str
) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context=context, question="What: is it? 'x'", expect="red\nblue")
    url = urlsplit(address(page))
    assert (url.netloc, url.path) == ("github.com", "/someone/answers/new/main")
    query = parse_qs(url.query)
    assert query["filename"] == ["questions/peach/what-is-it-x.yaml"]
    repository.write(query["filename"][0], query["value"][0])
    read = read_questions(repository.root)
    assert read.problems == ()
    [asked] = next(made for made in read.sets if made.source == query["filename"][0]).questions
    assert (asked.context, asked.question, asked.expect) == (
        context,
        "What: is it? 'x'",
        ("red", "blue"),
    )


def test_a_branch_is_encoded(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository), Links("https://github.com/a/b", "feature/#1 &x")))
    ask(page, set="peach", context="a", question="b")
    assert address(page).startswith("https://github.com/a/b/new/feature/%231%20%26x?filename=")


def test_a_text_too_long_for_a_link_is_copied_or_downloaded(
    repository: Repository, viewer: Viewer
) -> None:
    page = viewer.open(site(peach(repository)), permissions=["clipboard-read", "clipboard-write"])
    ask(page, set="peach", context="a" * (MAX_URL - 300), question="Why?")
    assert text_of(page, "#made-how") == "GitHub opens with the file filled in."
    assert MAX_URL - 300 < len(address(page)) <= MAX_URL
    ask(page, context="a" * MAX_URL)
    assert "too long for a link" in text_of(page, "#made-how")
    assert address(page).endswith("?filename=questions%2Fpeach%2Fwhy.yaml")
    expected = f'context: "{"a" * MAX_URL}"\nquestions:\n- question: "Why?"\n'

    page.click("#made-copy")
    page.wait_for_function("document.getElementById('made-status').textContent === 'Copied.'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r\n", "\n") == expected, "Windows ends lines its own way"

    with page.expect_download() as download:
        page.click("#made-download")
    assert download.value.suggested_filename == "why.yaml"
    assert Path(os.fspath(download.value.path())).read_bytes() == expected.encode()


def test_where_copying_is_refused_the_file_is_selected(
    repository: Repository, viewer: Viewer
) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context="a", question="b")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.click("#made-copy")
    page.wait_for_function("document.getElementById('made-status').textContent.includes('Ctrl+C')")
    assert (
        page.evaluate("getSelection().toString()")
        == (page.text_content("#made-yaml") or "").rstrip()
    )


def test_without_github_the_file_is_there_to_take(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository), Links()))
    ask(page, set="peach", context="a", question="b")
    assert page.is_hidden("#made-open")
    assert page.is_visible("#made-download")
    assert text_of(page, "#made-how") == "Copy or download it, and put it there."
    assert text_of(page, "#made-path") == "questions/peach/b.yaml"


def test_an_empty_field_makes_nothing(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context="a", question="")
    assert page.is_hidden("#made")
    assert page.evaluate("document.activeElement.id") == "ask-question"
    ask(page, question="why?")
    assert page.evaluate("document.activeElement.id") == "made", "screen readers announce it"


def test_what_is_changed_after_is_not_in_the_file(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context="a", question="b")
    assert page.is_visible("#made")
    page.fill("#ask-question", "c")
    assert page.is_hidden("#made")
    page.click("#form button")
    assert 'question: "c"' in text_of(page, "#made-yaml")


def test_a_name_that_is_taken_is_not_proposed(repository: Repository, viewer: Viewer) -> None:
    repository.write("questions/peach/Why.yaml", "context: a\nquestions: [a]")
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context="long", question="Why?")
    assert text_of(page, "#made-path") == "questions/peach/why-2.yaml"


def test_the_sets_there_are_are_proposed(repository: Repository, viewer: Viewer) -> None:
    repository.write("questions/a/b&c.yaml", "context: a\nquestions: [a]")
    page = viewer.open(site(peach(repository)))
    names = page.eval_on_selector_all("#names option", "all => all.map(option => option.value)")
    assert names == ["a/b&c", "peach"]
