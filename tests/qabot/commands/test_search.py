"""`qabot search`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qabot.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Repository


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(repository: Repository, *arguments: str) -> int:
    return main(["--root", str(repository.root), "search", *arguments])


def test_passages_are_printed_with_their_places(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/a.md", "# Leave\n\nThere are 28 days\nof leave.\n")
    repository.write("documents/b.html", "<p>Leave\x1b[31m the room.\n::error::x</p>")
    assert run(repository, "days of leave") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "documents/a.md:1  [Leave]  Leave There are 28 days of leave."
    assert "\x1b" not in out
    assert run(repository, "--documents", "b*", "--json", "leave") == 0
    fields = json.loads(capsys.readouterr().out)
    assert fields["document"] == "documents/b.html"
    assert fields["line"] == 1
    assert "heading" not in fields


def test_nothing_found_is_said(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("documents/a.md", "# Leave\n\nThere are 28 days.\n")
    assert run(repository, "bicycles") == 1
    assert "no passage has a word of the question" in capsys.readouterr().err


def test_a_glob_that_matches_nothing_says_what_there_is(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/a.md", "# Leave\n\nThere are 28 days.\n")
    assert run(repository, "--documents", "handbook/*", "leave") == 2
    assert "'handbook/*' matches no document; there are: a.md" in capsys.readouterr().err
    assert run(repository, "--documents", "../x", "leave") == 2
    assert "'../x' leaves documents/" in capsys.readouterr().err


def test_a_document_that_cannot_be_read_is_named(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/a.md", "# Leave\n\nThere are 28 days.\n")
    repository.write("documents/b.txt", "Leave".encode("utf-16"))
    assert run(repository, "leave") == 0
    assert "documents/b.txt: is UTF-16, not UTF-8; save it as UTF-8" in capsys.readouterr().err
