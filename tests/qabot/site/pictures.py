"""Take the documents' pictures of the page: scripts/pictures.

WebP, which Chromium writes itself: two pixels for one of a PNG, in fewer bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.conftest import ROOT, Repository
from tests.qabot.site.pages import ask, site
from tests.qabot.site.showcase import APOLLO, LINKS, showcase
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
    """

    width: int
    height: int
    scheme: Literal["light", "dark"]
    prepare: Callable[[Page], object]


def _look(page: Page) -> None:
    """The page as it opens."""


def _open_text(page: Page) -> None:
    page.click("[id='apollo-11/why'] [data-at]")
    page.evaluate("document.getElementById('apollo-11/why').scrollIntoView()")


def _ask(page: Page) -> None:
    question = "How much did they collect?"
    ask(page, set="apollo-11", context=APOLLO, question=question, expect="21.5")
    page.evaluate("scrollTo(0, document.getElementById('ask').offsetTop - 125)")
    page.evaluate("document.activeElement.blur()")


PICTURES = {
    "page-light": Picture(860, 1080, "light", _look),
    "page-dark": Picture(860, 1080, "dark", _look),
    "narrow-light": Picture(390, 800, "light", _look),
    "narrow-dark": Picture(390, 800, "dark", _open_text),
    "form": Picture(860, 1010, "light", _ask),
}


def build() -> Path:
    """The page in the pictures, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="qabot-pictures-"))
    return site(showcase(Repository(folder)), LINKS)


def shown(page: Path) -> str:
    """A digest of what a page looks like: of its text and style, not of its scripts and their data."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    text = re.sub(r'content="default-src [^"]*"', "", text)
    return hashlib.sha256(text.encode()).hexdigest()


def take(browser: Browser, path: Path, picture: Picture) -> bytes:
    """The picture, as WebP."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
    )
    page = context.new_page()
    page.goto(path.as_uri())
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
    path = build()
    FOLDER.mkdir(exist_ok=True)
    try:
        with chromium() as browser:
            for name, picture in PICTURES.items():
                data = take(browser, path, picture)
                (FOLDER / f"{name}.webp").write_bytes(data)
                print(f"docs/pictures/{name}.webp ({len(data):,} bytes)")
    except NoBrowserError as error:
        print(error, file=sys.stderr)
        return 1
    SHOWN.write_text(shown(path) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
