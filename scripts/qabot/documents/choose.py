"""Chooses, for each question about documents, the passages that are read to answer it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from answerer.passages import BREAK
from qabot.errors import Problem
from qabot.questions.read import Questions, QuestionSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from qabot.documents.library import Library
    from qabot.documents.passage import Passage
    from qabot.questions.parse import Question
    from qabot.questions.read import Questions

# Passages that are read for a question. In the benchmark the right one is among the first five for 97
# questions of 100.
PASSAGES = 5


def choose(
    root: Path, questions: Questions, warn: Callable[[Problem], None], checkout: Path | None = None
) -> Questions:
    """Give every question about documents the passages to read.

    Args:
        root: the repository.
        questions: what `questions/` holds.
        warn: called with each document that cannot be read.
        checkout: the repository whose indexes are used, where `root` is a copy of it.

    Returns:
        The questions; a file about documents none of which can be read becomes a problem.
    """
    if not questions.about_documents:
        return questions
    problems = list(questions.problems)
    sets = []
    with _library(root, warn, checkout) as library:
        for question_set in questions.sets:
            chosen = tuple(_chosen(library, question) for question in question_set.questions)
            empty = [question for question in chosen if not question.context]
            problems += [_nothing(question) for question in empty]
            if not empty:
                sets.append(QuestionSet(question_set.source, chosen))
    return replace(questions, sets=tuple(sets), problems=tuple(sorted(problems)))


def choose_for(root: Path, question: Question, warn: Callable[[Problem], None]) -> Question:
    """Give one question about documents the passages to read; none where no document can be read.

    Args:
        root: the repository.
        question: with the globs of its documents.
        warn: called with each document that cannot be read.
    """
    with _library(root, warn) as library:
        return _chosen(library, question)


def every_passage(root: Path, warn: Callable[[Problem], None]) -> list[Passage]:
    """The passages of all documents, by path and place.

    Args:
        root: the repository.
        warn: called with each document that cannot be read.
    """
    with _library(root, warn) as library:
        return list(library.index(["**"]).passages())


def joined(passages: Iterable[Passage]) -> str:
    """The text that is read of passages."""
    return BREAK.join(passage.text for passage in passages)


def _library(root: Path, warn: Callable[[Problem], None], checkout: Path | None = None) -> Library:
    from qabot.documents.library import Library, cache_folder  # imports sqlite3

    return Library(root, warn, cache_folder(checkout or root))


def _chosen(library: Library, question: Question) -> Question:
    if not question.documents:
        return question
    found = library.search(question.documents, question.question, PASSAGES)
    passages = tuple(passage for passage, _ in found)
    # If no passage shares a word with the question, the model reads the first ones.
    passages = passages or tuple(library.index(question.documents).first(PASSAGES))
    index = library.index(question.documents)
    copies = tuple(copy for passage in passages for copy in index.copies(passage))
    return replace(question, context=joined(passages), passages=passages, copies=copies)


def _nothing(question: Question) -> Problem:
    return Problem(
        question.source,
        question.line,
        0,
        f"none of the documents {', '.join(map(repr, question.documents))} can be read",
        "correct them as the warnings say",
    )
