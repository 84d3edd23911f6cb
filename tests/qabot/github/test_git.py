"""Git gets the token in its environment, and nothing else is seen of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from qabot.github.git import Git, GitError


def test_the_token_is_in_no_argument_and_no_file(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/usr/bin:/bin", "GITHUB_TOKEN": "s3cret"})
    git.run("init", "--quiet")
    header = git.run("config", "--get", "http.https://github.com/.extraheader")
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


def test_no_git_is_told(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="no git on PATH"):
        Git(tmp_path, {"PATH": str(tmp_path)}).run("status")
