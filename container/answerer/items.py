"""The items of the table: questions, contexts, and the tutorial's items.

Only this module and `answerer.table` know the names of the attributes. Reading is lenient: an invalid
item reads as FAILED, so that its question is asked again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from answerer.errors import InputError
from answerer.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# An item holds 400 KB at most, names included; this leaves ample room for the rest of it.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ANSWER_BYTES = 100_000

# The part of an update expression that writes what `answer` gives.
SET_ANSWER = (
    "#answer = :answer, #score = :score, #start = :start, #end = :end, "
    "#alternatives = :alternatives, #model = :model"
)


class Status(StrEnum):
    """The state of a question."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        """Whether this attempt is over."""
        return self in (Status.ANSWERED, Status.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A question in the table.

    Args:
        key: its `item_id`.
        status: its state.
        attempt: counts the launches of a task for it, from 1; 0 in items of the tutorial's form.
        token: identifies the attempt's launch to ECS, so that it is not launched twice.
        lease: Unix time after which a task that has not reported counts as dead.
        task: ARN of the task that runs or ran it, where that is known.
        question: the question's text.
        context: the text itself in items of the tutorial's form, else `None`.
        context_id: the item that holds the text, else `None`.
        spans: once ANSWERED, the answer and then the alternatives, best first; the
            offsets are -1 where the item has none.
        model: identity of the model that answered.
        kind: short name of what went wrong once FAILED.
        reason: what went wrong, for people.
        permanent: once FAILED, whether only a change to the question or its context can help.
    """

    key: str
    status: Status
    attempt: int = 0
    token: str = ""
    lease: int = 0
    task: str | None = None
    question: str = ""
    context: str | None = None
    context_id: str | None = None
    spans: tuple[Span, ...] = ()
    model: str | None = None
    kind: str | None = None
    reason: str | None = None
    permanent: bool = False


def answer_values(spans: Sequence[Span], model: str) -> dict[str, Any]:
    """The values for `SET_ANSWER`; alternatives that do not fit are left out.

    Args:
        spans: the answer, then the alternatives, best first.
        model: identity of the model that answered.

    Raises:
        InputError: the answer does not fit into an item.
    """
    best, *others = spans
    room = MAX_ANSWER_BYTES - len(best.answer.encode())
    if room < 0:
        raise InputError(
            "answer-too-long",
            f"the answer would be {MAX_ANSWER_BYTES - room:,} bytes, a single word for the "
            "model: the context is not prose; give a text with spaces between its words",
        )
    alternatives = []
    for span in others:
        size = len(span.answer.encode()) + 100
        if size <= room:
            room -= size
            alternatives.append({"M": _span(span)})
    return {
        **{f":{name}": value for name, value in _span(best).items()},
        ":alternatives": {"L": alternatives},
        ":model": {"S": model},
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "answer": {"S": span.answer} if span.found else {"NULL": True},
        "score": {"N": repr(float(span.score))},
        "start": {"N": str(span.start)},
        "end": {"N": str(span.end)},
    }


def key(id_: str) -> dict[str, Any]:
    """The key of an item."""
    return {"item_id": {"S": id_}}


def expiry(seconds: int) -> dict[str, Any]:
    """The attribute after whose Unix time DynamoDB may delete an item."""
    return {"expires_at": {"N": str(seconds)}}


def text(raw: Mapping[str, Any], name: str) -> str:
    """A text, empty where there is none."""
    value = raw.get(name, {}).get("S", "")
    return value if isinstance(value, str) else ""


def number(raw: Mapping[str, Any], name: str, default: float) -> float:
    """A number, also where it was stored as text, as the tutorial's command stores its score."""
    value = raw.get(name, {})
    try:
        parsed = float(value.get("N") or value.get("S") or default)
    except ValueError:
        return default
    return parsed if math.isfinite(parsed) else default


def parse(raw: Mapping[str, Any]) -> Item:
    """The content of an item; an invalid one reads as FAILED, so that it is asked again."""
    spans: tuple[Span, ...] = ()
    if "answer" in raw:
        others = raw.get("alternatives", {}).get("L", [])
        spans = tuple(map(_parse_span, [raw, *(other.get("M", {}) for other in others)]))
    kind, reason = text(raw, "kind") or None, text(raw, "reason") or None
    # The tutorial's command does not write a status: it writes once it has the answer.
    status = text(raw, "status") or (Status.ANSWERED if spans else "")
    # The answer may be missing only where the item says that the text does not answer.
    said = [span.found for span in spans]
    if raw.get("answer", {}).get("NULL") is True:
        said = said[1:]
    whole = bool(spans) and all(said) and all(0 <= span.score <= 1 for span in spans)
    if status not in set(Status) or (status == Status.ANSWERED and not whole):
        status, kind, reason = Status.FAILED, "bad-item", "the table's item is malformed"
    return Item(
        key=text(raw, "item_id"),
        status=Status(status),
        attempt=int(number(raw, "attempt", 0)),
        token=text(raw, "token"),
        lease=int(number(raw, "lease", 0)),
        task=text(raw, "task_arn") or None,
        question=text(raw, "question"),
        context=text(raw, "context") if "context" in raw else None,
        context_id=text(raw, "context_id") or None,
        spans=spans if status == Status.ANSWERED else (),
        model=text(raw, "model") or None,
        kind=kind if status == Status.FAILED else None,
        reason=reason if status == Status.FAILED else None,
        permanent=status == Status.FAILED and raw.get("permanent", {}).get("BOOL") is True,
    )


def _parse_span(raw: Mapping[str, Any]) -> Span:
    return Span(
        answer=text(raw, "answer"),
        start=int(number(raw, "start", -1)),
        end=int(number(raw, "end", -1)),
        score=number(raw, "score", 0.0),
    )
