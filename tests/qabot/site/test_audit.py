"""The audit of the page's accessibility, by axe (github.com/dequelabs/axe-core)."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT, Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import ask, site
from tests.qabot.site.samples import answer_all, peach

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="session")
def axe() -> str:
    """The audit's program."""
    subprocess.run(
        [ROOT / "scripts/workflow-tools", "--version"], check=True, stdout=subprocess.DEVNULL
    )
    return (ROOT / "tests/workflows/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[Any]:
    """Violations of WCAG 2.2 A and AA and of axe's best practices, with their elements."""
    found: list[Any] = page.evaluate(
        "axe.run({ resultTypes: ['violations'] }).then(r => r.violations.flatMap("
        "v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"
    )
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "it scrolls sideways"
    return found


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1200, "light")])
def test_the_audit_finds_nothing(
    repository: Repository, viewer: Viewer, axe: str, scheme: Any, width: int
) -> None:
    questions = [f"Who is number {number}, of so many that were there?" for number in range(6)]
    content = {"context": "Six were there, and a Donaudampfschiff.", "questions": questions}
    repository.write("questions/team/six.json", json.dumps(content))
    peach(repository)
    path = site(repository)
    page = viewer.open(
        path, viewport={"width": width, "height": 6_000}, color_scheme=scheme, bypass_csp=True
    )
    page.evaluate(axe)
    # All of it is on the screen, all that can be opened is, and the form shows mistakes.
    ask(page, set="", context="", question="", expect="x" * 2001)
    for button in page.locator("[data-at]").all():
        button.click()
    page.evaluate("for (const element of document.querySelectorAll('details')) element.open = true")
    assert violations(page) == [], "with mistakes in the form"
    # A file made, a filter on, an answer that a link leads to.
    ask(page, set="six", context="long " * 2_000, question="Why?", expect="")
    page.click("[data-filter=doubtful]")
    page.evaluate("location.hash = 'peach/fruit'")
    assert violations(page) == [], "with a file made"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_audit_finds_nothing_on_an_empty_page(
    repository: Repository, viewer: Viewer, axe: str, scheme: Any
) -> None:
    page = viewer.open(site(repository), color_scheme=scheme, bypass_csp=True)
    page.evaluate(axe)
    assert violations(page) == []


def test_the_audit_sees_pictures_and_long_names(
    repository: Repository, viewer: Viewer, axe: str
) -> None:
    questions = [{"id": f"q{n}", "question": f"{n}?"} for n in range(8)]
    content = {"context": "x" * 400 + " y", "questions": questions}
    repository.write(f"questions/{'long' * 20}.json", json.dumps(content))
    answer_all(repository, {f"q{n}": ("x" * 400, n / 8) for n in range(8)}, model="m" * 90)
    page = viewer.open(site(repository), viewport={"width": 320, "height": 800}, bypass_csp=True)
    page.evaluate(axe)
    assert page.locator("svg.scores").is_visible()
    assert violations(page) == []


def test_the_audit_would_find_something(repository: Repository, viewer: Viewer, axe: str) -> None:
    page = viewer.open(site(peach(repository)), bypass_csp=True)
    page.evaluate(axe)
    page.evaluate("document.querySelector('h2').style.color = '#eee'")
    page.evaluate("document.querySelector('#find').removeAttribute('aria-label')")
    assert {violation.partition(":")[0] for violation in violations(page)} >= {"color-contrast"}
