"""The page that answers in the reader's own browser: the same answers as the program, and every failure.

The 612 questions of XQuAD's half that the model is measured on, instead of the slice that is here:

    QABOT_PARITY=xquad_en_even.json scripts/test tests/qabot/site/test_live.py -k same_answers
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from answerer.model import Model
from qabot.answers.locate import find_places
from qabot.answers.model import Answer
from qabot.documents.choose import choose_for, every_passage
from qabot.documents.folder import select
from qabot.documents.passage import Passage
from qabot.errors import Problem
from qabot.models.bundled import BUNDLED
from qabot.questions.parse import Question
from qabot.questions.read import read_questions
from qabot.site.build import build
from qabot.site.live_documents import MOST_BYTES, LiveDocuments, pack
from qabot.site.serve import server
from tests.conftest import ROOT, Repository
from tests.qabot.site.pages import LINKS
from tests.qabot.site.samples import HOSTILE
from tests.qabot.site.test_audit import axe, violations  # noqa: F401 (axe is a fixture)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from answerer.spans import Span

pytestmark = pytest.mark.timeout(600)

HANDBOOK = ROOT / "tests/samples/documents/handbook"
# A name that is a pattern, and what a link and a page would take for more than a name.
ODD = "odd [1]/<b>*&?#.md"
SLICE = Path(__file__).parent / "xquad_slice.json"
ANSWERED = "#live-answer:not([hidden]), #live-status.bad"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live page of two sets, in which nothing is answered by anything but the bundled model."""
    from tests.qabot.site.samples import answer_all

    repository = Repository(tmp_path_factory.mktemp("live"))
    repository.write(
        "questions/peach.yaml",
        "context: 'She found a 🍑 peach. Grandma named the baby Momotaro.'\n"
        "questions: [{id: name, question: What is the name?}]\n",
    )
    repository.write(
        "questions/ferry.yaml",
        "context: The ferry left Bergen at noon. Its captain was Nils Hagen.\n"
        "questions: [{id: captain, question: Who was the captain?}]\n",
    )
    answer_all(repository, {"name": ("Momotaro", 0.96), "captain": ("Nils Hagen", 0.9)})
    shutil.copytree(HANDBOOK, repository.root / "documents/handbook")
    repository.write(f"documents/{ODD}", "# Boats\n\nThe boat of the firm is called Blue Heron.\n")
    # Some of them twice: the same text is read once.
    paragraphs = json.loads(SLICE.read_text("utf-8"))["paragraphs"]
    for number, paragraph in enumerate(paragraphs + paragraphs[:2]):
        text = f"# Number {number % len(paragraphs)}\n\n{paragraph['context']}\n"
        repository.write(f"documents/xquad/{number}.md", text)
    out = repository.root / "out"
    documents = pack(every_passage(repository.root, trouble))
    build(
        repository.root,
        read_questions(repository.root),
        out,
        LINKS,
        live=BUNDLED,
        documents=documents,
    )
    return out


