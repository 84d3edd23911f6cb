"""Finds where an answer is in the documents that its question is about."""

from __future__ import annotations

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
    return place_of(passage, start)


def place_of(passage: Passage, offset: int) -> Place:
    """The place of an offset in a passage."""
    number = passage.place(offset)
    if number is None:
        return Place(passage.document, passage.headings)
    return Place(passage.document, passage.headings, passage.unit, number)


def _passage(question: Question, offset: int) -> tuple[Passage, int]:
    """The passage that an offset of the context is in, and the offset in it."""
    for passage in question.passages:
        if offset <= len(passage.text):
            return passage, offset
        offset -= len(passage.text) + len(BREAK)
    raise ValueError("an offset outside of the context")


def _everywhere(question: Question, span: Span) -> tuple[Place, ...]:
    own, start = _passage(question, span.start)
    places = [place_of(own, start)]
    before, _, after = sentence(own.text, _moved(span, start))
    whole = " ".join(f"{before}{span.answer}{after}".split())
    for passage in (*question.passages, *question.copies):
        if passage.document == own.document or passage.document in {p.document for p in places}:
            continue
        if whole in " ".join(passage.text.split()):
            at = passage.text.find(span.answer)
            places.append(place_of(passage, max(0, at)))
    return tuple(places)


def _moved(span: Span, start: int) -> Span:
    return Span(span.answer, start, start + len(span.answer), span.score)
