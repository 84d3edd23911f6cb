"""The text of a document in each format, with the way back to its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer.edges import whole_characters
from qabot.documents.extract import extract
from qabot.documents.passage import cut
from qabot.documents.reader import Reader
from qabot.questions.folder import UnreadableFile
from tests.conftest import ROOT
from tests.qabot.documents import made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qabot.documents.extracted import Extracted


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


def blocks(extracted: Extracted) -> list[tuple[int | None, str]]:
    """Each block with its line or page."""
    ends = [*extracted.blocks[1:], len(extracted.text)]
    return [
        (extracted.place(start), extracted.text[start:end].strip("\n"))
        for start, end in zip(extracted.blocks, ends, strict=True)
    ]


def trail(extracted: Extracted, text: str) -> tuple[str, ...]:
    """The headings of the section that a text is in."""
    at = extracted.text.index(text)
    return [found for offset, found in extracted.headings if offset <= at][-1]


MARKDOWN = """\
---
title: for programs
---
# The **Handbook**

See [the *policy*](http://example.org/(a)b "now") and `code_*x*`, 2*3*4, snake_case
and <b>AT&amp;T</b> \\*here\\*.

Leave
-----
- one
- [x] two
  more
1. three

| Country | Days |
|---|---:|
| Germany | 30 |
| France | 25 \\| 26 |

> quoted
> twice

```python
x = 1  # **kept**
```
<!-- hidden
still hidden --> shown

[ref]: http://example.org
## Travel ##
### By train
First class.
"""


def test_markdown() -> None:
    extracted = extract(MARKDOWN.encode(), "a.md")
    assert blocks(extracted) == [
        (4, "The Handbook"),
        (6, "See the policy and code_*x*, 2*3*4, snake_case\nand AT&T *here*."),
        (9, "Leave"),
        (11, "one"),
        (12, "two\nmore"),
        (14, "three"),
        (17 + 1, "Germany: Days 30."),
        (19, "France: Days 25 | 26."),
        (21, "quoted\ntwice"),
        (25, "x = 1  # **kept**"),
        (28, "shown"),
        (31, "Travel"),
        (32, "By train"),
        (33, "First class."),
    ]
    assert extracted.place(extracted.text.index("AT&T")) == 7
    assert trail(extracted, "First class") == ("The Handbook", "Travel", "By train")
    assert trail(extracted, "twice") == ("The Handbook", "Leave")


def test_html() -> None:
    page = (
        "<!doctype html><html><head><title>no</title><style>x{}</style></head>\n"
        "<body><h1>Hand<br>book</h1>\n<p>One two\nthree <b>bo</b>ld,"
        "<script>alert('<p>')</script> end &amp; more.</p>\n"
        "<ul><li>a</li><li>b</li></ul><table><tr><th>Country<th>Days</tr>\n"
        "<tr><td>Germany<td>30\n<tr><td>France</td><td><p>25</p></td></tr></table>"
        "<pre>x\n  y</pre><h3>Last<div>tail"
    )
    extracted = extract(page.encode(), "a.html")
    assert blocks(extracted) == [
        (2, "Hand book"),
        (3, "One two three bold, end & more."),
        (5, "a"),
        (5, "b"),
        (6, "Germany: Days 30."),
        (7, "France: Days 25."),
        (7, "x\n  y"),
        (8, "Last"),
        (8, "tail"),
    ]
    assert extracted.place(extracted.text.index("three")) == 4
    assert trail(extracted, "tail") == ("Hand book", "Last")


def test_pdf(tmp_path: Path, reader: Reader) -> None:
    pages = [
        [
            "The Handbook",
            "1 Leave",
            "Every employee has 28 days of leave in a year, and may",
            "ask.",
        ],
        ["They can be moved.", "2 Travel", "By train."],
    ]
    outline = [("Leave", 0), ("Travel", 1)]
    extracted = reader.read("a.pdf", made.pdf(pages, outline))
    assert extracted.unit == "page"
    assert extracted.place(extracted.text.index("28 days")) == 1
    assert extracted.place(extracted.text.index("By train")) == 2
    assert trail(extracted, "28 days") == ("Leave",)
    assert trail(extracted, "They can") == ("Leave",)
    assert trail(extracted, "By train") == ("Travel",)


def test_a_pdf_heading_that_is_not_on_its_page_is_never_invented(
    tmp_path: Path, reader: Reader
) -> None:
    pages = [["Leave", "28 days."], ["Somewhere here another part begins."], ["It goes on."]]
    data = made.pdf(pages, [("Leave", 0), ("Travel", 1)])
    extracted = reader.read("a.pdf", data)
    assert trail(extracted, "28 days") == ("Leave",)
    assert trail(extracted, "Somewhere") == ()
    assert trail(extracted, "It goes") == ("Travel",)


def test_docx(tmp_path: Path, reader: Reader) -> None:
    body = (
        made.paragraph("Leave", "Heading1")
        + made.paragraph("Everybody has 28 days &amp; more.")
        + made.table([["Country", "Days"], ["Germany", "30"]])
    )
    extracted = reader.read("a.docx", made.docx(body))
    assert extracted.text == "Leave\n\nEverybody has 28 days & more.\n\nGermany: Days 30."
    assert trail(extracted, "28 days") == ("Leave",)
    assert extracted.places == []  # no page, no line: it says neither


@pytest.mark.parametrize("kind", made.bad())
def test_a_bad_document_is_refused_as_documented(kind: str, tmp_path: Path, reader: Reader) -> None:
    name, data = made.bad()[kind]
    with pytest.raises(UnreadableFile) as caught:
        reader.read(name, data)
    row = f"| {kind} | `documents/{name}: {caught.value}` |"
    assert row in (ROOT / "docs/documents.md").read_text("utf-8").splitlines(), row


def test_the_other_documents_are_read_after_every_bad_one(tmp_path: Path) -> None:
    good = made.docx(made.paragraph("28 days"))
    with Reader() as reader:
        for name, data in made.bad().values():
            with pytest.raises(UnreadableFile):
                reader.read(name, data)
            assert reader.read("good.docx", good).text == "28 days"


def test_reading_ends_in_time(tmp_path: Path) -> None:
    with Reader(seconds=0.001) as reader:
        with pytest.raises(UnreadableFile, match=r"takes more than 0\.001 s to read"):
            reader.read("slow.docx", made.docx(made.paragraph("x")))
        # Other files need no second process, and one that is ended is started again.
        assert reader.read("a.md", b"text").text == "text"


def test_reading_ends_with_its_memory(tmp_path: Path) -> None:
    large = made.docx(made.paragraph("x") * 50_000)
    with Reader(seconds=600, memory=100 * 2**20) as reader:
        with pytest.raises(UnreadableFile, match="takes too much memory|crashed"):
            reader.read("large.docx", large)
        assert reader.read("a.docx", made.docx(made.paragraph("x"))).text == "x"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<div>" * 10_000 + b"deep" + b"</div>" * 10_000),
        ("a.html", b"<table><tr><td>" * 10_000 + b"deep"),
        ("a.html", b"<ul><li>" * 10_000 + b"deep"),
        ("a.md", b"> " * 10_000 + b"deep"),
        ("a.md", b"[" * 100_000 + b"deep" + b"](x)" * 10_000),
        ("a.md", b"*_`" * 50_000 + b"deep"),
        ("a.md", b"<!--" * 50_000 + b"--> deep"),
        ("a.md", b"![a](" * 20_000 + b"deep"),
        ("a.md", b"|-" * 20_000 + b"\n" + b"|-" * 20_000 + b"\n|deep"),
        ("a.txt", b"deep " * 200_000),
    ],
)
def test_deep_nesting_takes_neither_long_nor_a_stack(name: str, data: bytes) -> None:
    extracted = extract(data, name)
    assert "deep" in extracted.text
    assert sum(len(passage.text) for passage in cut(name, extracted)) <= len(extracted.text)


@pytest.mark.parametrize(
    "text",
    ["e\u0301\u0323\u0301\u0300\u0301\u0301" * 900, "長い。\u0301" * 900, "長い。 \u0301a" * 900],
)
def test_a_cut_splits_no_character_that_people_see(text: str) -> None:
    extracted = extract(text.encode(), "a.txt")
    passages = list(cut("a.txt", extracted))
    assert len(passages) > 1
    for passage in passages:
        part = passage.start, passage.start + len(passage.text)
        assert whole_characters(extracted.text, *part) == part


@given(st.text(st.sampled_from("ab #*_`|[]()<>-=\n\\&;!~:0.é中")), st.sampled_from("mht"))
def test_any_text_is_cut_into_passages_that_are_parts_of_it(text: str, kind: str) -> None:
    name = {"m": "a.md", "h": "a.html", "t": "a.txt"}[kind]
    try:
        extracted = extract(text.encode(), name)
    except UnreadableFile:
        return
    passages = list(cut(name, extracted))
    position = 0
    for passage in passages:
        assert passage.start >= position
        assert not extracted.text[position : passage.start].strip()
        position = passage.start + len(passage.text)
        assert extracted.text[passage.start : position] == passage.text
        for offset in range(len(passage.text)):
            assert passage.place(offset) == extracted.place(passage.start + offset)
    assert not extracted.text[position:].strip()
    lines = text.count("\n") + 1
    assert all(1 <= place <= lines for _, place in extracted.places)
