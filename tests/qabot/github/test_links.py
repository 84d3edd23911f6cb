from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.github.links import Links, find_links, from_remote


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of a branch with two commits of answers."""
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    git(tmp_path, "remote", "add", "origin", "git@github.com:someone/answers.git")
    for name, text in (("answers/a.yaml", "1"), ("answers/ü b.yaml", "1"), ("answers/a.yaml", "2")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--message=Answer")
    return tmp_path


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/some-one/the.answers_1",
        "https://github.com/some-one/the.answers_1.git",
        "https://github.com/some-one/the.answers_1/",
        "https://user:token@github.com/some-one/the.answers_1.git",
        "git@github.com:some-one/the.answers_1.git",
        "ssh://git@github.com/some-one/the.answers_1",
        "ssh://git@github.com:22/some-one/the.answers_1.git",
        "https://GitHub.com/some-one/the.answers_1",
    ],
)
def test_a_remote_on_github_can_be_seen_there(remote: str) -> None:
    assert from_remote(remote) == "https://github.com/some-one/the.answers_1"


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/answers.git",
        "https://gitlab.com/someone/answers.git",
        "https://github.com.evil.example/someone/answers",
        "https://evil.example/github.com/someone/answers",
        "https://github.com/someone",
        "https://github.com/someone/answers/tree/main",
        'https://github.com/someone/"><script>',
        "javascript:alert(1)//github.com/someone/answers",
        "https://github.com/someone/answers\nhttps://github.com/x/y",
    ],
)
def test_any_other_remote_gives_no_link(remote: str) -> None:
    assert from_remote(remote) is None


def test_a_company_server_is_known_by_its_environment() -> None:
    server = "https://git.example.com"
    assert from_remote("git@git.example.com:a/b.git", server) == "https://git.example.com/a/b"
    assert from_remote("git@github.com:a/b.git", server) is None


@given(st.text())
def test_no_remote_gets_more_than_a_name_into_a_link(remote: str) -> None:
    for address in (remote, f"https://github.com/{remote}", f"git@github.com:{remote}"):
        web = from_remote(address)
        assert web is None or set("<>\"&'\\ \n?#%") & set(web) == set()


def test_paths_and_branches_are_encoded() -> None:
    links = Links("https://github.com/a/b", 'feature/#1"', {"answers/x.yaml": "abc"})
    assert links.file("questions/ü #?.yaml") == (
        "https://github.com/a/b/blob/feature/%231%22/questions/%C3%BC%20%23%3F.yaml"
    )
    assert links.file("a", 7) == "https://github.com/a/b/blob/feature/%231%22/a?plain=1#L7"
    assert links.file("\udcff.yaml") is not None
    assert links.commit("answers/x.yaml") == ("abc", "https://github.com/a/b/commit/abc")
    assert links.commit("answers/y.yaml") is None


def test_without_an_address_there_are_no_links() -> None:
    links = Links(commits={"a": "b"})
    assert links.file("a") is None
    assert links.commit("a") is None


def test_git_knows_address_branch_and_last_commits(checkout: Path) -> None:
    links = find_links(checkout, {})
    assert (links.web, links.branch) == ("https://github.com/someone/answers", "trunk")
    assert links.commits == {
        "answers/a.yaml": git(checkout, "rev-parse", "HEAD"),
        "answers/ü b.yaml": git(checkout, "rev-parse", "HEAD~1"),
    }


def test_a_workflow_knows_better(checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "--detach")
    environ = {
        "GITHUB_SERVER_URL": "https://git.example.com/",
        "GITHUB_REPOSITORY": "team/fork",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "release/1",
    }
    links = find_links(checkout, environ)
    assert (links.web, links.branch) == ("https://git.example.com/team/fork", "release/1")
    tag = find_links(checkout, {**environ, "GITHUB_REF_TYPE": "tag"})
    assert tag.branch == "main", "nobody can add a file to a tag"


def test_an_invalid_address_in_the_environment_is_ignored(checkout: Path) -> None:
    environ = {"GITHUB_SERVER_URL": "javascript:alert(1)", "GITHUB_REPOSITORY": 'a/b"><script>'}
    assert find_links(checkout, environ).web == "https://github.com/someone/answers"


def test_a_shallow_clone_names_no_commits(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = tmp_path_factory.mktemp("shallow") / "clone"
    git(checkout, "clone", "--quiet", "--depth=1", checkout.as_uri(), str(clone))
    git(clone, "remote", "set-url", "origin", "https://github.com/someone/answers")
    links = find_links(clone, {})
    assert links.web == "https://github.com/someone/answers"
    assert links.commits == {}, "it would name its last commit for every file"


def test_a_folder_without_git_has_no_links(tmp_path: Path) -> None:
    assert find_links(tmp_path, {}) == Links()


def test_without_git_there_are_no_links(checkout: Path) -> None:
    assert find_links(checkout, {"PATH": ""}) == Links()


def test_another_repository_in_the_environment_is_ignored(checkout: Path, tmp_path: Path) -> None:
    assert find_links(checkout, {"GIT_DIR": str(tmp_path / "hook.git")}).branch == "trunk"
