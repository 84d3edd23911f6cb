"""The comparison with other programs: what it asks, how it measures, and that ours takes part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from answerer.exporting.export import export
from qabot.models.squad import Example
from tests.checkpoints import make_checkpoint
from tools.benchmark import side_by_side

EXAMPLES = [
    Example("a", "The fox jumps in 1921.", "When?", (("1921", 17),)),
    Example("b", "The dog saw the fox.", "Who saw?", (("The dog", 0),)),
    Example("c", "He said it.", "Who said it?", (("He", 0),)),
    Example("d", "She heard it.", "Who heard it?", (("She", 0),)),
]


def test_fewer_questions_come_from_the_whole_file() -> None:
    assert side_by_side.thinned(EXAMPLES, None) == EXAMPLES
    assert side_by_side.thinned(EXAMPLES, 9) == EXAMPLES
    assert [example.id for example in side_by_side.thinned(EXAMPLES, 2)] == ["a", "c"]


def test_answers_are_measured_as_squad_does(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    answers = {"a": "1921", "b": "dog", "c": "saw it", "d": "she heard"}
    printed = json.dumps({"answers": answers, "seconds": 250})
    program.write_text(f"print('a note of a library')\nprint({printed!r})\n")
    row = side_by_side.run("a program", [sys.executable, str(program)], EXAMPLES)
    f1 = 100 * (1 + 1 + 0 + 2 / 3) / 4
    *figures, memory = row.strip("| ").split(" | ")
    assert figures == ["a program", "50.0", f"{f1:.1f}", "0.016"]
    assert int(memory) > 1


def test_ours_answers_every_question(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint", "bert")
    export(str(checkpoint), tmp_path / "model", quantise=False)
    questions = tmp_path / "questions.json"
    questions.write_text(
        json.dumps([(example.id, example.context, example.question) for example in EXAMPLES])
    )
    program = side_by_side.program("answerer_model")
    command = [sys.executable, *program, str(tmp_path / "model"), str(questions)]
    row = side_by_side.run("ours", command, EXAMPLES)
    _, exact_match, f1, per_second, _ = row.strip("| ").split(" | ")
    assert float(per_second) > 0
    assert 0 <= float(exact_match) <= float(f1) <= 100


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(venv, "create", lambda folder, **_: Path(folder).mkdir(exist_ok=True))
    monkeypatch.setattr(subprocess, "run", lambda command, **_: made.append(command))
    for packages in (("one==1",), ("one==1",), ("one==2",)):
        python = side_by_side.environment(tmp_path / "peer", packages)
        assert os.fspath(python) == os.fspath(tmp_path / "peer/bin/python")
    assert [command[-1] for command in made] == ["one==1", "one==2"]
