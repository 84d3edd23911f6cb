"""The answers that differ from those in `answers/`, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.answers.locate import find_places
from qabot.answers.markdown import cell
from qabot.answers.model import NOT_SAID, Answer, Entry, is_as_expected
from qabot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qabot.answers.model import Result
    from qabot.questions.parse import Question
    from qabot.run.plan import Plan

# The most rows in a summary.
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Changed:
    """A question whose answer has changed.

    Args:
        question: the question.
        before: its entry in `answers/`.
        after: its entry as the next run will write it.
    """

    question: Question
    before: Entry
    after: Entry

    @property
    def broken(self) -> Problem | None:
        """The problem that only the answer before was as expected; None if that is not so."""
        if not _is_met(self.question, self.before.result) or _is_met(
            self.question, self.after.result
        ):
            return None
        expected = ", ".join(self.question.expect) or "no answer"
        what = (
            f"'{self.question.question}' is now answered {_words(self.after)}, "
            f"before {_words(self.before)}"
        )
        return Problem(
            self.question.source,
            self.question.line,
            0,
            what,
            f"expected: {expected}; correct the document, or change what is expected",
        )


def changed(plan: Plan, results: Mapping[str, Result]) -> Iterator[Changed]:
    """The questions with a changed answer, in their order.

    Args:
        plan: of the run.
        results: known after it, by key.
    """
    for planned in plan.sets:
        before = planned.before
        for question, key in planned.questions:
            entry, result = before.get(question.id), results.get(key)
            if entry is None or result is None or _said(entry.result) == _said(result):
                continue
            places = find_places(question, result)
            yield Changed(question, entry, Entry(question.id, question.question, result, places))


def as_markdown(changes: Sequence[Changed]) -> str:
    """The changes as a table, safe whatever their texts contain; empty where there are none."""
    if not changes:
        return ""
    lines = ["### Answers that change", "", "| question | before | after | place |"]
    lines.append("| --- | --- | --- | --- |")
    for change in changes[:_MOST_ROWS]:
        question = change.question
        mark = "❌ " if change.broken else ""
        asked = f"{mark}{cell(question.question)} <br> {cell(question.source)}:{question.line}"
        where = change.after.places.answer or change.before.places.answer
        place = cell(str(where[0])) if where else ""
        lines.append(f"| {asked} | {_cell(change.before)} | {_cell(change.after)} | {place} |")
    if len(changes) > _MOST_ROWS:
        lines += ["", f"… and {len(changes) - _MOST_ROWS} more."]
    return "\n".join(lines) + "\n"


def _is_met(question: Question, result: Result) -> bool:
    return isinstance(result, Answer) and is_as_expected(result.span, question) is True


def _said(result: Result) -> str | None:
    """The text of a result, without its score."""
    return result.span.answer if isinstance(result, Answer) else None


def _words(entry: Entry) -> str:
    said = _said(entry.result)
    if said is None:
        return "not at all"
    return f"'{' '.join(said.split())}'" if said else "not"


def _cell(entry: Entry) -> str:
    said = _said(entry.result)
    if said is None:
        return "*no answer*"
    return cell(said) if said else f"*{NOT_SAID}*"
