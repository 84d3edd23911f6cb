from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from qabot.cli import main
from tests.conftest import Repository
from tests.qabot.site.samples import peach


@pytest.fixture
def here(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(peach(repository).root)
    return repository


def browser(here: Repository, monkeypatch: pytest.MonkeyPatch, *, works: bool) -> Path:
    """A browser that records the page that it is asked to show."""
    shown = here.root / "shown"
    script = here.write(
        "bin/browser",
        f"#!{sys.executable}\nimport sys\nopen({str(shown)!r}, 'w').write(sys.argv[1])\n"
        f"sys.exit({0 if works else 1})\n",
    )
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setenv("DISPLAY", "")
    # `webbrowser` asks the environment once a process.
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})
    return shown


def test_it_says_where_the_page_is(here: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "--out", "public"]) == 0
    size = (here.root / "public/index.html").stat().st_size
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"wrote {Path('public/index.html')} ({size:,} bytes)\n"


def test_it_wants_a_folder_or_a_browser(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site"]) == 2
    said = "give --out DIR to write the page, or --open to show it"
    assert said in capsys.readouterr().err
    assert not list(here.root.rglob("index.html"))


@pytest.mark.parametrize("out", [["--out", "öffentlich #1"], []])
def test_it_opens_the_page(
    here: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: list[str]
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    shown = browser(here, monkeypatch, works=True)
    assert main(["site", *out, "--open"]) == 0
    (page,) = here.root.rglob("index.html")
    assert shown.read_text() == page.as_uri()
    assert (
        page.parent.name == "öffentlich #1" if out else page.parent.name.startswith("qabot-site-")
    )


def test_a_browser_that_does_not_open_is_reported(
    here: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser(here, monkeypatch, works=False)
    assert main(["site", "--out", "public", "--open"]) == 2
    path = Path("public/index.html")
    assert f"no browser can be opened here; open {path} yourself" in capsys.readouterr().err
    assert path.is_file()


def test_a_folder_that_cannot_be_written_is_reported(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("public", "a file")
    assert main(["site", "--out", "public"]) == 1
    err = capsys.readouterr().err
    assert f"cannot write {Path('public/index.html')}: " in err
    assert "give another folder with --out" in err


def test_mistakes_do_not_keep_the_rest_from_being_shown(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("questions/broken.yaml", "questions: 1\n")
    assert main(["site", "--out", "public"]) == 0
    assert "1 mistake in questions/: the page shows the rest" in capsys.readouterr().err
    assert "Momotaro" in here.read("public/index.html")


def test_live_it_takes_every_document_along_and_warns_of_one_once(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("documents/ferry.md", "# Ferry\n\nIts captain was Nils Hagen.\n")
    here.write("documents/broken.pdf", "this is not a PDF")
    here.write("questions/ferry.yaml", "documents: ['*']\nquestions: [Who was the captain?]\n")
    assert main(["site", "--out", "public", "--live"]) == 0
    (document,) = json.loads(here.read("public/live/documents.json"))
    assert document["name"] == "ferry.md"
    assert document["passages"] == [
        ["Ferry\n\nIts captain was Nils Hagen.", ["Ferry"], [[0, 1], [7, 3]]]
    ]
    assert capsys.readouterr().err.count("documents/broken.pdf") == 1
    assert main(["site", "--out", "plain"]) == 0
    assert list(here.files("plain")) == ["plain/index.html"]
