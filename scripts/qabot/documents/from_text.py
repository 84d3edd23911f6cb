"""Plain text: paragraphs with empty lines between them."""

from __future__ import annotations

from qabot.documents.extracted import Builder, Extracted


def extract(text: str) -> Extracted:
    r"""Read a plain text file.

    Args:
        text: of the file, with `\n` line ends.
    """
    builder = Builder("line")
    paragraph: list[tuple[str, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            paragraph.append((line.rstrip(), number))
        else:
            builder.lines(paragraph)
            paragraph = []
    builder.lines(paragraph)
    return builder.done()
