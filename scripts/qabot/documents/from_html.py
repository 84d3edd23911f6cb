"""HTML as text: headings, paragraphs, list items and table rows, with the line of each.

Python's own parser gives the line of each tag, does not recurse into nested tags, and accepts any page.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from qabot.documents.extracted import Builder, Extracted, table_rows

# Elements that a browser does not show as text, or shows as a form.
_SKIPPED = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "object", "iframe", "select", "nav")
)
# Elements inside a line; every other one ends the paragraph.
_INLINE = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby
        rp rt s samp small span strike strong sub sup time tt u var wbr input button
        """,
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACE = re.compile(r"\s+")


class _Reader(HTMLParser):
    def __init__(self, *, lines: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = Builder("line" if lines else "")
        self._lines = lines
        self._pieces: list[tuple[str, int | None]] = []
        self._skipping = ""  # the element whose end is waited for
        self._skipped_depth = 0
        self._heading = 0
        self._item = self._after_item = False
        self._pre = False
        self._table: _Table | None = None
        self._title = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if self._skipping:
            self._skipped_depth += tag == self._skipping
        elif tag in _SKIPPED:
            self._skipping, self._skipped_depth = tag, 1
        elif tag == "br":
            self._add("\n")
        elif tag == "title":
            self._title = True
        elif self._table is not None and tag in ("td", "th", "tr"):
            self._table.end_cell()
            if tag == "tr":
                self._table.end_row()
            else:
                self._table.begin_cell(self._line(), is_header=tag == "th")
        elif tag not in _INLINE:
            self._end_block()
            if tag == "table" and self._table is None:
                self._table = _Table()
            self._heading = _HEADINGS.get(tag, 0)
            self._item = tag in ("li", "dt", "dd")
            self._pre = self._pre or tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._skipped_depth -= tag == self._skipping
            if not self._skipped_depth:
                self._skipping = ""
        elif tag == "title":
            self._title = False
        elif tag == "table":
            self._end_table()
        elif tag not in _INLINE and tag not in ("td", "th", "tr"):
            self._end_block()
            self._heading = 0
            self._pre = self._pre and tag != "pre"
            if tag in ("ul", "ol", "dl"):
                self._after_item = False

    def handle_data(self, data: str) -> None:
        if not self._skipping and not self._title:
            self._add(data)

    def close(self) -> None:
        super().close()
        self._end_table()
        self._end_block()

    def _line(self) -> int | None:
        return self.getpos()[0] if self._lines else None

    def _add(self, data: str) -> None:
        if self._table is not None and self._table.in_cell:
            self._table.cell.append(data)
            return
        line = self._line()
        # One piece for each line of the file, so that each keeps its place.
        for part in data.split("\n"):
            self._pieces.append((part + "\n" if self._pre else part + " ", line))
            line = line + 1 if line is not None else None
        # The last piece has no line end.
        last, at = self._pieces.pop()
        self._pieces.append((last[:-1], at))

    def _end_block(self) -> None:
        if self._table is not None:
            if self._table.in_cell:
                self._table.cell.append(" ")
            return
        if not self._pieces:
            return
        pieces = self._pieces if self._pre else _collapsed(self._pieces)
        self._pieces = []
        if self._heading:
            text = "".join(text for text, _ in pieces)
            self.builder.heading(self._heading, text, pieces[0][1] if pieces else None)
            self._heading = 0
            self._after_item = False
            return
        if self.builder.block(pieces, close=self._item and self._after_item) is not None:
            self._after_item = self._item
            self._item = False

    def _end_table(self) -> None:
        table, self._table = self._table, None
        if table is None:
            return
        table.end_cell()
        table.end_row()
        for index, (text, line) in enumerate(table.lines()):
            self.builder.block([(text, line)], close=index > 0)
        self._after_item = False


class _Table:
    """The cells of a table, row by row."""

    def __init__(self) -> None:
        self.in_cell = False
        self.cell: list[str] = []
        self._row: list[str] = []
        self._line: int | None = None
        self._headers = 0
        self._rows: list[tuple[list[str], int | None, bool]] = []

    def begin_cell(self, line: int | None, *, is_header: bool) -> None:
        self.in_cell = True
        self._headers += is_header
        self._line = line if not self._row else self._line

    def end_cell(self) -> None:
        if self.in_cell:
            self._row.append(_SPACE.sub(" ", "".join(self.cell)).strip())
        self.in_cell = False
        self.cell = []

    def end_row(self) -> None:
        if any(self._row):
            self._rows.append((self._row, self._line, self._headers == len(self._row)))
        self._row = []
        self._headers = 0

    def lines(self) -> list[tuple[str, int | None]]:
        if not self._rows:
            return []
        has_header = self._rows[0][2]
        texts = table_rows([row for row, _, _ in self._rows], has_header=has_header)
        places = [line for _, line, _ in self._rows]
        return list(zip(texts, places[len(places) - len(texts) :], strict=True))


def _collapsed(pieces: list[tuple[str, int | None]]) -> list[tuple[str, int | None]]:
    """White space as a browser shows it: one space, and none at the ends."""
    shown: list[tuple[str, int | None]] = []
    space = True
    for text, line in pieces:
        text = _SPACE.sub(" ", text)
        if space:
            text = text.removeprefix(" ")
        if text:
            shown.append((text, line))
            space = text.endswith(" ")
    if shown:
        shown[-1] = (shown[-1][0].rstrip(" "), shown[-1][1])
    return shown


def extract(text: str, *, lines: bool = True) -> Extracted:
    r"""Read an HTML page.

    Args:
        text: of the page, with `\n` line ends.
        lines: the page is the file itself, so that its lines are places in it.
    """
    reader = _Reader(lines=lines)
    reader.feed(text)
    reader.close()
    return reader.builder.done()
