"""The tutorial's commands, typed as the tutorial types them, against the emulated cloud."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tutorial import MOMOTARO
from tools.emulator import Cloud, emulated_cloud
from tools.emulator.typical_faults import CRASHED, HANGS, TaskFaults

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
NAME = "What is the name of the baby?"


@contextmanager
def checkout(root: Path, **arguments: object) -> Iterator[Cloud]:
    """A cloud with the stack, and a checkout whose cdk.json names the bundled model."""
    (root / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "run_task.py", root / "scripts")
    for name in ("scripts/qabot", "container"):
        (root / name).symlink_to(ROOT / name)
    (root / "questions").symlink_to(ROOT / "tests/samples/questions")
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    settings["context"]["qabot"]["model"] = "bundled"
    (root / "cdk.json").write_text(json.dumps(settings), encoding="utf-8")
    with emulated_cloud(**arguments) as cloud:  # type: ignore[arg-type]
        cloud.deploy(model="bundled")
        yield cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Cloud]]:
    root = tmp_path_factory.mktemp("checkout")
    with checkout(root) as cloud:
        yield root, cloud


def run_task(
    root: Path, cloud: Cloud | None, *arguments: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    process = start(root, cloud, *arguments, python=python)
    out, err = process.communicate(timeout=100)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(
    root: Path, cloud: Cloud | None, *arguments: str, python: str = sys.executable
) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [python, "scripts/run_task.py", *arguments],
        cwd=root,
        env={**environ, **(cloud.environ if cloud else {}), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ask_waits_and_prints_the_answer(cloud: tuple[Path, Cloud]) -> None:
    root, aws = cloud
    done = run_task(root, aws, "ask", MOMOTARO, NAME)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:5] == [
        "Submitting task...",
        "Waiting for the task to finish...",
        f"Context: {MOMOTARO}",
        f"Question: {NAME}",
        "Answer: Momotaro",
    ]
    name, score = done.stdout.splitlines()[5].split()
    assert name == "Score:"
    assert 0 < float(score) <= 1
    assert len(aws.tasks) == 1


def test_ask_and_list_answers_print_null_where_the_text_does_not_say(
    cloud: tuple[Path, Cloud],
) -> None:
    root, aws = cloud
    question = "How much is the fare of the ferry to Bergen?"
    asked = run_task(root, aws, "ask", MOMOTARO, question)
    listed = run_task(root, aws, "list_answers")
    for done in (asked, listed):
        assert done.returncode == 0, done.stderr
        assert f"Question: {question}\nAnswer: null\nScore: 0." in done.stdout


def test_ask_many_submits_the_sample_questions_and_list_and_clear_go_with_it(
    cloud: tuple[Path, Cloud],
) -> None:
    root, aws = cloud
    before = len(aws.tasks)
    problems = json.loads(
        (ROOT / "tests/samples/questions/problems.json").read_text(encoding="utf-8")
    )
    run_task(root, aws, "clear")
    done = run_task(root, aws, "ask_many")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Submitting task...\n")
    assert "run_task.py list_answers" in done.stdout
    aws.wait_idle()
    assert len(aws.tasks) - before == len(problems)

    listed = run_task(root, aws, "list_answers").stdout
    assert listed.count("Answer: ") == len(problems)
    for problem in problems:
        assert problem["question"] in listed
    assert "Answer: Rollo" in listed
    assert run_task(root, aws, "list_answers", "--limit", "1").stdout.count("Answer: ") == 1

    assert run_task(root, aws, "clear").stdout == "Deleted all answers in the DynamoDB!\n"
    assert run_task(root, aws, "list_answers").stdout == ""


def test_ask_many_takes_a_file_and_waits_if_asked_to(
    cloud: tuple[Path, Cloud], tmp_path: Path
) -> None:
    root, aws = cloud
    file = tmp_path / "mine.yaml"
    file.write_text(f"context: {MOMOTARO}\nquestions: ['{NAME}']\n", encoding="utf-8")
    done = run_task(root, aws, "ask_many", str(file), "--wait")
    assert done.returncode == 0, done.stderr
    assert "Answer: Momotaro\n" in done.stdout


def test_text_that_would_move_the_terminal_is_escaped(cloud: tuple[Path, Cloud]) -> None:
    root, aws = cloud
    done = run_task(root, aws, "ask", "The name is\n\x1b[31m::error::Hana.", "What is the name?")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert not any(line.startswith("::") for line in done.stdout.splitlines())


def test_what_fails_says_why_on_one_line(cloud: tuple[Path, Cloud], tmp_path: Path) -> None:
    root, aws = cloud
    empty = run_task(root, aws, "ask", " ", NAME)
    assert empty.returncode == 1
    assert "empty-context" in empty.stderr
    missing = run_task(root, aws, "ask_many", str(tmp_path / "none.json"))
    assert missing.returncode == 2
    assert "none.json" in missing.stderr
    nowhere = run_task(root, None, "list_answers")
    assert nowhere.returncode == 3
    assert "AWS_REGION" in nowhere.stderr
    for done in (empty, missing, nowhere):
        assert "Traceback" not in done.stderr


def test_a_python_without_the_environment_names_the_command_that_makes_one(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True, timeout=60
    )
    done = run_task(ROOT, None, "ask", "c", "q", python=str(bare / "bin" / "python"))
    assert done.returncode == 2
    assert "scripts/environment cloud" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_that_crashes_leaves_its_evidence(tmp_path: Path) -> None:
    with checkout(tmp_path, faults=TaskFaults(lambda *_: CRASHED)) as aws:
        done = run_task(tmp_path, aws, "ask", MOMOTARO, NAME)
    assert done.returncode == 1
    assert "crashed" in done.stderr
    assert "exit_code: 1" in done.stderr
    assert len(aws.tasks) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_every_task_in_the_time_that_github_gives(
    number: signal.Signals, tmp_path: Path
) -> None:
    with checkout(tmp_path, faults=TaskFaults(lambda *_: HANGS)) as aws:
        process = start(tmp_path, aws, "ask_many", "--wait")
        while len(aws.tasks) < 4:
            assert process.poll() is None
            time.sleep(0.01)
        begun = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 7.5
        assert process.returncode == 130, err
        assert "interrupted" in err
        assert "Traceback" not in err
        assert [task.desired for task in aws.tasks] == ["STOPPED"] * len(aws.tasks)
