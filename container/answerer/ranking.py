"""The lexical ranking: which passages of a text share the question's words.

    ranking = Ranking(["The ferry left Bergen.", "The captain was Nils Hagen."])
    ranking.scores("Who was captain?")   # [0.0, 0.9…]: one score per passage
    best(ranking.scores("Who was captain?"), 5)   # [1]: indices, best first

One ranking for everything that is longer than a model reads: the passages of a long context and
those of a folder of documents. It is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
Framework", 2009) over word stems, and over pairs of characters in scripts that put no spaces
between words. Plain Python, so the scores are the same on every machine.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# BM25's usual constants: the saturation of repeated terms, and the penalty for long passages.
SATURATION = 1.2
WEIGHT_OF_LENGTH = 0.75

# Letters of scripts that put no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana,
# Han ideographs (unicode.org/Public/UNIDATA/Blocks.txt).
UNSPACED = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # noqa: E501 - one character class
_RUN = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{UNSPACED}]")

# Letters of a stem. Cutting words works for many languages, and on long documents it did as well
# as removing English endings by rule (docs/models.md).
STEM = 6
SHORTEST_PLURAL = 3


def _stems(words: Iterable[str]) -> list[str]:
    """The stem of each word: its beginning, without a plural's s."""
    # In one expression: an index of documents takes the stems of millions of words.
    return [
        (word[:-1] if len(word) > SHORTEST_PLURAL and word[-1] == "s" else word)[:STEM]
        for word in words
    ]


# English words that are common in questions and say nothing about their subject.
FUNCTION_WORDS = frozenset(
    _stems(
        re.findall(
            r"\w+",
            """
        a an the of in on at to for from by with as and or is are was were be been do does did has
        have had can could will would should may might it its he his she her they their them this
        that these those there what which who whom whose when where why how much many
        """,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures about all passages, for BM25 where only some of them are ranked.

    Args:
        passages: how many there are.
        length: the mean of their lengths, in terms.
        frequency: of each term of a question, how many passages contain it.
    """

    passages: int
    length: float
    frequency: Mapping[str, int]


class Ranking:
    """An index of the terms of some passages.

    Args:
        passages: texts; their order gives the order of the scores.
        statistics: of all passages, where these are only some of them; default: these are all.
    """

    def __init__(self, passages: Iterable[str], statistics: Statistics | None = None) -> None:
        lengths: list[int] = []
        # For each term, the passages that contain it and how often.
        self._postings: dict[str, list[tuple[int, int]]] = {}
        for number, passage in enumerate(passages):
            found = terms(passage)
            lengths.append(len(found))
            for term, times in Counter(found).items():
                self._postings.setdefault(term, []).append((number, times))
        self._statistics = statistics or Statistics(
            len(lengths),
            sum(lengths) / max(1, len(lengths)),
            {term: len(found) for term, found in self._postings.items()},
        )
        mean = max(1.0, self._statistics.length)
        self._penalties = [
            SATURATION * (1 - WEIGHT_OF_LENGTH + WEIGHT_OF_LENGTH * length / mean)
            for length in lengths
        ]

    def scores(self, question: str) -> list[float]:
        """BM25 of each passage for a question; 0 where they share no term.

        Args:
            question: any text.
        """
        count = self._statistics.passages
        scores = [0.0] * len(self._penalties)
        for term in sorted(content_terms(question)):
            postings = self._postings.get(term, ())
            holding = self._statistics.frequency.get(term, 0)
            # A rounded count can be less than the number of passages that contain a term.
            rarity = math.log(1 + (max(count, holding) - holding + 0.5) / (holding + 0.5))
            for number, times in postings:
                gain = times * (SATURATION + 1) / (times + self._penalties[number])
                scores[number] += rarity * gain
        return scores

    def overlaps(self, question: str) -> list[float]:
        """The share of a question's terms that each passage contains.

        One more term counts, which all passages contain: that none of few terms is found says little,
        and of no term nothing.

        Args:
            question: any text.
        """
        asked = content_terms(question)
        found = [0] * len(self._penalties)
        for term in asked:
            for number, _ in self._postings.get(term, ()):
                found[number] += 1
        return [(number + 1) / (len(asked) + 1) for number in found]


def best(scores: Sequence[float], most: int) -> list[int]:
    """The indices of the highest scores above 0, highest first; of two equal ones, the earlier first.

    Args:
        scores: one per passage.
        most: how many at most.
    """
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    return [number for number in order[:most] if scores[number] > 0]


def content_terms(question: str) -> set[str]:
    """The terms of a question that say what it is about.

    Args:
        question: any text.
    """
    return set(terms(question)) - FUNCTION_WORDS


def terms(text: str) -> list[str]:
    """The terms that the ranking compares: the stems of a text's words, in their order.

    Case, accents and other marks are ignored. In scripts without spaces, each pair of neighbouring
    characters is a term.

    Args:
        text: any text.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        marks = {ord(char): None for char in set(text) if unicodedata.category(char)[0] == "M"}
        text = text.translate(marks)
    text = text.casefold()
    runs = _RUN.findall(text)
    if text.isascii() or not _IS_UNSPACED.search(text):
        return _stems(runs)
    found: list[str] = []
    for run in runs:
        if not _IS_UNSPACED.match(run):
            found += _stems([run])
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[index : index + 2] for index in range(len(run) - 1))
    return found
