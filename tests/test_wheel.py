"""The program as installed without a checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.conftest import ROOT, Repository


@pytest.fixture(scope="module")
def qabot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command, in an environment with what the lock holds, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([ROOT / "scripts/release", "wheel", folder], check=True)
    (wheel,) = folder.glob("qabot-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    lock = (ROOT / "requirements/answer.txt").read_text("utf-8")
    locked = set(re.findall("^([^ =]+)==", lock, re.MULTILINE))
    # This environment has the same versions: its lock holds that one.
    for package in metadata.distributions():
        if package.name.lower().replace("_", "-") in locked:
            for top in {file.parts[0] for file in package.files or [] if file.parts[0] != ".."}:
                (site / top).symlink_to(str(package.locate_file(top)))
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True)
    return folder / "venv/bin/qabot"


def run(qabot: Path, folder: Path, *arguments: str) -> str:
    """The output of an installed command, outside of this checkout."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(qabot), *arguments], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_a_wheel_answers_with_the_model_inside_of_it(qabot: Path, tmp_path: Path) -> None:
    assert "Momotaro" in run(
        qabot, tmp_path, "ask", "She named the baby Momotaro.", "What is the baby's name?"
    )
    repository = Repository(tmp_path)
    repository.write(
        "questions/peach.yaml",
        "context: She named the baby Momotaro.\nquestions: [What is the baby's name?]\n",
    )
    run(qabot, tmp_path, "answer")
    assert "Momotaro" in (tmp_path / "answers/peach.yaml").read_text("utf-8")
    run(qabot, tmp_path, "site", "--out", "page")
    assert "Momotaro" in (tmp_path / "page/index.html").read_text("utf-8")
