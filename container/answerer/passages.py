"""Long texts as passages: pieces that the model reads in one window, and that overlap.

A text is cut before it is tokenised, so that only the passages worth reading are.
"""

from __future__ import annotations

import re

# Code points in a passage: of English some 280 tokens, of a window's 384.
LENGTH = 1200

# What neighbouring passages share at least, so that an answer cut by one is whole in the other.
OVERLAP = 200

# A text of up to this many code points, about a window, is one passage.
WHOLE = 1600

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
        the code points of each passage; together they cover the text.
    """
    if len(text) <= WHOLE:
        return [range(len(text))]
    cuts = []
    start = 0
    while len(text) - start > LENGTH:
        end = _place(text, start + LENGTH * 2 // 3, start + LENGTH)
        cuts.append(range(start, end))
        start = _place(text, end - 2 * OVERLAP, end - OVERLAP)
    cuts.append(range(start, len(text)))
    return cuts


def _place(text: str, first: int, last: int) -> int:
    for pattern in _ENDS:
        places = [match.end() for match in pattern.finditer(text, first, last)]
        if places:
            return places[-1]
    return last
