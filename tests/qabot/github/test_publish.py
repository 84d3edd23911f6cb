"""Committing back to a real remote: races, protected branches, and nothing else touched."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

import pytest

from qabot.answers.model import Request
from qabot.console.reporter import Reporter
from qabot.errors import Interrupted
from qabot.github.git import GitError
from qabot.github.publish import Published, message, publish
from qabot.questions.add import add_question
from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import reconcile
from tests.conftest import Repository
from tests.qabot.github.remotes import Origin, git, plain
from tests.qabot.scripted import ScriptedEngine

MODEL = "m@1/s1"


def questions(word: str, *asked: str) -> str:
    return f"context: {word} was it\nquestions:\n" + "".join(f"- {one}\n" for one in asked)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A remote whose main has one question file."""
    origin = Origin(tmp_path)
    clone = origin.clone()
    clone.write("questions/a.yaml", questions("1921", "When?", "What?"))
    clone.write("README.md", "# Fork\n")
    origin.push(clone, "Ask")
    return origin


def answer(clone: Repository, *globs: str) -> None:
    plan = make_plan(clone.root, read_questions(clone.root), MODEL, globs)
    reconcile(clone.root, plan, ScriptedEngine(), Reporter(quiet=True))


def commit(clone: Repository) -> Published:
    return publish(
        clone.root, "main", MODEL, Reporter(io.StringIO()), git=plain(clone.root),
        pause=lambda _: None,
    )  # fmt: skip


