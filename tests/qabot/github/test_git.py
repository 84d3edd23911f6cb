"""Git gets the token in its environment alone, and nothing there that names another repository."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from qabot.github.git import Git, GitError


def test_the_token_is_in_no_argument_and_no_file(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/usr/bin:/bin", "GITHUB_TOKEN": "s3cret"})
    git.run("init", "--quiet")
    _, header = git.run("config", "--get-all", "http.https://github.com/.extraheader").split("\n")
    assert base64.b64decode(header.split()[-1]) == b"x-access-token:s3cret"
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"s3cret" not in file.read_bytes()
    with pytest.raises(GitError) as caught:
        git.run("fetch", "nowhere")
    assert "s3cret" not in str(caught.value)


def test_without_a_token_nothing_is_configured(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/usr/bin:/bin"})
    git.run("init", "--quiet")
    with pytest.raises(GitError):
        git.run("config", "--get", "http.https://github.com/.extraheader")


def test_git_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="git is not on PATH"):
        Git(tmp_path, {"PATH": str(tmp_path)}).run("status")


def test_nothing_that_names_another_repository_reaches_git(tmp_path: Path) -> None:
    other = tmp_path / "other"
    hooks = {
        name: str(other)
        for name in (
            "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_PREFIX",
            "GIT_AUTHOR_DATE", "GIT_QUARANTINE_PATH", "GIT_CONFIG_PARAMETERS",
        )
    }  # fmt: skip
    inherited = {"GIT_SSH_COMMAND": "ssh -i key", "GIT_CONFIG_COUNT": "1"} | {
        "GIT_CONFIG_KEY_0": "user.given", "GIT_CONFIG_VALUE_0": "yes", "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip
    home = tmp_path / "home"
    home.mkdir()
    git = Git(home, {"PATH": "/usr/bin:/bin", **hooks, **inherited}, config=[("user.own", "too")])
    git.run("init", "--quiet")
    assert git.run("rev-parse", "--absolute-git-dir") == str(home / ".git")
    assert [git.run("config", name) for name in ("user.given", "user.own")] == ["yes", "too"]
    assert not other.exists()
    git.run("config", "alias.env", "!env")
    seen = git.run("env")
    assert "GIT_SSH_COMMAND=ssh -i key" in seen
    assert not [name for name in hooks if f"{name}={other}" in seen]


def test_an_invalid_count_of_configuration_is_ignored(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/usr/bin:/bin", "GIT_CONFIG_COUNT": "x", "GITHUB_TOKEN": "t"})
    git.run("init", "--quiet")


@pytest.mark.parametrize("name", ["a", "a b", "\nb", "é", ":(top)x", "[a]*"])
def test_any_file_name_reaches_git_as_it_is(tmp_path: Path, name: str) -> None:
    git = Git(tmp_path, {"PATH": "/usr/bin:/bin"})
    git.run("init", "--quiet")
    (tmp_path / name).touch()
    git.run("update-index", "--add", "-z", "--stdin", names=[name])
    assert git.lines("ls-files", "-z", "--", name) == [name]
