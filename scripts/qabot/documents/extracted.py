"""The text of a document, and the place of each part of it in the file."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from answerer.passages import BREAK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Headings are shown as a trail of this many at most, each cut to this length.
_MOST_HEADINGS = 6
_LONGEST_HEADING = 200


@dataclass(slots=True)
class Extracted:
    r"""The text of a document.

    Args:
        unit: what `places` counts: `line` of the file, `page`, or empty where neither is known.
        text: its paragraphs, with an empty line between them; without form feeds, which separate
            the passages that are read.
        blocks: offset in `text` of each paragraph, heading, list item and table row.
        places: (offset, line or page), by offset: from there to the next offset the text is there.
        headings: (offset, headings from the outermost), by offset: the section that begins there.
    """

    unit: str
    text: str = ""
    blocks: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    headings: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def place(self, offset: int) -> int | None:
        """The line or page of an offset in the text; None where it is not known."""
        return place_at(self.places, offset)


def place_at(places: list[tuple[int, int]], offset: int) -> int | None:
    """The line or page of an offset; None where none is known.

    Args:
        places: (offset, line or page), by offset.
        offset: in code points.
    """
    index = bisect_right(places, offset, key=lambda pair: pair[0]) - 1
    return places[index][1] if index >= 0 else None


class Builder:
    """Puts a document's text together, block by block.

    Args:
        unit: what the places of its blocks are: `line`, `page`, or empty.
    """

    def __init__(self, unit: str) -> None:
        self._extracted = Extracted(unit)
        self._parts: list[str] = []
        self._length = 0
        self._trail: list[tuple[int, str]] = []

    def block(self, pieces: Iterable[tuple[str, int | None]], *, close: bool = False) -> int | None:
        r"""Append a block of text.

        Args:
            pieces: its text in parts, each with the line or page that it begins at.
            close: it follows the previous block on the next line, like items of a list.

        Returns:
            Its offset; None where it has no text.
        """
        texts = [(text, place) for text, place in pieces if text]
        if not any(text.strip() for text, _ in texts):
            return None
        out = self._extracted
        if self._parts:
            self._append("\n" if close else "\n\n")
        start = self._length
        out.blocks.append(start)
        for text, place in texts:
            if place is not None and (not out.places or out.places[-1][1] != place):
                out.places.append((self._length, place))
            self._append(text)
        return start

    def lines(self, lines: Sequence[tuple[str, int]], *, close: bool = False) -> None:
        """Append a block of whole lines, each without its line end and with its number.

        Args:
            lines: of the file.
            close: as for `block`.
        """
        last = len(lines) - 1
        pieces = [
            (text if index == last else f"{text}\n", number)
            for index, (text, number) in enumerate(lines)
        ]
        self.block(pieces, close=close)

    def heading(self, level: int, title: str, place: int | None) -> None:
        """Append a heading; what follows belongs to its section.

        Args:
            level: 1 for the outermost.
            title: its text.
            place: the line or page.
        """
        title = " ".join(title.split())
        start = self.block([(title, place)])
        if start is not None:
            self.section(level, title, start)

    def section(self, level: int, title: str, offset: int | None = None) -> None:
        """Start a section without adding text.

        Args:
            level: 1 for the outermost.
            title: its heading.
            offset: where it begins; by default where the next block will.
        """
        if offset is None:
            offset = self._length + (2 if self._parts else 0)
        self._trail = [(other, text) for other, text in self._trail if other < level]
        self._trail.append((level, title[:_LONGEST_HEADING]))
        trail = tuple(text for _, text in self._trail[-_MOST_HEADINGS:])
        self._extracted.headings.append((offset, trail))

    def no_section(self) -> None:
        """End the section; what follows belongs to no known section."""
        self._extracted.headings.append((self._length + (2 if self._parts else 0), ()))

    def done(self) -> Extracted:
        """The document, once every block is appended."""
        self._extracted.text = "".join(self._parts).replace(BREAK, " ")
        return self._extracted

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def table_rows(rows: list[list[str]], *, has_header: bool) -> list[str]:
    """A table's rows as sentences that can be read on their own: each value after its column's name.

    Args:
        rows: cells without line ends.
        has_header: the first row names the columns.

    Returns:
        A line per row, such as `Portugal: Public holidays 13 days; Notice period two months.` The header
        itself gives none, unless it is all there is.
    """
    if not has_header or len(rows) < 2:
        return ["; ".join(cell for cell in row if cell) for row in rows]
    names = [name.rstrip(":") for name in rows[0]]
    lines = []
    for first, *others in rows[1:]:
        cells = [
            f"{names[index] if index < len(names) else ''} {cell}".strip()
            for index, cell in enumerate(others, start=1)
            if cell
        ]
        line = ": ".join(part for part in (first, "; ".join(cells)) if part)
        # The full stop keeps an answer from reaching into the next row.
        lines.append(line if line.endswith(".") else f"{line}.")
    return lines
