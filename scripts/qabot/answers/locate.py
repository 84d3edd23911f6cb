"""Finds where an answer is in the documents that its question is about."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from answerer.passages import BREAK
from answerer.spans import Span
from qabot.answers.markdown import sentence
from qabot.answers.model import Answer
from qabot.answers.places import NOWHERE, Place, Places

if TYPE_CHECKING:
    from qabot.answers.model import Result
    from qabot.documents.passage import Passage
    from qabot.questions.parse import Question


def find_places(question: Question, result: Result) -> Places:
    """Where an answer is in the documents that its question is about.

    Args:
        question: with the passages that were read.
        result: its answer.

    Returns:
        `NOWHERE` for a question that brings its context, and for a failure.
    """
    if not question.passages or not isinstance(result, Answer):
        return NOWHERE
    answer = _everywhere(question, result.span) if result.span.answer else ()
    return Places(answer, tuple(_place(question, span) for span in result.alternatives))


def _place(question: Question, span: Span) -> Place:
    passage, start = _passage(question, span.start)
    return place_of(passage, start, start + len(span.answer))


def place_of(passage: Passage, start: int, end: int) -> Place:
    """The place of a part of a passage.

    Args:
        passage: of a document.
        start: offset in its text of the part's first code point.
        end: offset after the last one.
    """
    number = passage.place(start)
    place = Place(passage.document, passage.start + start, passage.start + end, passage.headings)
    return place if number is None else replace(place, unit=passage.unit, number=number)


def _passage(question: Question, offset: int) -> tuple[Passage, int]:
    """The passage that an offset of the context is in, and the offset in it."""
    for passage in question.passages:
        if offset <= len(passage.text):
            return passage, offset
        offset -= len(passage.text) + len(BREAK)
    raise ValueError("an offset outside of the context")


def _everywhere(question: Question, span: Span) -> tuple[Place, ...]:
    own, start = _passage(question, span.start)
    end = start + len(span.answer)
    places = [place_of(own, start, end)]
    before, answer, after = sentence(own.text, Span(span.answer, start, end, span.score))
    # Whatever the white space between the words is.
    same = re.compile(f"{_words(before)}({_words(answer)}){_words(after)}")
    for passage in (*question.passages, *question.copies):
        if passage.document in {place.document for place in places}:
            continue
        found = same.search(passage.text)
        if found is not None:
            places.append(place_of(passage, *found.span(1)))
    return tuple(places)


def _words(text: str) -> str:
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))
