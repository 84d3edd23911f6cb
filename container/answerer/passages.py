"""Long texts as passages: pieces that the model reads in one window, and that overlap.

A text is cut before it is tokenised, so that only the passages worth reading are. A form feed
separates passages that were cut elsewhere: the pages of a text, or passages chosen from documents.
"""

from __future__ import annotations

import re

# Code points in a passage: of English some 280 tokens, of a window's 384.
LENGTH = 1200

# Code points that neighbouring passages share at least: an answer cut by one is whole in the other.
OVERLAP = 200

# A text of up to this many code points, about a window, is one passage.
WHOLE = 1600

# Between passages that must not be joined again.
BREAK = "\f"

# Where a passage may end, best first: after a paragraph, a sentence, a word.
_ENDS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+|(?<=[。！？])|\n"),
    re.compile(r"\s+"),
)


def cut(text: str) -> list[range]:
    """Cut a text into overlapping passages.

    Args:
        text: any text.

    Returns:
        the code points of each passage; together they cover the text, except for the breaks.
    """
    cuts: list[range] = []
    start = 0
    for part in text.split(BREAK):
        cuts += _cut(text, start, start + len(part))
        start += len(part) + len(BREAK)
    return cuts


def _cut(text: str, start: int, stop: int) -> list[range]:
    """Cut the part of a text that has no break in it."""
    if stop - start <= WHOLE:
        return [range(start, stop)]
    cuts = []
    while stop - start > LENGTH:
        end = _place(text, start + LENGTH * 2 // 3, start + LENGTH)
        cuts.append(range(start, end))
        start = _place(text, end - 2 * OVERLAP, end - OVERLAP)
    cuts.append(range(start, stop))
    return cuts


def _place(text: str, first: int, last: int) -> int:
    for pattern in _ENDS:
        places = [match.end() for match in pattern.finditer(text, first, last)]
        if places:
            return places[-1]
    return last
