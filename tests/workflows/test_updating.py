"""docs/updating.md, followed in a fork and in a repository that was made of the template."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.qabot.github.remotes import git
from tests.workflows.harness import make_environment
from tests.workflows.test_answer import PEACH

SAMPLE = "context: It was 1921.\nquestions: [When was it?]\n"
OWN = {
    "questions/mine.yaml": PEACH,
    "answers/mine.md": "An earlier answer.\n",
    "documents/mine.md": "# Mine\n",
}
NEW = "docs/what-is-new.md"


def commands(heading: str) -> list[str]:
    """The commands below a heading of the page, by code block."""
    page = (ROOT / "docs/updating.md").read_text("utf-8")
    (section,) = re.findall(rf"^# {heading}\n(.*?)(?=^# |\Z)", page, re.DOTALL | re.MULTILINE)
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def commit(folder: Path, files: dict[str, str | None], message: str) -> None:
    """Commit files; None removes one."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.fixture
def upstream(template: Path, tmp_path: Path) -> Path:
    """A clone of the repository that is forked, with a sample."""
    git(tmp_path, "clone", "--quiet", str(template), "upstream")
    sample: dict[str, str | None] = {"questions/sample.yaml": SAMPLE, "answers/sample.md": "1921\n"}
    commit(tmp_path / "upstream", sample, "Sample")
    return tmp_path / "upstream"


def follow(own: Path, upstream: Path, script: str, expected: int = 0) -> str:
    """Run a block of the page; what it printed."""
    script = script.replace("https://github.com/OWNER/qabot", str(upstream))
    person = {
        f"GIT_{who}_{what}": "person@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["bash", "-e"], input=script, cwd=own, env={**os.environ, **person, **nothing},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def check(own: Path) -> None:
    """What is own is as it was, what is new is there, and everything is committed but the answers."""
    assert (own / NEW).is_file()
    assert (own / "questions/mine.yaml").read_text("utf-8") == PEACH
    assert (own / "documents/mine.md").read_text("utf-8") == OWN["documents/mine.md"]
    assert 'answer: "Momotaro"' in (own / "answers/mine.yaml").read_text("utf-8")
    changed = git(own, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert all("answers/" in line for line in changed), changed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("removed", [False, True], ids=["samples kept", "samples removed"])
def test_a_fork(upstream: Path, tmp_path: Path, removed: bool) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(upstream), "fork.git")
    git(tmp_path, "clone", "--quiet", "fork.git", "fork")
    fork = tmp_path / "fork"
    commit(fork, {**OWN, **({"questions/sample.yaml": None} if removed else {})}, "Ask")
    commit(upstream, {NEW: "New.\n", "questions/sample.yaml": SAMPLE + "# new\n"}, "Update")
    make_environment(fork)
    update, resolve = commands("A fork")
    if removed:
        assert "CONFLICT (modify/delete): questions/sample.yaml" in follow(
            fork, upstream, update, 1
        )
        follow(fork, upstream, re.sub(r"questions/einstein.*", "questions/sample.yaml", resolve))
        update = "scripts/answer\n"
    follow(fork, upstream, update)
    check(fork)
    assert (fork / "questions/sample.yaml").exists() != removed
    git(fork, "push", "--quiet", "origin", "HEAD:main")


@pytest.mark.timeout(300)
def test_a_template(upstream: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(upstream, own, ignore=shutil.ignore_patterns(".git"), symlinks=True)
    git(own, "init", "--quiet", "--initial-branch=main")
    settings = (own / "cdk.json").read_text("utf-8").replace('"spot": false', '"spot": true')
    without = dict.fromkeys(["questions/sample.yaml", "answers/sample.md"])
    commit(own, {**OWN, "cdk.json": settings, **without}, "Ask")
    commit(upstream, {NEW: "New.\n", "questions/another.yaml": SAMPLE}, "Update")
    make_environment(own)
    (update,) = commands("A template")
    follow(own, upstream, update)
    check(own)
    assert (own / "cdk.json").read_text("utf-8") == settings
    assert sorted(path.name for path in (own / "questions").iterdir()) == [
        "mine.yaml", "schema.json",
    ]  # fmt: skip
    # The next update is that of a fork.
    commit(upstream, {NEW: "Newer.\n"}, "Another update")
    later = "".join(line for line in commands("A fork")[0].splitlines(True) if "remote" not in line)
    follow(own, upstream, later)
    assert (own / NEW).read_text("utf-8") == "Newer.\n"
