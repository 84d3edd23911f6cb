"""SQuAD's file format and its two measures.

The measures are those of the official scripts for v1.1 and v2.0
(https://rajpurkar.github.io/SQuAD-explorer/): texts compared in lower case without punctuation and
articles; of several right answers, the one that matches best.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qabot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Example:
    """One question of a SQuAD file.

    Args:
        id: unique in the file.
        context: the paragraph.
        question: about it.
        answers: the right answers' texts and where each starts in the context, in code points;
            empty where the context holds none (v2.0).
        article: which of the file's articles it is about, counted from 0.
    """

    id: str
    context: str
    question: str
    answers: tuple[tuple[str, int], ...]
    article: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """The right answers as the measures want them: one empty text where there is none."""
        return tuple(text for text, _ in self.answers if normalise(text)) or ("",)


def read(path: Path, *, elsewhere: bool = False) -> list[Example]:
    """Read a SQuAD v1.1 or v2.0 file.

    Args:
        path: the file.
        elsewhere: after each question that its paragraph answers, ask it of another paragraph of its
            article that holds none of its answers, where there is one.

    Raises:
        UsageError: it cannot be read, or is another format.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    try:
        examples = [
            _example(paragraph["context"], entry, number)
            for number, article in enumerate(raw["data"] if isinstance(raw, dict) else raw)
            for paragraph in article["paragraphs"]
            for entry in paragraph["qas"]
        ]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise UsageError(
            f"{path} is not a SQuAD file ({error!r}); expected "
            '{"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "question": …, '
            '"answers": [{"text": …, "answer_start": …}]}]}]}]}'
        ) from error
    twice = [id_ for id_, times in Counter(example.id for example in examples).items() if times > 1]
    if twice:
        # Predictions are by id: one of two would be lost.
        raise UsageError(f"{path} has two questions with the id '{twice[0]}'; give each its own")
    if not examples:
        raise UsageError(f"{path} has no questions; name a SQuAD file that has some")
    return list(_with_elsewhere(examples)) if elsewhere else examples


def _with_elsewhere(examples: Sequence[Example]) -> Iterator[Example]:
    articles: dict[int, list[str]] = {}
    for example in examples:
        article = articles.setdefault(example.article, [])
        if example.context not in article:
            article.append(example.context)
    for example in examples:
        yield example
        if example.texts == ("",):
            continue
        article = articles[example.article]
        first = article.index(example.context) + 1
        answers = [normalise(text) for text in example.texts]
        for context in (*article[first:], *article[: first - 1]):
            if not any(answer in normalise(context) for answer in answers):
                yield replace(example, id=f"{example.id} elsewhere", context=context, answers=())
                break


def _example(context: Any, entry: Any, article: int) -> Example:
    # In v2.0 a question without an answer has no answers, but often plausible ones.
    given = entry["answers"]
    if isinstance(given, dict):  # as Hugging Face's datasets have them: a list for each field
        given = [
            {"text": text, "answer_start": start}
            for text, start in zip(given["text"], given["answer_start"], strict=True)
        ]
    answers = tuple((answer["text"], answer["answer_start"]) for answer in given)
    for text in (context, entry["question"], *(text for text, _ in answers)):
        if not isinstance(text, str):
            raise TypeError(f"{text!r}")
    return Example(str(entry["id"]), context, entry["question"], answers, article)


def normalise(text: str) -> str:
    """What the measures compare: lower case, no punctuation, no articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, right: tuple[str, ...]) -> float:
    """1 where an answer is one of the right ones, once normalised, else 0."""
    return float(any(normalise(answer) == normalise(text) for text in right))


def f1(answer: str, right: tuple[str, ...]) -> float:
    """Harmonic mean of the precision and recall of an answer's words; the best of the right ones."""
    return max(_f1(normalise(answer).split(), normalise(text).split()) for text in right)


def _f1(answer: list[str], right: list[str]) -> float:
    if not answer or not right:
        return float(answer == right)
    common = (Counter(answer) & Counter(right)).total()
    return 2 * common / (len(answer) + len(right))
