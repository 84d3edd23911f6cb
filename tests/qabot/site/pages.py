"""The page of a scratch repository, and what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qabot.documents.choose import choose
from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.site.build import build
from tests.conftest import Repository

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from qabot.errors import Problem
    from qabot.questions.read import Questions

LINKS = Links("https://github.com/someone/answers", "main", {"answers/peach.yaml": "a" * 40})


def site(repository: Repository, links: Links = LINKS) -> Path:
    """Build the page; its path."""
    root = repository.root
    return build(root, chosen(root), root / "out", links)


def chosen(root: Path) -> Questions:
    """A repository's questions, those about documents with their passages."""
    problems: list[Problem] = []
    questions = choose(root, read_questions(root), problems.append)
    assert problems == []
    return questions


def seen(page: Page) -> list[str]:
    """The ids of the questions that no search or filter hides."""
    ids = page.eval_on_selector_all(
        "article", "all => all.filter(a => !a.closest('[hidden]')).map(a => a.id)"
    )
    return [str(id_) for id_ in ids]


def text_of(page: Page, selector: str) -> str:
    """An element's text, whether it is on the screen yet or not (`content-visibility: auto`)."""
    return " ".join((page.text_content(selector) or "").split())


def ask(page: Page, **texts: str) -> None:
    """Fill in the form, and send it."""
    page.evaluate("document.getElementById('ask').open = true")
    for name, text in texts.items():
        page.fill(f"#ask-{name}", text)
    page.click("#form button")
