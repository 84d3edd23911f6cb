"""`qabot answer --timeline FILE`: what is kept of a run, however it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qabot.cli import main
from qabot.commands import selection
from qabot.timeline import file
from tests.conftest import Repository
from tests.qabot.scripted import ScriptedEngine

if TYPE_CHECKING:
    from qabot.answers.model import Request


@pytest.fixture
def repository(repository: Repository) -> Repository:
    """A repository with one question."""
    repository.write("questions/a.yaml", "context: It was 1921.\nquestions: [When?]\n")
    return repository


def test_answer_writes_it(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("questions/a.yaml", "context: It was 1921.\nquestions: [When?, What year?]\n")
    outputs = repository.root / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    path = repository.root / "kept" / "timeline.json"
    arguments = ["--root", str(repository.root), "answer", "--timeline", str(path)]
    assert main([*arguments, "--dry-run"]) == 0
    assert not path.parent.exists()
    assert main(arguments) == 0
    timeline = file.read(path)
    assert timeline.engine == "runner"
    assert set(map(len, (track.events for track in timeline.tracks))) == {3}
    assert "timeline=true" in outputs.read_text().splitlines()
    answers = repository.files("answers")
    outputs.write_text("")
    assert main(arguments) == 0
    assert file.read(path).questions == 0, "nothing was asked"
    assert "timeline=false" in outputs.read_text().splitlines()
    assert repository.files("answers") == answers, "a time has got into the answers"


def test_a_run_that_is_broken_off_keeps_its_timeline(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("questions/a.yaml", "context: c\nquestions: [one, two, three]\n")

    def interrupt(request: Request) -> None:
        if request.question == "two":
            raise KeyboardInterrupt

    engine = ScriptedEngine(interrupt)
    monkeypatch.setattr(selection, "make_engine", lambda *_, **__: engine)
    path = repository.root / "timeline.json"
    assert main(["--root", str(repository.root), "answer", "--timeline", str(path)]) == 130
    ends = [track.end.what for track in file.read(path).tracks]
    assert ends == ["answered", "stopped", "stopped"]


def test_where_it_can_t_be_written_nothing_is_asked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(repository.root)
    assert main(["--root", folder, "answer", "--timeline", folder]) == 2
    assert "is a folder; give --timeline the name of a file" in capsys.readouterr().err
    assert not (Path(folder) / "answers").exists()


def test_a_file_that_can_t_be_written_in_the_end_costs_no_answer(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(file, "prepare", lambda path: None)
    path = repository.root / "none" / "timeline.json"
    assert main(["--root", str(repository.root), "answer", "--timeline", str(path)]) == 0
    assert (
        "none/timeline.json: No such file or directory; give --timeline another file"
        in capsys.readouterr().err
    )
    assert "answers/a.yaml" in repository.files("answers")


def test_what_a_program_reads_is_json(repository: Repository) -> None:
    path = repository.root / "timeline.json"
    assert main(["--root", str(repository.root), "answer", "--timeline", str(path)]) == 0
    [question] = json.loads(path.read_text())["questions"]
    assert question["key"] in repository.read("answers/a.yaml")
