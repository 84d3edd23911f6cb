"""PDF files as text, page by page: read by pdfium, the engine of Chrome.

docs/documents.md compares it with other readers.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from qabot.documents.extracted import Builder, Extracted
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    import pypdfium2

_MOST_PAGES = 5_000
# Lines at a page's edges that are the same on this part of the pages are its header and footer.
_REPEATED = 0.3
_EDGE = 2
# pdfium marks the hyphen that splits a word at the end of a line with one of these.
_SPLIT_WORD = re.compile(r"[\ufffe\x02]\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# A line that is this part of the longest one or less, and ends a sentence, ends its paragraph.
_SHORT = 0.75
_SENTENCE_END = tuple(".!?:。！？")
_ITEM = re.compile(r"\s*(?:[•◦▪‣·–*-]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s+\S")


def extract(data: bytes) -> Extracted:
    """Read a PDF file; its text has pages, and headings where the file has an outline.

    Args:
        data: the whole file.

    Raises:
        UnreadableFile: it is damaged, encrypted, scanned or too large.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableFile("is encrypted", "save it without a password") from None
        raise UnreadableFile("is not a PDF file that can be read", "save it as PDF again") from None
    if len(document) > _MOST_PAGES:
        raise UnreadableFile(
            f"has {len(document):,} pages (maximum: {_MOST_PAGES:,})", "split the file"
        )
    pages = [_lines(document[number]) for number in range(len(document))]
    if not any(any(line.strip() for line in page) for page in pages):
        raise UnreadableFile(
            "has no text: its pages are pictures, as a scanner makes them",
            "run text recognition on it, for instance 'ocrmypdf IN.pdf OUT.pdf'",
        )
    return _assemble(pages, _outline(document))


def _lines(page: pypdfium2.PdfPage) -> list[str]:
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range(errors="replace")
    finally:
        text_page.close()
        page.close()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _SPLIT_WORD.sub("", text))
    return [line.strip() for line in text.split("\n") if line.strip()]


def _outline(document: pypdfium2.PdfDocument) -> dict[int, list[tuple[int, str]]]:
    """The outline's (level, title) by the index of the page that each leads to."""
    found: dict[int, list[tuple[int, str]]] = {}
    for entry in document.get_toc(max_depth=6):
        target = entry.get_dest()
        page = target.get_index() if target is not None else None
        title = " ".join(entry.get_title().split())
        if page is not None and title:
            found.setdefault(page, []).append((entry.level + 1, title))
    return found


def _assemble(pages: list[list[str]], outline: dict[int, list[tuple[int, str]]]) -> Extracted:
    builder = Builder("page")
    repeated = _repeated(pages)
    for index, lines in enumerate(pages):
        lines = [
            line
            for number, line in enumerate(lines)
            if not (_is_edge(number, lines) and _shape(line) in repeated)
        ]
        waiting = list(outline.get(index, ()))
        # Where a heading is not found on its page, nothing says where its section begins there.
        missing = [pair for pair in waiting if not any(_is_title(line, pair[1]) for line in lines)]
        if missing:
            builder.no_section()
            waiting = []
        for paragraph in _paragraphs(lines, [title for _, title in waiting]):
            if waiting and _is_title(paragraph, waiting[0][1]):
                builder.heading(*waiting.pop(0), index + 1)
            else:
                builder.block([(paragraph, index + 1)])
        for level, title in outline.get(index, ()) if missing else ():
            builder.section(level, title)
    return builder.done()


def _repeated(pages: list[list[str]]) -> set[str]:
    """Lines, without digits, at the edges of many pages."""
    if len(pages) < 4:
        return set()
    shapes = Counter(
        shape
        for lines in pages
        for shape in {_shape(line) for line in (*lines[:_EDGE], *lines[-_EDGE:])}
    )
    return {shape for shape, times in shapes.items() if times >= _REPEATED * len(pages)}


def _is_edge(number: int, lines: list[str]) -> bool:
    return number < _EDGE or number >= len(lines) - _EDGE


def _shape(line: str) -> str:
    return re.sub(r"[0-9ivxl]+$|^[0-9ivxl]+|[0-9]+", "#", line.strip())


def _is_title(line: str, title: str) -> bool:
    """Whether a line is a heading of the outline, apart from its number."""
    shown = " ".join(line.split()).casefold()
    title = title.casefold()
    return shown == title or (
        shown.endswith(title) and re.fullmatch(r"[\w.§ ]{1,16}", shown[: -len(title)]) is not None
    )


def _paragraphs(lines: list[str], titles: list[str]) -> list[str]:
    """Lines joined to paragraphs, as far as their length and their ends show them."""
    longest = max((len(line) for line in lines), default=0)
    paragraphs: list[list[str]] = []
    begin = True
    for line in lines:
        title = any(_is_title(line, title) for title in titles)
        if begin or title or _ITEM.match(line):
            paragraphs.append([])
        paragraphs[-1].append(line)
        begin = title or (len(line) <= _SHORT * longest and line.endswith(_SENTENCE_END))
    return ["\n".join(paragraph) for paragraph in paragraphs]
