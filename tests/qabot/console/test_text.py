"""Text for a terminal or a log: visible, on one line, never a command."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from qabot.console.text import clean, for_log, json_for_log

HOSTILE = [
    "::error::forged", " ::set-env name=X::y", "##[add-mask]x", "x ##[group]y", "\n::warning::y",
    "\r::warning::y", "\x1b[2J", "a\u2028::notice::b", "%0A::error::x",
]  # fmt: skip


@given(st.text())
def test_clean_text_is_one_visible_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cleaned)
    cleaned.encode()


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_line_of_output_is_a_workflow_command(text: str) -> None:
    line = for_log(text)
    assert not line.lstrip().startswith("::")
    assert "##[" not in line
    assert "##[" not in json_for_log({"answer": text})
    for indent in (None, 2):
        shown = json_for_log([text], indent)
        assert json.loads(shown) == [text]
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_long_text_is_cut() -> None:
    assert clean("x" * 1000, limit=10) == "x" * 9 + "…"
