"""The content of the page: every question with its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.model import (
    Answer,
    Failure,
    Result,
    is_as_expected,
    is_calibrated,
    is_doubtful,
    is_in,
)
from qabot.answers.places import NOWHERE, Place, Places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from answerer.spans import Span
    from qabot.answers.model import Entry
    from qabot.questions.parse import Question
    from qabot.questions.read import Questions

# A context is in the page once, however many questions share it, within these numbers of code points
# for each and for all; otherwise the page links to its file.
MAX_CONTEXT = 100_000
MAX_CONTEXTS = 4_000_000


class Mark(StrEnum):
    """Properties of answers that the page filters by."""

    DOUBTFUL = "doubtful"
    FAILED = "failed"
    UNEXPECTED = "unexpected"
    STALE = "stale"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Item:
    """One question on the page.

    Args:
        id: the question's, unique in its set.
        text: the question.
        question: from `questions/`; None if its file has mistakes or is gone.
        result: its answer, or why there is none; None if it has not been asked.
        marks: its properties.
        entry: of the answers file; None if it has none.
    """

    id: str
    text: str
    question: Question | None
    result: Result | None
    marks: frozenset[Mark]
    entry: Entry | None = None

    @property
    def places(self) -> Places:
        """Where the answer is in the documents."""
        return NOWHERE if self.entry is None else self.entry.places

    @property
    def alternatives(self) -> list[tuple[Span, Place | None]]:
        """The alternatives that people should see."""
        return [] if self.entry is None else self.entry.shown_alternatives

    @property
    def answer(self) -> Answer | None:
        """The answer, if there is one."""
        return self.result if isinstance(self.result, Answer) else None

    @property
    def failure(self) -> Failure | None:
        """Why it has no answer, if it failed."""
        return self.result if isinstance(self.result, Failure) else None

    @property
    def found(self) -> Answer | None:
        """The answer, if its span is a part of the question's context."""
        return self.answer if self.question and Mark.STALE not in self.marks else None


@dataclass(frozen=True, slots=True)
class ShownSet:
    """One question file.

    Args:
        name: its path below `questions/` without the suffix.
        source: the question file, relative to the repository, with `/`.
        answers_path: its answers file; None if there is none.
        items: in the order of the questions.
    """

    name: str
    source: str
    answers_path: str | None
    items: tuple[Item, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The identities of the models that answered."""
        return tuple(sorted({item.result.model for item in self.items if item.result}))

    @property
    def is_calibrated(self) -> bool:
        """Whether the scores are probabilities."""
        return is_calibrated(item.result for item in self.items if item.result)

    @property
    def scores(self) -> list[float]:
        """The scores of the answers."""
        return [item.answer.span.score for item in self.items if item.answer]


class Contexts:
    """The contexts in the page, numbered in order of first use."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int | None] = {}
        self._room = MAX_CONTEXTS

    def number(self, context: str) -> int | None:
        """The number of a context; None if it is too long to be in the page."""
        if context not in self._numbers:
            if len(context) > min(MAX_CONTEXT, self._room):
                self._numbers[context] = None
            else:
                self._room -= len(context)
                self._numbers[context] = len(self.texts)
                # Between two passages of documents; shown as the end of a line.
                self.texts.append(context.replace("\f", "\n"))
        return self._numbers[context]


def gather(root: Path, questions: Questions) -> list[ShownSet]:
    """Every set of the repository, by its name.

    A set whose question file has mistakes is shown from its answers file; one whose question file is
    gone is not shown: the next run removes it.

    Args:
        root: the repository.
        questions: the content of `questions/`.
    """
    stored = store.read_all(root)
    known = {shown.source: shown for shown in questions.sets}
    keys: dict[str, Keys] = {}  # by model: each caches the hashes of contexts
    shown = []
    for source in questions.sources:
        path = store.answers_path(source)
        file = stored.get(path)
        entries = file.answers.entries if file is not None and file.answers is not None else ()
        if source in known:
            by_id = {entry.id: entry for entry in entries}
            items = tuple(_item(question, by_id, keys) for question in known[source].questions)
        else:
            items = tuple(map(_unread, entries))
        if items:
            name = str(PurePosixPath(*PurePosixPath(source).parts[1:]).with_suffix(""))
            shown.append(ShownSet(name, source, path if entries else None, items))
    return sorted(shown, key=lambda made: made.name)


def _item(question: Question, entries: Mapping[str, Entry], keys: dict[str, Keys]) -> Item:
    entry = entries.get(question.id)
    result = None if entry is None else entry.result
    marks = set()
    if result is None:
        marks.add(Mark.WAITING)
    elif _key(question, result.model, keys) != result.key:
        marks.add(Mark.STALE)
    elif isinstance(result, Answer):
        span = result.span
        if not is_in(span, question.context):
            marks.add(Mark.STALE)
        elif is_as_expected(span, question) is False:
            marks.add(Mark.UNEXPECTED)
    return Item(
        question.id,
        question.question,
        question,
        result,
        frozenset(marks | _of_result(result)),
        entry,
    )


def _key(question: Question, model: str, keys: dict[str, Keys]) -> str:
    return keys.setdefault(model, Keys(model)).key(question.context, question.question)


def _unread(entry: Entry) -> Item:
    return Item(entry.id, entry.question, None, entry.result, _of_result(entry.result), entry)


def _of_result(result: Result | None) -> frozenset[Mark]:
    marks = set()
    if isinstance(result, Failure):
        marks.add(Mark.FAILED)
    elif result is not None and is_doubtful(result):
        marks.add(Mark.DOUBTFUL)
    return frozenset(marks)
