"""A span: the part of a context that answers a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a context, and how sure the model is of it.

    Args:
        answer: the text, `context[start:end]`.
        start: offset of its first code point in the context.
        end: offset behind its last code point.
        score: probability that it is the answer, in [0, 1].
    """

    answer: str
    start: int
    end: int
    score: float
