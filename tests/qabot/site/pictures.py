"""Take the documents' pictures of the page: scripts/pictures.

WebP, which Chromium writes itself: two pixels for one of a PNG, in fewer bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qabot.documents.choose import every_passage
from qabot.models.bundled import BUNDLED
from qabot.questions.read import read_questions
from qabot.site.build import build as build_site
from qabot.site.live_documents import pack
from qabot.site.serve import server
from tests.conftest import ROOT, Repository
from tests.qabot.site.pages import ask, site
from tests.qabot.site.showcase import APOLLO, LINKS, handbook, showcase
from tools.benchmark.browser import NoBrowserError, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs/pictures"
# A digest of what the pictures show, to tell when they have to be taken again.
SHOWN = FOLDER / "shown.sha256"
# Pixels for each of the page's: crisp on the screens of phones and laptops.
SCALE = 2
# Of WebP, in percent; text stays crisp from about here.
QUALITY = 75


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to take.

    Args:
        width: of the window, CSS pixels.
        height: of the window, CSS pixels.
        scheme: the colours.
        prepare: what is done to the page before.
        page: which page it is of; `live` is the one that answers in the browser.
    """

    width: int
    height: int
    scheme: Literal["light", "dark"]
    prepare: Callable[[Page], object]
    page: Literal["showcase", "handbook", "live"] = "showcase"


def _look(page: Page) -> None:
    """The page as it opens."""


def _open_text(page: Page) -> None:
    page.click("[id='apollo-11/where'] [data-at]")
    page.evaluate("document.getElementById('apollo-11/where').scrollIntoView()")


def _open_passage(page: Page) -> None:
    page.click("[id='handbook/notice-portugal'] [data-at]")


def _ask(page: Page) -> None:
    question = "How much did they collect?"
    ask(page, set="apollo-11", context=APOLLO, question=question, expect="21.5")
    page.evaluate("scrollTo(0, document.getElementById('ask').offsetTop - 125)")
    page.evaluate("document.activeElement.blur()")


def _ask_now(page: Page) -> None:
    page.click("#live > summary")
    page.select_option("#live-texts", label="all documents")
    page.fill("#live-question", "How many days of leave does everybody have?")
    _show_panel(page)
    page.evaluate("document.activeElement.blur()")


def _show_panel(page: Page) -> None:
    # On a wide window the search stays at the top.
    page.evaluate(
        "scrollTo(0, document.getElementById('live').offsetTop - (innerWidth > 600 ? 125 : 8))"
    )


def _answered(page: Page) -> None:
    _ask_now(page)
    page.click("#live-form button")
    page.wait_for_selector("#live-answer:not([hidden])", timeout=120_000)
    _show_panel(page)


def _failed(page: Page) -> None:
    page.context.route("**/tokenizer.json", lambda route: route.abort())
    _ask_now(page)
    page.click("#live-form button")
    page.wait_for_selector("#live-status.bad", timeout=120_000)


PICTURES = {
    "page-light": Picture(860, 1080, "light", _look),
    "page-dark": Picture(860, 1080, "dark", _look),
    "narrow-light": Picture(390, 800, "light", _look),
    "narrow-dark": Picture(390, 800, "dark", _open_text),
    "form": Picture(860, 1010, "light", _ask),
    "documents": Picture(860, 900, "light", _open_passage, page="handbook"),
    "documents-narrow": Picture(390, 800, "dark", _look, page="handbook"),
    "live-asking": Picture(860, 412, "light", _ask_now, page="live"),
    "live-answered": Picture(860, 640, "light", _answered, page="live"),
    "live-failed": Picture(860, 445, "light", _failed, page="live"),
    "live-asking-narrow": Picture(390, 325, "dark", _ask_now, page="live"),
    "live-answered-narrow": Picture(390, 625, "dark", _answered, page="live"),
    "live-failed-narrow": Picture(390, 420, "dark", _failed, page="live"),
}


def build(write: Callable[[Repository], Repository] = showcase) -> Path:
    """The page of a repository, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="qabot-pictures-"))
    return site(write(Repository(folder)), LINKS)


def build_live() -> Path:
    """The page that answers in the browser, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="qabot-pictures-"))
    repository = showcase(Repository(folder))
    shutil.copytree(ROOT / "tests/samples/documents", folder / "documents")
    documents = pack(every_passage(folder, lambda problem: print(problem, file=sys.stderr)))
    questions = read_questions(repository.root)
    return build_site(folder, questions, folder / "out", LINKS, live=BUNDLED, documents=documents)


def shown(*pages: Path) -> str:
    """A digest of what pages look like: of their text and style, not of their scripts and data."""
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    text = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    text = re.sub(r'content="default-src [^"]*"', "", text)
    return hashlib.sha256(text.encode()).hexdigest()


def take(browser: Browser, address: str, picture: Picture) -> bytes:
    """The picture of the page at an address, as WebP."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
    )
    page = context.new_page()
    page.goto(address)
    picture.prepare(page)
    session = context.new_cdp_session(page)
    # The scale is the clip's: of the device's this knows nothing.
    x, y = page.evaluate("[scrollX, scrollY]")
    clip = {"x": x, "y": y, "width": picture.width, "height": picture.height, "scale": SCALE}
    options = {"format": "webp", "quality": QUALITY, "clip": clip}
    done = session.send("Page.captureScreenshot", options)
    context.close()
    return base64.b64decode(done["data"])


def main() -> int:
    """Take every picture."""
    path, documents, live = build(), build(handbook), build_live()
    FOLDER.mkdir(exist_ok=True)
    try:
        with chromium() as browser, server(live.parent) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            addresses = {
                "showcase": path.as_uri(),
                "handbook": documents.as_uri(),
                "live": f"http://127.0.0.1:{running.server_port}/",
            }
            for name, picture in PICTURES.items():
                data = take(browser, addresses[picture.page], picture)
                (FOLDER / f"{name}.webp").write_bytes(data)
                print(f"docs/pictures/{name}.webp ({len(data):,} bytes)")
            running.shutdown()
    except NoBrowserError as error:
        print(error, file=sys.stderr)
        return 1
    SHOWN.write_text(shown(path, documents, live) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