def trouble(problem: Problem) -> None:
    """A document that cannot be read."""
    raise AssertionError(problem)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where the live page is served."""
    with server(folder) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def uncalibrated(route: Route) -> None:
    """The page, with a model that has no fit."""
    response = route.fetch()
    body = re.sub(r'"calibration": ?\{[^}]*\}', '"calibration": null', response.text())
    route.fulfill(response=response, body=body)


Opened = Callable[..., "Page"]


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    """Opens the live page in a browser that has kept nothing; trouble on it fails the test."""
    trouble: list[str] = []
    contexts = []

    def open_(before: str = "", routes: dict[str, Any] | None = None, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: trouble.append(dialog.message))
        page.on("request", lambda request: requests.append(request.url))
        for pattern, handler in (routes or {}).items():
            context.route(pattern, handler)
        page.goto(address)
        page.click("#live > summary")
        return page

    requests: list[str] = []
    yield open_
    for context in contexts:
        context.close()
    assert trouble == [], "a script failed, or one ran that should not"
    assert {url for url in requests if not url.startswith(address)} == set(), "it asked elsewhere"


def ask(page: Page, question: str, look_in: str = "", text: str = "", label: str = "") -> str:
    """Ask; what is shown, an answer or why there is none."""
    if look_in:
        page.select_option("#live-texts", look_in)
    if label:
        page.select_option("#live-texts", label=label)
    if text:
        page.fill("#live-text", text)
    page.fill("#live-question", question)
    page.click("#live-form button[type=submit]")
    page.wait_for_selector(ANSWERED, timeout=120_000)
    shown = "#live-answer" if page.is_visible("#live-answer") else "#live-status"
    return " ".join(page.inner_text(shown).split())


def test_it_answers_over_the_page_and_over_a_pasted_text_and_leads_to_a_file(
    opened: Opened, folder: Path
) -> None:
    downloaded: list[str] = []
    page = opened()
    page.on("request", lambda request: downloaded.append(request.url.rpartition("/")[2]))
    assert "model.onnx" not in downloaded, "nothing is downloaded before somebody asks"
    shown = ask(page, "Who named the baby Momotaro?", "all")
    assert page.inner_text("#live-answer mark") == "Grandma", shown
    assert "not calibrated" not in shown
    assert "model.onnx" in downloaded
    assert page.evaluate("document.activeElement.id") == "live-answer"
    page.click("#live-answer .score a")
    assert page.evaluate("location.hash") == "#peach/name"

    page.click("#live-answer button")
    assert page.input_value("#ask-set") == "peach"
    assert page.input_value("#ask-question") == "Who named the baby Momotaro?"
    assert "Momotaro" in page.input_value("#ask-context")

    ask(page, "Who was the captain?", "own", "Its captain was Ada Berg. 🍑")
    assert page.inner_text("#live-answer mark") == "Ada Berg"
    assert page.locator("#live-answer .score a").count() == 0


def test_by_keyboard_alone_and_a_screen_reader_hears_what_happens(opened: Opened) -> None:
    page = opened()
    page.evaluate(
        """() => {
          window.heard = [];
          const status = document.getElementById("live-status");
          const hear = () => heard.push(status.textContent);
          new MutationObserver(hear).observe(status, { childList: true });
        }"""
    )
    assert page.evaluate("document.activeElement.textContent") == "Ask now, in this browser"
    for typed in ("a text that you paste", "Its captain was Ada Berg.", "Who was the captain?"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_selector(ANSWERED, timeout=120_000)
    assert page.inner_text("#live-answer mark") == "Ada Berg"
    heard = page.evaluate("heard")
    assert [text for text, last in zip(heard, ["", *heard], strict=False) if text != last] == heard
    assert heard == ["Answering …", "Getting the model …", "Answering …", ""]
    assert page.get_by_role("status").filter(has_text="Answering").count() == 0
    assert page.get_by_role("group", name="The answer").evaluate(
        "e => e === document.activeElement"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "ask-set"
    assert page.input_value("#ask-context") == "Its captain was Ada Berg."


def test_it_answers_over_documents_and_leads_to_a_file(opened: Opened, folder: Path) -> None:
    downloaded: list[str] = []
    page = opened()
    page.on("request", lambda request: downloaded.append(request.url.rpartition("/")[2]))
    ask(page, "Who was the captain?", "all")
    assert "documents.json" not in downloaded, "nobody has asked about them yet"
    shown = ask(page, "Who books trips?", label="all documents")
    assert page.inner_text("#live-answer mark") == "Ines Duarte", shown
    assert "documents.json" in downloaded
    place = page.locator("#live-answer .note")
    assert place.inner_text() == "documents/handbook/travel.md:5 · Travel › Booking"
    assert place.locator("a").get_attribute("href") == (
        "https://github.com/someone/answers/blob/main/documents/handbook/travel.md?plain=1#L5"
    )
    page.click("#live-answer button")
    assert page.evaluate("document.activeElement.id") == "ask-set"
    assert kept(page, folder).documents == ("**",)

    # What is chosen is searched, and nothing else.
    shown = ask(page, "Who books trips?", label="xquad")
    assert "Ines Duarte" not in shown
    ask(page, "What is the boat called?", label=ODD)
    assert page.inner_text("#live-answer mark") == "Blue Heron"
    assert page.locator("#live-answer b b, #live-texts b").count() == 0
    place = page.locator("#live-answer .note")
    assert place.inner_text() == f"documents/{ODD}:3 · Boats"
    assert place.locator("a").get_attribute("href") == (
        "https://github.com/someone/answers/blob/main/documents/odd%20%5B1%5D/%3Cb%3E*%26%3F%23.md"
        "?plain=1#L3"
    )
    page.click("#live-answer button")
    made = kept(page, folder)
    assert select([ODD, "odd 1/<b>x&x#.md", "odd [1]/<b>x&x#.md"], made.documents) == [ODD]
    assert (made.question, made.source) == (
        "What is the boat called?",
        "questions/odd/what-is-the-boat-called.yaml",
    )

    # A text afterwards is a text again.
    ask(page, "Who was the captain?", "own", "Its captain was Ada Berg.")
    page.click("#live-answer button")
    assert page.input_value("#ask-documents") == ""
    assert page.input_value("#ask-context") == "Its captain was Ada Berg."


def kept(page: Page, folder: Path) -> Question:
    """The question that the program reads in the file that the form makes."""
    page.fill("#ask-set", "odd")
    page.click("#form button[type=submit]")
    root = folder.parent
    path = page.text_content("#made-path") or ""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page.text_content("#made-yaml") or "", encoding="utf-8")
    questions = read_questions(root)
    file.unlink()
    assert questions.problems == ()
    (found,) = (made for made in questions.sets if made.source == path)
    (question,) = found.questions
    return question


def test_the_second_visit_downloads_nothing_and_needs_no_network(opened: Opened) -> None:
    page = opened()
    ask(page, "Who books trips?", label="all documents")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.reload()
    page.click("#live > summary")
    ask(page, "Who was the captain?", "all")
    assert page.inner_text("#live-answer mark") == "Nils Hagen"
    ask(page, "Who books trips?", label="handbook")
    assert page.inner_text("#live-answer mark") == "Ines Duarte"


def test_a_host_without_the_headers_of_threads_gets_them_with_the_second_visit(
    opened: Opened,
) -> None:
    def static(route: Route) -> None:
        response = route.fetch()
        headers = {
            name: text for name, text in response.headers.items() if "cross-origin" not in name
        }
        route.fulfill(response=response, headers=headers)

    page = opened(routes={"**/": static, "**/*.js": static, "**/*.mjs": static})
    assert page.evaluate("crossOriginIsolated") is False
    ask(page, "Who was the captain?", "all")
    assert page.inner_text("#live-answer mark") == "Nils Hagen"
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    assert page.evaluate("crossOriginIsolated") is True


def test_every_file_of_the_program_works_without_a_network(folder: Path) -> None:
    worker = (folder / "service-worker.js").read_text("utf-8")
    elsewhere = {"model.onnx", "tokenizer.json", "documents.json", "ort-wasm-simd-threaded.wasm"}
    files = {file.name for file in (folder / "live").iterdir()} - elsewhere
    assert {name for name in files if f'"live/{name}"' not in worker} == set()


def test_hostile_text_stays_text(opened: Opened) -> None:
    page = opened()
    name = "<img src=x onerror=alert(1)>"
    shown = ask(page, f"Who is it? {HOSTILE}", "own", f"Who is it? It is {name}. {HOSTILE}")
    assert page.locator("#live img, #live script").count() == 0
    assert "<img" in shown or "does not say" in shown


def cut(route: Route) -> None:
    """The first half of a file."""
    response = route.fetch()
    route.fulfill(body=response.body()[: len(response.body()) // 2], status=200)


def changed(route: Route) -> None:
    """A file of the same length with another byte in it."""
    body = bytearray(route.fetch().body())
    body[1000] ^= 1
    route.fulfill(body=bytes(body), status=200)


# What happens to a download, and what is said of it.
FAULTS: list[tuple[Callable[[Route], None], str]] = [
    (lambda route: route.abort(), "could not be downloaded; check the network and ask again"),
    (lambda route: route.fulfill(status=503), "(HTTP 503); ask again later"),
    (cut, "was cut off; ask again"),
    (changed, "is not the file that this page was made with; reload the page"),
]


def test_a_download_that_fails_says_why_and_can_be_repeated(opened: Opened) -> None:
    page = opened()
    for fault, expected in FAULTS:
        page.context.route("**/tokenizer.json", fault)
        assert expected in ask(page, "Who was the captain?", "all")
        page.context.unroute("**/tokenizer.json")
    ask(page, "Who was the captain?", "all")
    assert page.inner_text("#live-answer mark") == "Nils Hagen"

    page.context.route("**/documents.json", changed)
    shown = ask(page, "Who books trips?", label="all documents")
    assert shown == "documents.json is not the file that this page was made with; reload the page"
    page.context.unroute("**/documents.json")
    ask(page, "Who books trips?")
    assert page.inner_text("#live-answer mark") == "Ines Duarte"


def test_too_many_documents_are_not_offered(repository: Repository) -> None:
    out = repository.root / "out"
    old = repository.write("out/live/documents.json", "[]")
    documents = LiveDocuments(b" " * (MOST_BYTES + 1), ("",), {})
    page = build(
        repository.root, read_questions(repository.root), out, live=BUNDLED, documents=documents
    )
    text = page.read_text(encoding="utf-8")
    assert "The documents hold 16 MB of text, more than this page can search" in text
    assert "all documents" not in text
    assert not old.exists(), "it may hold what is withdrawn by now"


def test_a_page_without_documents_offers_none(repository: Repository) -> None:
    assert pack(every_passage(repository.root, trouble)) is None
    out = repository.root / "out"
    text = build(repository.root, read_questions(repository.root), out, live=BUNDLED).read_text(
        "utf-8"
    )
    assert "documents" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL).replace(
        '"documents":null', ""
    )


def test_of_many_files_only_the_folders_can_be_chosen() -> None:
    def passage(number: int) -> Passage:
        return Passage(
            f"documents/a/b{number % 2}/{number}.md", 0, 0, "text", (), "line", ((0, 1),)
        )

    few = pack(sorted(map(passage, range(3)), key=lambda made: made.document))
    assert few is not None
    assert few.choices == ("", "a", "a/b0", "a/b1", "a/b0/0.md", "a/b0/2.md", "a/b1/1.md")
    many = pack(sorted(map(passage, range(1_000)), key=lambda made: made.document))
    assert many is not None
    assert many.choices == ("", "a", "a/b0", "a/b1")


def test_a_full_disk_only_keeps_nothing(opened: Opened) -> None:
    page = opened(
        "Cache.prototype.put = () => Promise.reject(new DOMException('', 'QuotaExceededError'))"
    )
    ask(page, "Who was the captain?", "all")
    assert page.inner_text("#live-answer mark") == "Nils Hagen"


def test_a_program_that_does_not_load_says_so(opened: Opened) -> None:
    page = opened(routes={"**/live/reader.js": lambda route: route.abort()})
    assert "reload the page" in ask(page, "Who was the captain?", "all")


def test_without_wasm_it_says_so(opened: Opened) -> None:
    page = opened("delete globalThis.WebAssembly")
    assert "has no WebAssembly" in page.inner_text("#live-status")
    assert page.is_disabled("#live-form button")


def test_on_a_page_from_a_file_it_says_so(browser: Browser, folder: Path) -> None:
    # Browsers do not load a module from a file, so that the panel stays without its program.
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.is_hidden("#live-form") or page.is_disabled("#live-form button")
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1200, "light")])
def test_the_audit_finds_nothing(
    opened: Opened,
    axe: str,  # noqa: F811
    scheme: Any,
    width: int,
) -> None:
    page = opened(
        viewport={"width": width, "height": 4_000}, color_scheme=scheme, bypass_csp=True,
        reduced_motion="reduce",
    )  # fmt: skip
    page.evaluate(axe)
    page.context.route("**/tokenizer.json", lambda route: route.abort())
    ask(page, "Who was the captain?", "own", "Its captain was Ada Berg.")
    assert violations(page) == [], "a failure"
    page.context.unroute("**/tokenizer.json")
    ask(page, "Who books trips?", label="all documents")
    page.evaluate("document.getElementById('live-download').hidden = false")
    assert page.locator("#live-answer .note a").is_visible()
    assert violations(page) == [], "an answer, and the progress of a download"
    assert "does not say" in ask(page, "How much is the fare?", "own")
    assert violations(page) == [], "no answer"
    assert page.evaluate("document.getAnimations().length") == 0, "nothing moves"


# Asks the worker for many answers in one call.
MANY = """async (pairs) => {
  const manifest = JSON.parse(document.getElementById("live-data").textContent);
  const worker = new Worker("live/worker.js", { type: "module" });
  const answers = pairs.map(([context, question], id) => new Promise((done) => {
    worker.addEventListener("message", ({ data }) => { if (data.id === id) done(data.spans[0]); });
    worker.postMessage({ id, manifest, question, texts: [context] });
  }));
  return Promise.all(answers);
}"""


def pairs() -> list[tuple[str, str]]:
    """Contexts and questions: a paragraph each, and all of the slice's paragraphs as one long text."""
    if "QABOT_PARITY" in os.environ:
        data = json.loads(Path(os.environ["QABOT_PARITY"]).read_text("utf-8"))["data"]
        return [
            (paragraph["context"], asked["question"])
            for article in data
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    paragraphs = json.loads(SLICE.read_text("utf-8"))["paragraphs"]
    long = "\n\n".join(paragraph["context"] for paragraph in paragraphs)
    short = [(p["context"], question) for p in paragraphs for question in p["questions"]]
    return short + [(long, p["questions"][0]) for p in paragraphs]


def test_a_score_that_is_not_a_probability_is_marked(opened: Opened, address: str) -> None:
    page = opened(routes={address: uncalibrated})
    shown = ask(page, "Who was the captain?", "own", "Its captain was Ada Berg.")
    assert re.search(r"score 0\.\d\d \(not calibrated\)", shown), shown


def test_it_finds_the_same_answers_as_the_program(opened: Opened) -> None:
    asked = pairs()
    found = opened().evaluate(MANY, asked)
    model = Model.load(BUNDLED)
    other, far = [], []
    for (context, question), shown in zip(asked, found, strict=True):
        spans = model.answer(context, question, top_k=3)
        if (shown["answer"] or "", shown["start"], shown["end"]) == place(spans[0]):
            far.append(abs(shown["score"] - spans[0].score))
        else:
            other.append((question, spans[0].answer, shown["answer"]))
            # It is a close second of the program's, or a little more or less of the same text.
            assert not shown["answer"] or any(
                span.start < shown["end"] and shown["start"] < span.end for span in spans
            ), other[-1]
    far.sort()
    print(
        f"{len(asked) - len(other)} of {len(asked)} the same; scores: "
        f"median {far[len(far) // 2]:.4f}, 95% within {far[len(far) * 95 // 100]:.4f}"
    )
    # The weights are bytes, and what they multiply is rounded to bytes at run time: where two builds of
    # onnxruntime differ in the last bit of a float, a logit can move by some tenths.
    assert len(other) <= len(asked) * 0.1, other
    assert far[len(far) // 2] < 0.01


# Asks the worker about documents; gives what was read, and the answer with its place.
IN_DOCUMENTS = """async (asked) => {
  const manifest = JSON.parse(document.getElementById("live-data").textContent);
  const worker = new Worker("live/worker.js", { type: "module" });
  const answers = asked.map(([path, question], id) => new Promise((done) => {
    worker.addEventListener("message", ({ data }) => { if (data.id === id) done(data); });
    worker.postMessage({ id, manifest, question, path });
  }));
  return Promise.all(answers);
}"""


def test_it_finds_the_same_in_documents_as_the_program(opened: Opened, folder: Path) -> None:
    paragraphs = json.loads(SLICE.read_text("utf-8"))["paragraphs"]
    handbook = yaml.safe_load((HANDBOOK.parents[1] / "questions/handbook.yaml").read_text("utf-8"))
    asked = [
        *(("handbook", item["question"]) for item in handbook["questions"]),
        *(("", paragraph["questions"][0]) for paragraph in paragraphs),
        ("handbook/leave.md", "zzz"),  # shares no word with any
    ]
    found = opened().evaluate(IN_DOCUMENTS, asked)
    model = Model.load(BUNDLED)
    other = []
    for (path, text), shown in zip(asked, found, strict=True):
        question = Question("", "", text, "", (), 0, documents=(path or "**",))
        chosen = choose_for(folder.parent, question, trouble)
        assert shown["texts"] == [passage.text for passage in chosen.passages], text
        spans = model.answer(chosen.context, text, top_k=3)
        answer = shown["spans"][0]
        if (answer["answer"] or "") != spans[0].answer:
            other.append((text, spans[0].answer, answer["answer"]))
            continue
        assert abs(answer["score"] - spans[0].score) < 0.1, text
        if answer["answer"]:
            where = find_places(chosen, Answer("", "", spans[0])).answer[0]
            place = answer["place"]
            shown_place = (
                f"documents/{place['document']}",
                tuple(place["headings"]),
                place["unit"],
                place["number"],
            )
            assert shown_place == (where.document, where.heading, where.unit, where.number), text
    assert len(other) <= len(asked) * 0.1, other


def place(span: Span) -> tuple[str, int, int]:
    """What the page must find, too."""
    return span.answer, span.start, span.end
