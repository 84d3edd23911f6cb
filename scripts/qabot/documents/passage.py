"""A document cut into passages: whole paragraphs of one section, up to a length that is read well."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.edges import whole_characters
from qabot.documents.extracted import place_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qabot.documents.extracted import Extracted

# In code points, where a character of a script without spaces counts as three: it takes as many tokens.
# Paragraphs of one section are put together up to the first; a longer one is cut at the second.
_ENOUGH = 600
_MOST = 1_200
_WIDE = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+|(?<=[。！？])|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document.

    Args:
        document: the file, relative to the repository, with `/`.
        number: of the passage in its document, from 0.
        start: offset of `text` in the document's text, in code points.
        text: the passage.
        headings: of the section that it is in, from the outermost.
        unit: what a place in this document is: `line`, `page`, or empty where there is none.
        places: (offset in `text`, line or page), by offset.
    """

    document: str
    number: int
    start: int
    text: str
    headings: tuple[str, ...]
    unit: str
    places: tuple[tuple[int, int], ...]

    def place(self, offset: int) -> int | None:
        """The line or page of an offset in `text`; None where it is not known."""
        return place_at(list(self.places), offset)


def cut(document: str, extracted: Extracted) -> Iterator[Passage]:
    """The passages of a document, in its order.

    Args:
        document: its file, relative to the repository, with `/`.
        extracted: its text.
    """
    text = extracted.text
    for number, (start, end) in enumerate(_ranges(extracted)):
        # Headings inside of a passage are those that it begins with.
        index = bisect_right(extracted.headings, end - 1, key=lambda pair: pair[0]) - 1
        headings = extracted.headings[index][1] if index >= 0 else ()
        places = _places(extracted.places, start, end)
        yield Passage(document, number, start, text[start:end], headings, extracted.unit, places)


def _places(places: list[tuple[int, int]], start: int, end: int) -> tuple[tuple[int, int], ...]:
    first = max(0, bisect_right(places, start, key=lambda pair: pair[0]) - 1)
    last = bisect_right(places, end - 1, key=lambda pair: pair[0])
    return tuple((max(0, offset - start), place) for offset, place in places[first:last])


def _ranges(extracted: Extracted) -> Iterator[tuple[int, int]]:
    """Where each passage starts and ends in the text."""
    text = extracted.text
    sections = {offset for offset, _ in extracted.headings}
    ends = [*extracted.blocks[1:], len(text)]
    first = last = size = 0  # of the passage that is being filled
    heading_only = False
    for start, stop in zip(extracted.blocks, ends, strict=True):
        end = start + len(text[start:stop].rstrip())
        length = _size(text[start:end])
        # A heading goes with what follows it, even with a long paragraph or a heading below it.
        is_heading = start in sections
        if size and (
            (is_heading and not heading_only) or (size + length > _ENOUGH and not heading_only)
        ):
            yield from _bounded(text, first, last)
            size = 0
        if not size:
            first = start
        last = end
        size += length
        heading_only = is_heading and (size == length or heading_only)
    if size:
        yield from _bounded(text, first, last)


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A passage, cut between sentences or else between words where it is too long."""
    while _size(text[start:end]) > _MOST:
        limit = start + (_ENOUGH if _size(text[start : start + _MOST]) <= _MOST else _ENOUGH // 3)
        window = text[start:limit]
        places = [match.end() for match in _SENTENCE_END.finditer(window) if match.end()]
        space = window.rfind(" ")
        cut_at = start + (places[-1] if places else space + 1 if space > 0 else len(window))
        _, cut_at = whole_characters(text, start, cut_at)
        yield start, start + len(text[start:cut_at].rstrip())
        start = cut_at + (len(text[cut_at:end]) - len(text[cut_at:end].lstrip()))
        # A space can be the first part of a character that people see.
        start, _ = whole_characters(text, start, end)
    if start < end:
        yield start, end


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text) + 2 * len(_WIDE.findall(text))
