"""Where an answer may begin and end: not inside a character as people see it, and not inside a word.

Such characters are grapheme clusters: the rules are those of Unicode's UAX #29
(https://unicode.org/reports/tr29, version 15.1) as far as the standard library knows the
characters' properties. Words are runs of letters, digits and underscores, in scripts that put spaces
between them: the model reads pieces of words, and may point at one of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from answerer.ranking import UNSPACED

# Korean has spaces, but its particles follow a word without one: its words may be cut, too.
CUT_ANYWHERE = UNSPACED + "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_IS_CUT_ANYWHERE = re.compile(f"[{CUT_ANYWHERE}]")
# The soft hyphen and the zero width joiners are inside words; no word ends at an underscore.
JOINERS = "_\u00ad\u200c\u200d"
# Code points. What is longer is no word, and the search for its end would take long.
LONGEST_WORD = 64

_ZERO_WIDTH_JOINER = "\u200d"
# Not marks by category, yet they extend the character before them: the zero width joiners, the
# voiced marks of half-width kana, skin tones, and the tags of flags.
_EXTENDS = frozenset("\u200c\u200d\uff9e\uff9f") | frozenset(
    map(chr, [*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)])
)
_SPACING = frozenset("\u0e33\u0eb3")  # Thai and Lao vowels that are letters by category
# After these signs a consonant of the same script continues the cluster (rule GB9c).
_LINKERS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\u0d4e")


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a part of a text until it cuts no word and no grapheme cluster.

    Args:
        text: the whole text.
        start: offset of the part's first code point.
        end: offset after its last one; the part is not empty.
    """
    start, end = whole_characters(text, start, end)
    return _end_of_word(text, start, -1), _end_of_word(text, end, 1)


def whole_characters(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a part of a text until it cuts no grapheme cluster; the arguments are the same."""
    while not _is_boundary(text, start):
        start -= 1
    while not _is_boundary(text, end):
        end += 1
    return start, end


def _end_of_word(text: str, place: int, step: int) -> int:
    """The first place from `place` on, in steps of 1 or -1, that is not inside a word."""
    far = place
    while _is_inside_word(text, far) or not _is_boundary(text, far):
        far += step
        if abs(far - place) == LONGEST_WORD:
            return place
    return far


def _is_inside_word(text: str, index: int) -> bool:
    return (
        0 < index < len(text)
        and _is_part_of_word(text[index])
        and _is_part_of_word(text[index - 1])
    )


@lru_cache(maxsize=4096)  # a text has few different characters, and each window asks 500 times
def _is_part_of_word(char: str) -> bool:
    category = unicodedata.category(char)
    return (category[0] in "LM" or category == "Nd" or char in JOINERS) and (
        _IS_CUT_ANYWHERE.match(char) is None
    )


def _is_boundary(text: str, index: int) -> bool:
    """Whether no grapheme cluster is cut before code point `index` of a text."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before < "\u0300" and after < "\u0300":  # ASCII and Latin letters, the usual case
        return before != "\r" or after != "\n"
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    if after in _EXTENDS or after in _SPACING or unicodedata.category(after)[0] == "M":
        return False
    if before in _PREPENDED:
        return unicodedata.category(after) in ("Cc", "Zl", "Zp")
    if before == _ZERO_WIDTH_JOINER:
        return unicodedata.category(after) != "So"  # as in the emoji of a family
    if _is_flag(before) and _is_flag(after):
        return _flags_before(text, index) % 2 == 0
    return not (_joins_hangul(before, after) or _is_conjunct(text, index))


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, index: int) -> int:
    first = index
    while first > 0 and _is_flag(text[first - 1]):
        first -= 1
    return index - first


def _joins_hangul(before: str, after: str) -> bool:
    """Whether two parts of a Korean syllable belong together: initial, vowel, final."""
    kind, following = _hangul(before), _hangul(after)
    if kind == "L":
        return following in ("L", "V", "LV", "LVT")
    if kind in ("V", "LV"):
        return following in ("V", "T")
    return kind in ("T", "LVT") and following == "T"


def _hangul(char: str) -> str:
    if "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c":
        return "L"
    if "\u1160" <= char <= "\u11a7" or "\ud7b0" <= char <= "\ud7c6":
        return "V"
    if "\u11a8" <= char <= "\u11ff" or "\ud7cb" <= char <= "\ud7fb":
        return "T"
    if "\uac00" <= char <= "\ud7a3":
        return "LVT" if (ord(char) - 0xAC00) % 28 else "LV"
    return ""


def _is_conjunct(text: str, index: int) -> bool:
    """Whether a consonant at `index` is joined to the one before it by a linking sign."""
    if unicodedata.category(text[index]) != "Lo":
        return False
    linked = False
    for place in range(index - 1, -1, -1):
        char = text[place]
        if char in _LINKERS:
            linked = True
        elif unicodedata.category(char)[0] != "M" and char != _ZERO_WIDTH_JOINER:
            return linked
    return False
