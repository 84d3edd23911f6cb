"""A repository on GitHub, made of this one's files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.qabot.github.remotes import Origin, git
from tests.workflows.harness import GitHub
from tests.workflows.reader import Reader


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """GitHub's parser and expressions."""
    with Reader(tmp_path_factory.mktemp("reader")) as reader:
        yield reader


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository of this one's files, without samples: an empty fork."""
    folder = tmp_path_factory.mktemp("template")
    origin = Origin(folder)
    work = folder / "work"
    git(folder, "clone", "--quiet", str(origin.path), str(work))
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout.split(b"\0")
    for name in filter(None, map(os.fsdecode, listed)):
        sample = (
            name.startswith(("questions/", "answers/", "tests/", "tools/"))
            and name != "questions/schema.json"
        )
        if not sample and (ROOT / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, work / name, follow_symlinks=False)
    git(work, "checkout", "--quiet", "-B", "main")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "Fork")
    git(work, "push", "--quiet", "origin", "main")
    return origin.path


@pytest.fixture
def origin(template: Path, tmp_path: Path) -> Origin:
    """An empty fork."""
    shutil.copytree(template, tmp_path / "origin.git")
    made = Origin.__new__(Origin)
    made.path = tmp_path / "origin.git"
    made._folder = tmp_path
    made._clones = 0
    return made


@pytest.fixture
def github(reader: Reader, origin: Origin, tmp_path: Path) -> GitHub:
    """That fork on GitHub."""
    return GitHub(reader, origin.path, tmp_path)


@pytest.fixture
def action(template: Path, tmp_path: Path) -> Path:
    """The repository of the action, with the tag v1."""
    copy = tmp_path / "action.git"
    shutil.copytree(template, copy)
    git(copy, "tag", "v1", "main")
    return copy


@pytest.fixture
def hosted(reader: Reader, caller: Origin, action: Path, tmp_path: Path) -> GitHub:
    """A module's own fixture `caller` on GitHub, with the action published."""
    workflows = caller.clone().root / ".github/workflows"
    return GitHub(
        reader, caller.path, tmp_path, published={"acme/qabot": action}, workflows=workflows
    )
