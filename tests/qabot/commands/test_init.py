"""`qabot init` in repositories that people have."""

from __future__ import annotations

from pathlib import Path

import pytest

from qabot.cli import main
from tests.qabot.github.remotes import git

WRITTEN = {
    ".github/workflows/qabot-answer.yml",
    ".github/workflows/qabot-pull-request.yml",
    "questions/schema.json",
    "questions/example.yaml",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository whose default branch is not main."""
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    return tmp_path


def init(root: Path, *more: str, action: str = "acme/qabot@v1") -> int:
    return main(["--root", str(root), "init", "--action", action, *more])


def files(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def test_an_empty_repository(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(root) == 0
    assert "next: write your questions" in capsys.readouterr().err
    written = files(root)
    assert written.keys() == WRITTEN
    for name in (".github/workflows/qabot-answer.yml", ".github/workflows/qabot-pull-request.yml"):
        assert "uses: acme/qabot@v1" in written[name]
        assert "OWNER" not in written[name]
        assert "main" not in written[name], "the default branch has another name"
    assert main(["--root", str(root), "check"]) == 0
    # Again: nothing changes.
    assert init(root) == 0
    assert files(root) == written


def test_other_workflows_are_left_alone(root: Path) -> None:
    other = root / ".github/workflows/answer.yml"
    other.parent.mkdir(parents=True)
    other.write_text("name: Mine\n")
    assert init(root) == 0
    assert other.read_text() == "name: Mine\n"
    assert files(root).keys() == WRITTEN | {".github/workflows/answer.yml"}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_is_there_is_never_overwritten(
    root: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / name).parent.mkdir(parents=True)
    (root / name).write_text("mine\n")
    assert init(root) == 2
    err = capsys.readouterr().err
    assert f"{name} exists with other content" in err
    assert "nothing was written" in err
    assert files(root) == {name: "mine\n"}


def test_answers_that_are_taken(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "answers").mkdir()
    (root / "answers/exam.txt").write_text("42\n")
    assert init(root) == 2
    assert "answers/ is in use" in capsys.readouterr().err
    assert files(root) == {"answers/exam.txt": "42\n"}


def test_a_link_out_of_the_repository_is_not_followed(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (root / "questions").symlink_to(elsewhere)
    assert init(root) == 2
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("action", ["qabot", "a/b", "a/b@v1\nrun: x", "a/b@${{ x }}", "a b/c@v1"])
def test_an_invalid_action_is_wrong_usage(root: Path, action: str) -> None:
    with pytest.raises(SystemExit) as caught:
        init(root, action=action)
    assert caught.value.code == 2
    assert files(root) == {}


def test_the_fargate_engine_needs_the_called_workflows(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(root, "--engine", "fargate", action="acme/qa@abc") == 0
    assert "until you give the repository access to an AWS account" in capsys.readouterr().err
    written = files(root)
    assert written.keys() == WRITTEN
    answer = written[".github/workflows/qabot-answer.yml"]
    assert "uses: acme/qa/.github/workflows/answer.yml@abc\n" in answer
    check = written[".github/workflows/qabot-pull-request.yml"]
    assert "uses: acme/qa/.github/workflows/pull-request.yml@abc\n" in check


def test_a_folder_that_is_not_the_top_of_a_repository(
    root: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "below").mkdir()
    assert init(root / "below") == 2
    assert "below the top of its git repository" in capsys.readouterr().err
    assert init(tmp_path_factory.mktemp("nothing")) == 2
    assert "run `git init` there" in capsys.readouterr().err
