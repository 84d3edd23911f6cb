from __future__ import annotations

import os
from pathlib import Path

import pytest

from qabot.errors import SiteError
from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.site.build import build
from tests.conftest import Repository
from tests.qabot.site.pages import site
from tests.qabot.site.samples import peach


def test_nothing_else_in_the_folder_is_touched(repository: Repository) -> None:
    repository.write("out/CNAME", "answers.example")
    repository.write("out/.nojekyll", "")
    repository.write("out/assets/logo.svg", "<svg/>")
    before = repository.files("out")
    path = site(peach(repository))
    after = repository.files("out")
    assert path == repository.root / "out/index.html"
    assert after.pop("out/index.html").startswith(b"<!doctype html>")
    assert after == before, "no file of somebody else's, and nothing left behind"


def test_a_folder_is_made_where_it_is_missing(repository: Repository) -> None:
    root = peach(repository).root
    assert build(root, read_questions(root), root / "a/b", Links()).is_file()


@pytest.mark.parametrize("taken", ["out", "out/index.html/x"])
def test_a_page_that_cannot_be_written_is_reported(repository: Repository, taken: str) -> None:
    repository.write(taken, "somebody's")
    with pytest.raises(SiteError, match=r"cannot write .*index\.html: .*; give another folder"):
        site(peach(repository))
    assert repository.read(taken) == "somebody's"
    assert not list(repository.root.rglob("*.qabot-tmp"))


def test_the_page_appears_in_one_step(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = site(peach(repository)).read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:100])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SiteError, match="No space left on device"):
        site(repository)
    assert (repository.root / "out/index.html").read_bytes() == before
    assert list(repository.files("out")) == ["out/index.html"]
