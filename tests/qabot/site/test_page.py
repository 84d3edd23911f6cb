"""The page as a whole: what it says without a script, what gets in and what gets out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest

from qabot.answers.model import NOT_CALIBRATED, NOT_SAID
from qabot.github.links import Links
from tests.conftest import Repository
from tests.local_server import Handler, serving
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import LINKS, ask, site, text_of
from tests.qabot.site.samples import HOSTILE, answer_all, peach


def test_the_same_inputs_give_the_same_bytes(repository: Repository) -> None:
    first = site(peach(repository)).read_bytes()
    assert site(repository).read_bytes() == first


def test_it_reads_without_a_script(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)), java_script_enabled=False)
    assert text_of(page, ".top p") == "2 of 4 questions answered, in 1 set"
    assert text_of(page, "[id='peach/name'] blockquote") == "She named the baby Momotaro."
    assert text_of(page, "[id='peach/name'] mark") == "Momotaro"
    assert "0.96" in text_of(page, "[id='peach/name'] .score")
    assert text_of(page, "[id='peach/fruit'] .score").startswith("? doubtful 0.12")
    assert text_of(page, "[id='peach/fruit'] .also") == "It could also be🍑 S 0.06"
    assert "✗ Not as expected: “plum”" in text_of(page, "[id='peach/fruit']")
    assert "out of memory" in text_of(page, "[id='peach/why']")
    assert "Not answered yet" in text_of(page, "[id='peach/later']")
    commit = page.get_attribute("text=aaaaaaa", "href")
    assert commit == f"https://github.com/someone/answers/commit/{'a' * 40}"
    assert "need JavaScript" in text_of(page, "noscript")
    for needs_it in ("#find", "#ask", "[id='peach/fruit'] .score button"):
        assert not page.is_visible(needs_it), needs_it
    for shown in page.locator("main h3, main mark, main .score, main .note").all():
        assert shown.is_visible(), shown.text_content()


def test_that_the_text_does_not_say_is_read_as_that(repository: Repository, viewer: Viewer) -> None:
    answer_all(peach(repository), {"name": ("", 0.9)})
    page = viewer.open(site(repository))
    shown = "[id='peach/name']"
    assert text_of(page, f"{shown} blockquote") == NOT_SAID
    assert text_of(page, f"{shown} .score") == "score 0.90"
    assert text_of(page, f"{shown} .also").startswith("It could also be")
    assert "Not as expected" in text_of(page, shown), "Momotaro was"


def test_scores_that_are_not_probabilities_are_marked(
    repository: Repository, viewer: Viewer
) -> None:
    page = viewer.open(site(peach(repository)))
    assert text_of(page, "section > header + .note") == NOT_CALIBRATED
    answer_all(repository, {"name": ("Momotaro", 0.96)}, model="m@1/s2-0a1b2c")
    page = viewer.open(site(repository))
    assert NOT_CALIBRATED not in text_of(page, "main")


def test_an_empty_page_says_what_to_do(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(repository))
    assert text_of(page, ".top p") == "0 of 0 questions answered, in 0 sets"
    assert text_of(page, ".empty") == (
        "No questions yet. Put a file of them into questions/, or ask one above: the next run "
        "answers it."
    )
    assert page.is_hidden("#find")
    ask(page, set="first", context="a", question="b")
    assert text_of(page, "#made-path") == "questions/first/b.yaml"


def test_it_sends_no_requests(repository: Repository, viewer: Viewer) -> None:
    path = site(peach(repository))
    page = viewer.open(path)
    page.click("[data-at]")
    page.fill("#find", "peach")
    ask(page, set="peach", context="a", question="b")
    page.wait_for_timeout(100)
    assert {address for address in viewer.requests if address != "about:blank"} == {path.as_uri()}
    linked = page.eval_on_selector_all(
        "[src], [srcset], [href], [data], [poster]", "all => all.map(element => element.tagName)"
    )
    assert set(linked) == {"A"}, "nothing but links, which wait for a click"


def hostile(repository: Repository, links: Links) -> Links:
    """Hostile text in every field that a person, a model or a failure can fill."""
    question = {"question": HOSTILE, "context": f"before {HOSTILE} behind", "expect": [HOSTILE]}
    asked = [
        {**question, "id": "q"},
        {**question, "id": "f", "expect": ["x"]},
        {**question, "id": "w"},
    ]
    for name in ("h'\"<b>&\n\u202e.json", "broken</h2>.json"):
        repository.write(f"questions/{name}", json.dumps(asked))
    answer_all(repository, {"q": (HOSTILE, 0.1)}, failed={"f": HOSTILE}, model=HOSTILE)
    # This one's question file has mistakes, so all that is known of it is its answers file, in which
    # an id can be anything.
    repository.write("questions/broken</h2>.json", "[")
    answers = "answers/broken</h2>.yaml"
    repository.write(
        answers, repository.read(answers).replace('id: "q"', f"id: {json.dumps(HOSTILE)}")
    )
    return Links(links.web, HOSTILE, {answers: HOSTILE})


def test_hostile_text_is_text(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(repository, hostile(repository, LINKS)))
    assert page.locator("section").count() == 2
    assert page.locator("article").count() == 5
    for mark in page.locator("article mark").all():
        assert " ".join((mark.text_content() or "").split()) == HOSTILE
    page.click("[data-at]")
    assert text_of(page, ".whole") == f"before {HOSTILE} behind"
    for said in page.locator("h3").all_text_contents():
        assert said == f"{HOSTILE} #"
    shown = page.locator(".bad:has-text('No answer')").first.text_content()
    assert shown == f"✗ No answer ({HOSTILE}, tried 3 times): {HOSTILE}"
    assert page.locator("dt").all_text_contents() == [HOSTILE] * 2
    assert page.locator("dd").all_text_contents() == [HOSTILE] * 2
    assert f"model {HOSTILE}" in text_of(page, "section header")
    assert (
        "questions/h'\"<b>& \\u202e.json" in page.locator("section header").all_text_contents()[1]
    )
    # A link to each leads to it, whatever its name.
    for article in page.locator("article").all():
        article.locator(".here").click()
        assert article.evaluate("element => element.matches(':target')")
    ask(page, set="s", context=HOSTILE, question=HOSTILE, expect=HOSTILE)
    assert HOSTILE in json.loads(
        text_of(page, "#made-yaml").partition("context: ")[2].partition(" questions:")[0]
    )
    assert page.locator("img, body script:not([type]), b b, style ~ style").count() == 1, (
        "the page's own script only"
    )
    for address in page.eval_on_selector_all("a", "all => all.map(element => element.href)"):
        assert re.match(r"file:|https://github\.com/someone/answers/", address), address


def test_names_that_are_not_utf8_are_shown(repository: Repository, viewer: Viewer) -> None:
    repository.write("questions/a.yaml", "context: a\nquestions: [b]\n")
    answer_all(repository, {"b": ("a", 0.9)})
    for folder in ("questions", "answers"):
        path = repository.root / folder / "a.yaml"
        path.rename(path.with_name(os.fsdecode(b"\xff.yaml")))
    page = viewer.open(site(repository))
    assert text_of(page, "h2") == "\\udcff"


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that must not be asked: its address, and what it was asked."""
    asked: list[str] = []

    class RecordingHandler(Handler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.reply(200)

        do_POST = do_HEAD = do_OPTIONS = do_GET

    with serving(RecordingHandler) as address:
        yield address, asked


def test_nothing_runs_or_leaves_even_if_it_got_in(
    repository: Repository, viewer: Viewer, elsewhere: tuple[str, list[str]]
) -> None:
    """As if something had not been escaped: the policy is the second wall."""
    web, asked = elsewhere
    payload = f"""
        <script>window.ran = "a script"</script>
        <script src="{web}/script.js"></script>
        <link rel="stylesheet" href="{web}/style.css"><link rel="icon" href="{web}/icon">
        <style>h1 {{ color: rgb(1, 2, 3) !important }}</style>
        <p id="styled" style="color: rgb(1, 2, 3)">styled</p>
        <img src="{web}/image" onerror="window.ran = 'a handler'">
        <svg><image href="{web}/svg-image" onload="window.ran = 'svg'"></image></svg>
        <iframe src="{web}/frame"></iframe><object data="{web}/object"></object>
        <iframe srcdoc="<script>parent.ran = 'a frame'</script>"></iframe>
        <video src="{web}/video" poster="{web}/poster"></video>
        <base href="{web}/base/"><a id="trap" href="javascript:window.ran = 'a link'">trap</a>
        <form id="post" action="{web}/post" method="post"><button id="send">send</button></form>
    """
    path = site(peach(repository))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('<main id="answers">', f'<main id="answers">{payload}'), "utf-8")
    page = viewer.open(path)
    page.fill("#find", "momotaro")
    assert text_of(page, "#count") == "1 of 4", "the page's own script works all the same"
    tried = page.evaluate(
        f"""async () => {{
            const tries = {{
                fetch: () => fetch("{web}/fetch"),
                beacon: () => {{ if (!navigator.sendBeacon("{web}/beacon")) throw 0; }},
                // Later, since what the debugger runs may evaluate.
                eval: () => new Promise((_, no) => setTimeout(() => {{
                    try {{ (0, eval)("window.ran = 'eval'"); }} catch (error) {{ no(error); }}
                }})),
                added: () => {{
                    const script = document.createElement("script");
                    script.textContent = "window.ran = 'an added script'";
                    document.body.append(script);
                    throw 0;
                }},
                worker: () => new Promise((_, no) => {{
                    new Worker(URL.createObjectURL(new Blob([""]))).onerror = no;
                }}),
            }};
            const refused = [];
            for (const [name, attempt] of Object.entries(tries)) {{
                try {{ await attempt(); }} catch {{ refused.push(name); }}
            }}
            return refused;
        }}"""
    )
    # Last, since Playwright would wait for where a form leads to.
    for name in ("trap", "send"):
        page.evaluate(f"document.getElementById('{name}').click()")
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert set(tried) >= {"fetch", "eval", "added", "worker"}
    for selector in ("h1", "#styled"):
        assert (
            page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
            != "rgb(1, 2, 3)"
        )
    assert page.url == path.as_uri(), "the form led away"
    assert asked == []
    blocked = "\n".join(viewer.trouble)
    sources = [f"{what}-src" for what in ("script", "style", "img", "frame", "connect")]
    for what in (*sources, "base-uri", "form-action"):
        assert what in blocked, what
    viewer.trouble.clear()
    viewer.requests.clear()
    viewer.close(page)


