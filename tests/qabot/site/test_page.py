from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.samples import HOSTILE, answer_all, peach

from qabot.questions import read_questions
from qabot.site.build import build
from qabot.site.links import Links

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINKS = Links("https://github.com/someone/answers", "main", {"answers/peach.yaml": "a" * 40})


def site(repository: Repository, links: Links = LINKS) -> Path:
    root = repository.root
    return build(root, read_questions(root), root / "out", links)


def seen(page: Page) -> list[str]:
    ids = page.eval_on_selector_all("article", "all => all.filter(a => !a.hidden).map(a => a.id)")
    return [str(one) for one in ids]


def text_of(page: Page, selector: str) -> str:
    """An element's text, whether it is on the screen yet or not (`content-visibility: auto`)."""
    return " ".join((page.text_content(selector) or "").split())


def test_the_same_inputs_give_the_same_bytes(repository: Repository) -> None:
    first = site(peach(repository)).read_bytes()
    assert site(repository).read_bytes() == first
    assert list((repository.root / "out").iterdir()) == [repository.root / "out" / "index.html"]


def test_it_reads_without_a_script(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)), java_script_enabled=False)
    assert text_of(page, "[id='peach/name'] blockquote") == "She named the baby Momotaro."
    assert text_of(page, "[id='peach/name'] mark") == "Momotaro"
    assert "0.96" in text_of(page, "[id='peach/name'] .score")
    assert text_of(page, "[id='peach/fruit'] .score").startswith("? doubtful 0.12")
    assert not page.is_visible("[id='peach/fruit'] .score button"), "it would need the script"
    assert "✗ Not as expected: “plum”" in text_of(page, "[id='peach/fruit']")
    assert "ran out of memory" in text_of(page, "[id='peach/why']")
    assert "Not answered yet" in text_of(page, "[id='peach/later']")
    assert not page.is_visible("#find")
    commit = page.get_attribute("text=aaaaaaa", "href")
    assert commit == f"https://github.com/someone/answers/commit/{'a' * 40}"


def test_it_asks_nobody(repository: Repository, viewer: Viewer) -> None:
    path = site(peach(repository))
    viewer.open(path).wait_for_timeout(200)
    assert viewer.requests == [path.as_uri()]


def test_it_searches_and_filters(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    page.keyboard.press("/")
    page.keyboard.type("MOMO name")
    assert seen(page) == ["peach/name"]
    assert text_of(page, "#count") == "1 of 4"
    page.keyboard.press("Escape")
    assert len(seen(page)) == 4
    for mark, ids in {
        "doubtful": ["peach/fruit"],
        "failed": ["peach/why"],
        "unexpected": ["peach/fruit"],
        "waiting": ["peach/later"],
    }.items():
        page.click(f"[data-filter={mark}]")
        assert seen(page) == ids, mark
        page.click(f"[data-filter={mark}]")


def test_keys_go_through_the_answers_and_open_them(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "peach/name"
    page.keyboard.press("Enter")
    assert text_of(page, ".whole").startswith("🍑 She found a big peach.")
    assert text_of(page, ".whole mark") == "Momotaro"
    page.keyboard.press("Enter")
    assert page.query_selector(".whole") is None


def test_a_link_leads_to_its_answer(repository: Repository, viewer: Viewer) -> None:
    repository.write("questions/日 本/a.yaml", "context: a b\nquestions: [{id: é, question: b?}]")
    page = viewer.open(site(repository))
    page.click("article .here")
    assert page.evaluate("document.querySelector(':target').tagName") == "ARTICLE"


def test_what_changed_since_is_out_of_date(repository: Repository, viewer: Viewer) -> None:
    peach(repository)
    text = repository.read("questions/peach.yaml").replace("the name?", "the boy's name?")
    repository.write("questions/peach.yaml", text)
    page = viewer.open(site(repository))
    assert "Out of date" in text_of(page, "[id='peach/name']")


def test_hostile_text_is_text(repository: Repository, viewer: Viewer) -> None:
    question = {
        "id": "q",
        "question": HOSTILE,
        "context": f"before {HOSTILE} behind",
        "expect": [HOSTILE],
    }
    failing = {**question, "id": "f"}
    repository.write("questions/h'\"<b>&.json", json.dumps([question, failing]))
    answer_all(repository, {"q": (HOSTILE, 0.1)}, failed={"f": HOSTILE})
    page = viewer.open(site(repository))
    assert text_of(page, "article mark") == HOSTILE
    page.click("[data-at]")
    assert text_of(page, ".whole") == f"before {HOSTILE} behind"
    assert page.locator("img, body script:not([type])").count() == 1, "the page's own script only"


def ask(page: Page, **texts: str) -> None:
    page.evaluate("document.getElementById('ask').open = true")
    for name, text in texts.items():
        page.fill(f"#ask-{name}", text)
    page.click("#form button")


@pytest.mark.parametrize(
    "context",
    ["It is red.", HOSTILE, "a: b\n# c\n\t- 'd' \"e\" \\ \x85\u2028\ufeff 🍑 \x07", "  x\n\n y  "],
)
def test_the_form_asks_what_the_program_reads(
    repository: Repository, viewer: Viewer, context: str
) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context=context, question="What: is it? 'x'", expect="red\nblue")
    address = urlsplit(page.get_attribute("#made-open", "href") or "")
    assert address.path == "/someone/answers/new/main"
    query = parse_qs(address.query)
    assert query["filename"] == ["questions/peach/what-is-it-x.yaml"]
    repository.write(query["filename"][0], query["value"][0])
    read = read_questions(repository.root)
    assert read.problems == ()
    [one] = next(one for one in read.sets if one.source == query["filename"][0]).questions
    assert (one.context, one.question, one.expect) == (context, "What: is it? 'x'", ("red", "blue"))


def test_a_long_text_is_copied_and_names_do_not_clash(
    repository: Repository, viewer: Viewer
) -> None:
    repository.write("questions/peach/Why.yaml", "context: a\nquestions: [a]")
    page = viewer.open(site(peach(repository)))
    ask(page, set="peach", context="long " * 2000, question="Why?")
    assert "too long for a link" in text_of(page, "#made-how")
    address = page.get_attribute("#made-open", "href") or ""
    assert address.endswith("?filename=questions%2Fpeach%2Fwhy-2.yaml")
    with page.expect_download() as download:
        page.click("#made-download")
    assert download.value.suggested_filename == "why-2.yaml"


@pytest.mark.parametrize(("question", "name"), [("x" * 2001, "question"), (" ", "question")])
def test_the_form_says_what_the_program_says(
    repository: Repository, viewer: Viewer, question: str, name: str
) -> None:
    page = viewer.open(site(peach(repository)))
    ask(page, set="new", context="a", question=question)
    repository.write(
        "questions/new.yaml", json.dumps({"context": "a", "questions": [{"question": question}]})
    )
    [problem] = read_questions(repository.root).problems[:1]
    assert page.is_hidden("#made")
    shown = text_of(page, f"#error-{name}")
    if question.strip():
        assert shown == f"{problem.what}; {problem.todo}"
    else:
        assert "is empty" in shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_audit_finds_nothing(
    repository: Repository, viewer: Viewer, scheme: Any, width: int
) -> None:
    import axe_core_python

    page = viewer.open(
        site(peach(repository)),
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    ask(page, set="", context="", question="")
    page.click("[data-at]")
    page.evaluate(Path(axe_core_python.__file__).with_name("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
