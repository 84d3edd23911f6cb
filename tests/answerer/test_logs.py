from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from answerer.logs import LONGEST, escape, log

if TYPE_CHECKING:
    import pytest


@given(st.text(st.characters()))
def test_any_text_becomes_one_harmless_line(text: str) -> None:
    line = escape(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    line.encode()


def test_what_reorders_or_hides_text_is_escaped_and_letters_are_not() -> None:
    assert escape("a\nb\u202ec\x1b[31m\ud800") == "a\\nb\\u202ec\\x1b[31m\\ud800"
    assert escape("桃太郎 é 🍑") == "桃太郎 é 🍑"


def test_long_text_is_cut() -> None:
    assert escape("x" * 10_000) == "x" * (LONGEST - 1) + "…"


def test_a_line_can_not_be_a_workflow_command(capsys: pytest.CaptureFixture[str]) -> None:
    log("x\n::error::y")
    assert capsys.readouterr().err == "answerer: x\\n::error::y\n"
