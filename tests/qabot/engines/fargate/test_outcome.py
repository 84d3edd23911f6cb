"""Which answers of the table are accepted."""

from __future__ import annotations

import pytest

from answerer.items import Item, Status
from answerer.spans import Span
from qabot.engines.fargate.outcome import is_of

CONTEXT = "It was 1921."


@pytest.mark.parametrize(
    ("span", "believed"),
    [
        (Span("1921", 7, 11, 0.9), True),
        (Span("1922", 7, 11, 0.9), False),
        (Span("1921", -5, -1, 0.9), False),  # Python would count from the end
        (Span("", -1, -1, 0.0), False),
        (Span("", 3, 3, 0.5), False),
    ],
)
def test_an_answer_is_a_part_of_its_context(span: Span, believed: bool) -> None:
    item = Item(key="k", status=Status.ANSWERED, spans=(Span("It", 0, 2, 0.9), span))
    assert is_of(item, CONTEXT) == believed


def test_that_the_text_does_not_say_is_believed() -> None:
    spans = (Span("", 0, 0, 0.8), Span("1921", 7, 11, 0.1))
    assert is_of(Item(key="k", status=Status.ANSWERED, spans=spans), CONTEXT)
