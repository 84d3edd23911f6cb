"""Plain text: paragraphs with empty lines between them."""

from __future__ import annotations

from qabot.documents.extracted import Builder, Extracted


def extract(text: str) -> Extracted:
    r"""Read a plain text file.

    Args:
        text: of the file, with `\n` line ends.
    """
    builder = Builder("line")
    pieces: list[tuple[str, int | None]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip()
        if line:
            pieces.append((line + "\n", number))
            continue
        _append(builder, pieces)
        pieces = []
    _append(builder, pieces)
    return builder.done()


def _append(builder: Builder, pieces: list[tuple[str, int | None]]) -> None:
    if pieces:
        pieces[-1] = (pieces[-1][0].rstrip("\n"), pieces[-1][1])
        builder.block(pieces)
