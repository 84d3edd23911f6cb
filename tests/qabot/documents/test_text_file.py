"""Text files: what is read, and what is refused with what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.documents.text_file import read_text
from qabot.questions.folder import UnreadableFile

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
CONFLICT = b"One\n<<<<<<< HEAD\nTwo\n=======\nThree\n>>>>>>> other\nFour\n"

# What is wrong with a file, by the start of what is said of it.
BAD = {
    "is a Git LFS pointer": POINTER,
    "is UTF-16, not UTF-8": "Twenty days.".encode("utf-16"),
    "looks like UTF-16": "Twenty days of leave in a year.".encode("utf-16-le"),
    "looks like UTF-16, not": "Twenty days of leave in a year.".encode("utf-16-be"),
    "is UTF-32": "Twenty days.".encode("utf-32"),
    "is binary data": b"Twenty\0days",
    "has an unresolved merge conflict in line 2": CONFLICT,
    "is an RTF file": rb"{\rtf1\ansi Twenty days.}",
    "is a PDF file": b"%PDF-1.7\n",
    "is a ZIP archive": b"PK\x03\x04....",
    "is HTML": b"\n<!-- saved --><!DOCTYPE html><p>Twenty days.",
    "is not UTF-8 (line 2, column 3)": "A\nB \u00e9".encode("latin-1"),
}


@pytest.mark.parametrize("start", BAD)
def test_what_is_not_the_text_is_refused(start: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_text(BAD[start], "notes.txt")
    assert caught.value.what.startswith(start)
    assert caught.value.todo


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\n\nText",
        "<<<<<<< HEAD alone",
        ">>>>>>> x\n=======\n<<<<<<< y",
        "  <<<<<<< HEAD\n=======\n  >>>>>>> other",
        "version https://git-lfs.github.com/spec/v1\n" + "and what it means. " * 80,
        "a < b, and <html> is a tag",
        "",
    ],
)
def test_what_only_looks_so_is_read(text: str) -> None:
    assert read_text(text.encode(), "notes.txt") == text


def test_html_is_read_where_the_name_says_so() -> None:
    assert read_text(BAD["is HTML"], "a.HTML").startswith("\n<!--")


def test_many_conflict_starts_take_no_longer_than_one() -> None:
    assert read_text(b"<<<<<<< a\n" * 200_000, "notes.txt")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_other_text_is_read_as_it_is(text: str) -> None:
    data = ("x" + text).encode()  # no signature, no byte order mark
    assert read_text(data, "a.md") == "x" + text.replace("\r\n", "\n").replace("\r", "\n")