def test_it_prints_whole(repository: Repository, viewer: Viewer) -> None:
    page = viewer.open(site(peach(repository)), color_scheme="dark")
    page.click("[data-at]")
    page.emulate_media(media="print")
    for gone in ("#find", "#ask", ".here", "[data-at]", "footer"):
        assert page.locator(gone).first.is_hidden(), gone
    texts = ("h1", "h2", "h3", "blockquote:not([hidden]) mark", ".score", ".note", ".also", "dd")
    for there in texts:
        for shown in page.locator(f"main {there}, .top {there}").all():
            assert shown.is_visible(), f"{there}: {shown.text_content()}"
    # Nothing is hidden by a scroll bar, in a closed fold, or white on white.
    hidden = page.evaluate(
        """[...document.querySelectorAll("main *")].filter((element) => {
            const style = getComputedStyle(element);
            return element.scrollHeight > element.clientHeight + 1 && style.overflowY !== "visible"
                && element.clientHeight > 0 || style.contentVisibility === "auto";
        }).map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert hidden == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    viewer.close(page)


def test_a_long_set_prints_on_many_pages(repository: Repository, viewer: Viewer) -> None:
    questions = [{"id": f"n{n}", "question": f"Number {n}?"} for n in range(120)]
    repository.write("questions/a.json", json.dumps({"context": "a", "questions": questions}))
    page = viewer.open(site(repository))
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
    assert 5 <= pages <= 40, "all of them, off the screen or not, and no blank paper"
