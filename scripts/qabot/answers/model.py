"""Requests to an engine, its results, and the entries of an answers file."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from answerer import info
from qabot.answers.places import NOWHERE, Place, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from answerer.spans import Span
    from qabot.questions.parse import Question

# Spans that an engine requests from the model: the answer and the next best ones.
TOP_K = 3
# Digits of a score in files.
SCORE_DIGITS = 4

# Below this score an answer is marked as doubtful: it is more likely wrong than right.
DOUBTFUL = 0.5

# Shown where the answer is null.
NOT_SAID = "The text does not say."
# What people read beside the scores of a model without a fit.
NOT_CALIBRATED = "Scores are not calibrated: they compare answers, and are not probabilities."


# At this score or above, an answer in another document is shown even if the first is not doubtful.
CONTRADICTION = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """One question for an engine.

    Args:
        key: identifies the question, its context and the model; see `qabot.answers.key`.
        question: the question.
        context: the text that holds the answer. Requests with the same context share one string.
    """

    key: str
    question: str
    context: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's answer.

    Args:
        key: of the `Request`.
        model: the identity of the model that answered; see `answerer.info`.
        span: the answer; an empty one where the text does not say.
        alternatives: other possible answers, best first.
    """

    key: str
    model: str
    span: Span
    alternatives: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an engine could not answer.

    Args:
        key: of the `Request`.
        model: the identity of the model that was asked.
        kind: a short, stable name of the failure, such as `question-too-long`.
        reason: what happened, for a person.
        attempts: the number of attempts.
        permanent: another attempt cannot help: the context or the question must change.
        evidence: what is known of the failure, such as `stoppedReason`, by name.
    """

    key: str
    model: str
    kind: str
    reason: str
    attempts: int = 1
    permanent: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)


Result: TypeAlias = Answer | Failure


@dataclass(frozen=True, slots=True)
class Entry:
    """One question and what is known of its answer.

    Args:
        id: the question's, unique in its set.
        question: the question.
        result: its answer, or why there is none.
        places: where the answer is, if the question is about documents.
    """

    id: str
    question: str
    result: Result
    places: Places = NOWHERE

    @property
    def shown_alternatives(self) -> list[tuple[Span, Place | None]]:
        """The alternatives that people should see, each with its place."""
        result = self.result
        if not isinstance(result, Answer):
            return []
        places = self.places.alternatives
        if is_doubtful(result) or not result.span.found:
            return list(itertools.zip_longest(result.alternatives, places))
        # Contradictions between documents should be seen, however high the score is.
        own = {place.document for place in self.places.answer}
        return [
            (span, place)
            for span, place in zip(result.alternatives, places, strict=False)
            if span.score >= CONTRADICTION and place.document not in own
        ]


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """One answers file.

    Args:
        source: the question file that it answers, relative to the repository, with `/`.
        entries: in the order of the questions.
    """

    source: str
    entries: tuple[Entry, ...]


def is_doubtful(result: Result) -> bool:
    """Whether a person should look twice at an answer."""
    return isinstance(result, Answer) and result.span.score < DOUBTFUL


def is_calibrated(results: Iterable[Result]) -> bool:
    """Whether the scores of all answers are probabilities; see `qabot model calibrate`."""
    answers = (result for result in results if isinstance(result, Answer))
    return all(info.is_calibrated(answer.model) for answer in answers)


def is_as_expected(span: Span, question: Question) -> bool | None:
    """Whether an answer is what its question expects.

    Args:
        span: the answer.
        question: says what is expected.

    Returns:
        None where the question expects nothing.
    """
    if question.expect_no_answer:
        return not span.found
    if not question.expect:
        return None
    return contains_one(span.answer, question.expect)


def contains_one(answer: str, expected: Sequence[str]) -> bool:
    """Whether an answer contains one of the texts, compared as people see them.

    Case, white space, invisible characters, and the several ways in which Unicode writes what looks the
    same (composed or not, full width, ligatures) make no difference.

    Args:
        answer: the answer.
        expected: parts of right answers.
    """
    seen = _as_seen(answer)
    return any(_as_seen(text) in seen for text in expected)


def _as_seen(text: str) -> str:
    # Twice, as the Unicode Standard defines compatibility caseless matching (3.13, D146).
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return " ".join(text.replace("\u2010", "-").split())


def rounded(result: Result) -> Result:
    """A result with its scores rounded to four digits, as in answers files.

    The run that answers must show and decide the same as later runs, which read the file.
    """
    if not isinstance(result, Answer):
        return result
    return replace(
        result,
        span=_rounded(result.span),
        alternatives=tuple(_rounded(span) for span in result.alternatives),
    )


def _rounded(span: Span) -> Span:
    return replace(span, score=round(span.score, SCORE_DIGITS))


def span_fields(span: Span, place: Place | None = None) -> dict[str, Any]:
    """A span for JSON, its score rounded; its answer is null where the text does not say.

    Args:
        span: an answer.
        place: where it is in a document, in whose text `start` and `end` then count.
    """
    span = _rounded(span)
    if not span.found:
        return {"answer": None, "start": None, "end": None, "score": span.score}
    if place is not None:
        span = replace(span, start=place.start, end=place.end)
    return asdict(span)


def entry_fields(entry: Entry) -> dict[str, Any]:
    """An entry for JSON, its spans as from `span_fields`."""
    fields = asdict(entry)
    if isinstance(entry.result, Answer):
        result, places = entry.result, entry.places
        others = itertools.zip_longest(result.alternatives, places.alternatives)
        fields["result"] |= {
            "span": span_fields(result.span, next(iter(places.answer), None)),
            "alternatives": [span_fields(span, place) for span, place in others],
        }
    return fields


def span_in_words(span: Span) -> str:
    """A span and its score on one line, such as `Momotaro (0.93)`; not yet safe to print."""
    return f"{' '.join(span.answer.split()) or NOT_SAID} ({span.score:.2f})"


def is_in(span: Span, context: str) -> bool:
    """Whether a span is in a text, at its place.

    The empty span at 0, which means that the text does not say, is in every text.
    """
    if not span.answer:
        return span.start == span.end == 0
    return 0 <= span.start <= span.end and context[span.start : span.end] == span.answer