def test_answers_become_one_commit_of_the_bot(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    done = commit(clone)
    assert done.files == ("answers/a.md", "answers/a.yaml")
    assert origin.log() == ["github-actions[bot]: Answer a", "A Person: Ask"]
    assert set(origin.files()) == {
        "README.md",
        "questions/a.yaml",
        "answers/a.md",
        "answers/a.yaml",
    }
    assert git(origin.path, "rev-parse", "main") == done.commit


def test_a_second_time_there_is_nothing_to_commit(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    commit(clone)
    assert commit(clone).commit is None
    again = origin.clone()
    answer(again)
    assert commit(again).commit is None
    assert len(origin.log()) == 2


def test_nothing_else_is_committed_or_touched(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    clone.write("README.md", "# Edited\n")
    clone.write("staged.txt", "staged\n")
    git(clone.root, "add", "staged.txt")
    clone.write("answers/notes.md", "mine\n")
    before = clone.files(".")
    status = git(clone.root, "status", "--porcelain")
    head = git(clone.root, "rev-parse", "HEAD")
    commit(clone)
    assert origin.files()["README.md"] == "# Fork"
    assert "staged.txt" not in origin.files()
    assert "answers/notes.md" not in origin.files()
    assert git(clone.root, "status", "--porcelain") == status
    assert git(clone.root, "rev-parse", "HEAD") == head
    assert git(clone.root, "worktree", "list").count("\n") == 0
    kept = {path: content for path, content in clone.files(".").items() if ".git/" not in path}
    assert kept == {path: content for path, content in before.items() if ".git/" not in path}


def test_nothing_of_the_checkouts_git_is_written(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    person = origin.clone()
    person.write("README.md", "# Meanwhile\n")
    origin.push(person, "Write")
    before = clone.files(".git")
    commit(clone)
    assert clone.files(".git") == before


def test_a_shallow_checkout_commits_too(origin: Origin) -> None:
    person = origin.clone()
    person.write("README.md", "# Second\n")
    origin.push(person, "Write")
    shallow = Repository.__new__(Repository)
    shallow.root = origin.path.parent / "shallow"
    git(
        origin.path.parent, "clone", "--quiet", "--depth=1", origin.path.as_uri(), str(shallow.root)
    )
    answer(shallow)
    commit(shallow)
    assert origin.log() == ["github-actions[bot]: Answer a", "A Person: Write", "A Person: Ask"]


def test_configuration_of_the_checkout_counts(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    git(clone.root, "config", "url." + str(origin.path) + ".insteadOf", "short:")
    git(clone.root, "remote", "set-url", "origin", "short:")
    assert commit(clone).commit is not None


def test_what_a_killed_run_left_long_ago_is_removed(origin: Origin) -> None:
    clone = origin.clone()
    folder = clone.root / ".git/qabot"
    for name, age in (("commit-old", 90_000), ("commit-new", 60), ("other", 90_000)):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (time.time() - age,) * 2)
    commit(clone)
    assert sorted(path.name for path in folder.iterdir()) == ["commit-new", "other"]


def test_what_is_gone_is_removed(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    commit(clone)
    person = origin.clone()
    (person.root / "questions/a.yaml").rename(person.root / "questions/b.yaml")
    origin.push(person, "Rename")
    run = origin.clone()
    answer(run)
    commit(run)
    assert set(origin.files()) == {
        "README.md",
        "questions/b.yaml",
        "answers/b.md",
        "answers/b.yaml",
    }


def test_a_push_of_somebody_else_in_between_is_survived(origin: Origin) -> None:
    run = origin.clone()
    answer(run)
    person = origin.clone()
    person.write("questions/b.yaml", questions("1879", "Born?"))
    person.write("questions/a.yaml", questions("1921", "When?", "Who?"))
    origin.push(person, "Ask more")
    commit(run)
    files = origin.files()
    # What is still asked is answered; what the run did not know of is the next run's.
    assert files["answers/a.yaml"].count("- id:") == 1
    assert "answers/b.yaml" not in files
    following = origin.clone()
    answer(following)
    commit(following)
    files = origin.files()
    assert files["answers/a.yaml"].count("- id:") == 2
    assert "answers/b.yaml" in files


def test_many_runs_at_once_all_arrive(origin: Origin) -> None:
    person = origin.clone()
    for number in range(4):
        person.write(f"questions/set-{number}.yaml", questions(f"18{number}", "When?"))
    origin.push(person, "Ask more")
    runs = [origin.clone() for _ in range(4)]
    for number, run in enumerate(runs):
        answer(run, f"set-{number}")
    failures: list[Exception] = []

    def pause(seconds: float) -> None:
        time.sleep(seconds / 20)

    def work(run: Repository) -> None:
        try:
            publish(
                run.root, "main", MODEL, Reporter(io.StringIO()), git=plain(run.root),
                pause=pause,
            )  # fmt: skip
        except GitError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    files = origin.files()
    assert {f"answers/set-{n}.yaml" for n in range(4)} <= set(files)
    assert len([line for line in origin.log() if line.startswith("github-actions")]) == 4


def test_two_runs_that_answered_the_same_agree(origin: Origin) -> None:
    first, second = origin.clone(), origin.clone()
    answer(first)
    answer(second)
    assert commit(first).commit is not None
    assert commit(second).commit is None


def test_a_protected_branch_gets_its_answers_on_another(origin: Origin) -> None:
    run = origin.clone()
    answer(run)
    origin.protect()
    done = commit(run)
    assert done.by_pull_request
    assert done.branch == "answers/main"
    assert set(origin.files("answers/main")) == {*origin.files(), "answers/a.md", "answers/a.yaml"}
    assert origin.log("answers/main")[0] == "github-actions[bot]: Answer a"
    assert "answers/a.yaml" not in origin.files()
    # A later run replaces it.
    assert commit(run).branch == "answers/main"
    assert len(origin.log("answers/main")) == 2


def test_an_asked_question_is_committed_with_its_answer(origin: Origin) -> None:
    run = origin.clone()
    source = add_question(run.root, "1905 was the year", "Which year?")
    answer(run, source)
    commit(run)
    files = origin.files()
    assert files[source] == 'context: "1905 was the year"\nquestions:\n- "Which year?"'
    assert 'answer: "1905"' in files["answers/asked/which-year.yaml"]


def test_a_run_that_was_stopped_commits_what_it_has(origin: Origin) -> None:
    run = origin.clone()
    plan = make_plan(run.root, read_questions(run.root), MODEL)

    def stop(request: Request) -> None:
        if request.question == "What?":
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="stopped after 1 of 2"):
        reconcile(run.root, plan, ScriptedEngine(stop), Reporter(quiet=True))
    commit(run)
    assert origin.files()["answers/a.yaml"].count("- id:") == 1
    following = origin.clone()
    plan = make_plan(following.root, read_questions(following.root), MODEL)
    assert [request.question for request in plan.requests] == ["What?"]


def test_a_link_that_leaves_is_not_followed(origin: Origin, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    person = origin.clone()
    (person.root / "questions/asked").symlink_to(outside)
    origin.push(person, "Trap")
    run = origin.clone()
    (run.root / "questions/asked").unlink()
    add_question(run.root, "1905 was the year", "Which year?")
    answer(run)
    commit(run)
    assert list(outside.iterdir()) == []


def test_a_remote_that_is_not_there_is_told(origin: Origin) -> None:
    run = origin.clone()
    answer(run)
    git(run.root, "remote", "set-url", "origin", str(origin.path) + "-gone")
    with pytest.raises(GitError, match="git fetch failed"):
        commit(run)


def test_the_message_names_the_files_and_stays_short() -> None:
    assert message(("answers/a.md", "answers/a.yaml", "answers/team/b.yaml")) == "Answer a, team/b"
    many = message(tuple(f"answers/set-{n}.yaml" for n in range(300)))
    assert many.splitlines()[0] == "Answer 300 question files"
    assert many.splitlines()[-1] == "- and 200 more"
    assert "\n" not in message(("answers/a\n\nb::error::.yaml",))


@pytest.mark.parametrize("there", ["a file", "a link to itself", "a link to a folder"])
def test_an_asked_question_that_has_no_place_is_told_and_stays(origin: Origin, there: str) -> None:
    person = origin.clone()
    place = person.root / "questions/asked"
    if there == "a file":
        place.write_bytes(b"mine")
    else:
        place.symlink_to("asked" if there == "a link to itself" else "..")
    origin.push(person, "Be in the way")
    run = origin.clone()
    (run.root / "questions/asked").unlink()
    source = add_question(run.root, "It was 1921.", "When was it?")
    answer(run, "a")
    said = io.StringIO()
    done = publish(
        run.root, "main", MODEL, Reporter(said), git=plain(run.root), pause=lambda _: None
    )
    assert done.files == ("answers/a.md", "answers/a.yaml"), "the rest is committed"
    assert f"{source} can't be committed" in said.getvalue()
    assert "make questions/asked a folder" in said.getvalue()
    assert (run.root / source).is_file()
