"""The documents' pictures show the page as it is now, whatever the browser and the fonts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qabot.site.pictures import FOLDER, PICTURES, SCALE, SHOWN, build, build_live, shown, take
from tests.qabot.site.showcase import handbook
from tests.test_documents import DOCUMENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def size(data: bytes) -> tuple[int, int]:
    """Width and height of an extended WebP, pixels (RFC 9649, 2.7)."""
    assert data[:4] == b"RIFF"
    assert data[8:16] == b"WEBPVP8X"
    width, height = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    return width + 1, height + 1


def test_they_show_what_the_page_shows() -> None:
    assert (
        shown(build(), build(handbook), build_live()) == SHOWN.read_text(encoding="utf-8").strip()
    ), (
        "the page looks different by now: take its pictures again with scripts/pictures, and look at "
        "them"
    )


def test_a_change_of_text_or_style_is_seen_and_one_of_scripts_is_not() -> None:
    path = build()
    before = shown(path)
    text = path.read_text(encoding="utf-8")
    for old, new, seen in (
        ("Michael Collins", "Somebody", True),
        ("--paper: #fbfaf7", "--paper: #fbfaf8", True),
        ("const articles", "const all", False),
        ('"maxUrl":6000', '"maxUrl":6001', False),
    ):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert (shown(path) != before) == seen, old


@pytest.mark.parametrize("name", PICTURES)
def test_each_is_there_small_and_shown(name: str) -> None:
    data = (FOLDER / f"{name}.webp").read_bytes()
    assert size(data) == (SCALE * PICTURES[name].width, SCALE * PICTURES[name].height)
    assert len(data) < 150_000
    documents = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert f"pictures/{name}.webp" in documents, "no document shows it"


def test_there_are_no_others() -> None:
    assert {path.stem for path in FOLDER.glob("*.webp")} == set(PICTURES)


def test_they_can_be_taken(browser: Browser) -> None:
    for name, path in (("narrow-dark", build()), ("documents", build(handbook))):
        data = take(browser, path.as_uri(), PICTURES[name])
        assert size(data) == (SCALE * PICTURES[name].width, SCALE * PICTURES[name].height)
        assert len(data) > 5_000, "an empty picture"
