"""Finding answers, seeing them in their whole text, going through them by keys."""

from __future__ import annotations

import json

import pytest

from qabot.site.page import PART
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import seen, site, text_of
from tests.qabot.site.samples import answer_all, peach


def two_sets(repository: Repository) -> Repository:
    """The peach, and a set of more questions than a part holds."""
    questions = [{"id": f"n{n}", "question": f"Number {n}?"} for n in range(PART + 10)]
    repository.write(
        "questions/many.json", json.dumps({"context": "One. STRASSE. É.", "questions": questions})
    )
    return peach(repository)


def test_a_search_finds_every_word_whatever_its_case(
    repository: Repository, viewer: Viewer
) -> None:
    page = viewer.open(site(two_sets(repository)))
    page.keyboard.press("/")
    page.keyboard.type("MOMO name")
    assert seen(page) == ["peach/name"]
    assert text_of(page, "#count") == f"1 of {PART + 14}"
    assert page.is_hidden("section[id='many/']")
    page.keyboard.press("Escape")
    assert len(seen(page)) == PART + 14
    assert text_of(page, "#count") == ""
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.fill("#find", f"number {PART + 5}")
    assert seen(page) == [f"many/n{PART + 5}"], "in the set's second part"
    page.fill("#find", "nothing like it")
    assert seen(page) == []
    assert page.is_visible("#none")
    assert text_of(page, "#count") == f"0 of {PART + 14}"


def test_a_key_that_changes_nothing_touches_nothing(repository: Repository, viewer: Viewer) -> None:
    """Among 10,000 answers whatever is touched for each of them is felt at every key."""
    page = viewer.open(site(two_sets(repository)))
    page.fill("#find", "number")
    page.evaluate(
        "() => { window.touched = []; new MutationObserver(all => window.touched.push(...all))"
        ".observe(document.querySelector('main'), { attributes: true, subtree: true }) }"
    )
    page.fill("#find", "number ")
    page.fill("#find", f"number {PART + 5}")
    touched = page.evaluate("window.touched.map(event => event.target.tagName)")
    assert touched.count("ARTICLE") == PART + 9, "each of those that are hidden by that, once"
    page.evaluate("window.touched.length = 0")
    page.fill("#find", f"number {PART + 5}?")
    assert seen(page) == [f"many/n{PART + 5}"]
    assert page.evaluate("window.touched.length") == 0


def test_a_search_finds_letters_however_they_are_put_together(
    repository: Repository, viewer: Viewer
) -> None:
    repository.write("questions/a.yaml", "context: a\nquestions: [café, cafe\u0301, cafe]")
    page = viewer.open(site(repository))
    for typed in ("café", "CAFE\u0301"):
        page.fill("#find", typed)
        assert len(seen(page)) == 2, typed


@pytest.mark.parametrize(
    ("mark", "ids"),
    [
        ("doubtful", ["peach/fruit"]),
        ("failed", ["peach/why"]),
        ("unexpected", ["peach/fruit"]),
        ("stale", ["peach/name"]),
        ("waiting", ["peach/later"]),
    ],
)
def test_each_filter_shows_what_it_names(
    repository: Repository, viewer: Viewer, mark: str, ids: list[str]
) -> None:
    peach(repository)
    text = repository.read("questions/peach.yaml").replace("the name?", "the boy's name?")
    repository.write("questions/peach.yaml", text)
    page = viewer.open(site(repository))
    button = f"[data-filter={mark}]"
    assert page.get_attribute(button, "aria-pressed") == "false"
    assert text_of(page, f"{button} b") == "1"
    page.click(button)
    assert page.get_attribute(button, "aria-pressed") == "true"
    assert seen(page) == ids
    page.click(button)
    assert len(seen(page)) == 4


def test_filters_add_up_and_narrow_with_a_search(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    page.click("[data-filter=failed]")
    page.click("[data-filter=waiting]")
    assert seen(page) == ["peach/why", "peach/later"]
    page.fill("#find", "when")
    assert seen(page) == ["peach/later"]


def test_a_set_is_chosen(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(two_sets(repository)))
    page.select_option("#set", label="peach")
    assert {id_.partition("/")[0] for id_ in seen(page)} == {"peach"}
    assert text_of(page, "#count") == f"4 of {PART + 14}"
    page.click("[data-filter=failed]")
    assert seen(page) == ["peach/why"]
    page.select_option("#set", label="many")
    assert seen(page) == []
    page.select_option("#set", label="All sets")
    assert seen(page) == ["peach/why"]


def test_keys_go_through_what_is_shown_and_open_it(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    for _ in range(9):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "peach/later", "the last one"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "peach/why"
    page.click("[data-filter=unexpected]")
    page.click("[data-filter=waiting]")
    page.focus("[id='peach/later']")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "peach/fruit", "what is hidden is left out"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "peach/fruit", "the first that is shown"
    page.click("[data-filter=unexpected]")
    page.click("[data-filter=waiting]")
    page.focus("[id='peach/name']")
    page.keyboard.press("Enter")
    assert text_of(page, ".whole").startswith("🍑 She found a big peach.")
    assert text_of(page, ".whole mark") == "Momotaro"
    assert page.get_attribute("[id='peach/name'] button", "aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert page.query_selector(".whole") is None
    assert page.get_attribute("[id='peach/name'] button", "aria-expanded") == "false"


def test_keys_are_left_to_who_types(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)))
    page.evaluate("document.getElementById('ask').open = true")
    page.click("#ask-question")
    page.keyboard.type("j/k")
    assert page.input_value("#ask-question") == "j/k"
    page.click("h1")
    page.keyboard.press("Control+j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_a_long_text_is_scrolled_to_its_answer(repository: Repository, viewer: Viewer) -> None:
    context = "Nothing here, nothing at all. " * 400 + "It is red. " + "Nor here. " * 400
    repository.write("questions/a.json", json.dumps([{"context": context, "question": "What?"}]))
    answer_all(repository, {"what": ("red", 0.9)})
    page = viewer.open(site(repository), viewport={"width": 900, "height": 700})
    page.click("[data-at]")
    whole, mark = (page.locator(name).bounding_box() for name in (".whole", ".whole mark"))
    assert whole is not None
    assert mark is not None
    assert whole["y"] <= mark["y"] <= whole["y"] + whole["height"], "the answer is in view"
    assert whole["height"] < 700


def test_a_link_leads_to_its_answer(repository: Repository, viewer: Viewer) -> None:
    repository.write("questions/日 本/a.yaml", "context: a b\nquestions: [{id: é, question: b?}]")
    page = viewer.open(site(repository))
    page.click("article .here")
    assert page.evaluate("document.querySelector(':target').tagName") == "ARTICLE"


def test_a_link_far_down_leads_there_immediately(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(two_sets(repository)), "#peach/why")
    box = page.locator("[id='peach/why']").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 720


def test_a_link_to_what_is_hidden_ends_the_search(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(two_sets(repository)))
    page.fill("#find", "momotaro")
    page.click("[data-filter=doubtful]")
    page.click("nav a:has-text('many')")
    page.wait_for_function("!document.getElementById('find').value")
    assert len(seen(page)) == PART + 14
    assert page.locator("[aria-pressed=true]").count() == 0
    assert page.is_visible("section[id='many/'] h2")
