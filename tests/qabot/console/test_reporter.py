"""The reporter: plain, on a terminal, on GitHub; nothing hostile gets through."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.console.reporter import ANNOTATIONS, Reporter
from qabot.errors import Problem
from tests.qabot.console.test_text import HOSTILE


def said(*, github: bool) -> tuple[Reporter, io.StringIO]:
    stream = io.StringIO()
    return Reporter(stream, github=github), stream


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_workflow_command(text: str) -> None:
    report, stream = said(github=True)
    report.note(text)
    with report.progress(1, "title") as advance:
        advance(text)
    lines = stream.getvalue().splitlines()
    own = re.compile(r"::(group::title|endgroup::)")
    for line in lines:
        assert own.fullmatch(line) or not line.lstrip().startswith("::"), line
        assert "##[" not in line


@given(st.text(), st.text())
def test_an_annotation_is_one_command_with_its_own_place(path: str, what: str) -> None:
    report, stream = said(github=True)
    report.error(Problem(path, 3, 5, what, "do"))
    (line,) = stream.getvalue().split("\n")[:-1]
    match = re.fullmatch(r"::error file=([^,:]*),line=3,col=5::(.*)", line)
    assert match is not None
    assert "\r" not in line


def test_annotations_beyond_what_github_shows_are_plain() -> None:
    report, stream = said(github=True)
    for n in range(1, 14):
        report.error(Problem("a.yaml", n, 1, "w", "t"))
    lines = stream.getvalue().splitlines()
    assert sum(line.startswith("::error") for line in lines) == ANNOTATIONS
    assert lines[-1] == "a.yaml:13:1: w; t"


def test_a_plain_log_gets_a_line_a_result() -> None:
    report, stream = said(github=False)
    with report.progress(2, "Answering") as advance:
        advance("one")
        advance("two")
    assert stream.getvalue() == "[1/2] one\n[2/2] two\n"


def test_a_plain_log_of_many_results_stays_short() -> None:
    report, stream = said(github=False)
    with report.progress(5000, "Answering") as advance:
        for _ in range(5000):
            advance("one")
    assert len(stream.getvalue().splitlines()) < 100
    assert "[5000/5000]" in stream.getvalue()


def test_github_gets_a_group() -> None:
    report, stream = said(github=True)
    with report.progress(1, "Answering") as advance:
        advance("one")
    assert stream.getvalue() == "::group::Answering\n[1/1] one\n::endgroup::\n"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    report = Reporter(stream, github=False)
    with report.progress(2, "Answering") as advance:
        advance("secret")
        advance("secret")
    assert "2/2" in stream.getvalue()
    assert "secret" not in stream.getvalue()


def test_a_terminal_that_knows_only_ascii_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Reporter(stream, github=False).note("é 日本")
    stream.flush()
    assert raw.getvalue() == b"\\xe9 \\u65e5\\u672c\n"
