"""Committing back to a real remote: races, protected branches, and nothing else touched."""

from __future__ import annotations

import base64
import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from qabot.answers.model import Request
from qabot.cli import main
from qabot.console.reporter import Reporter
from qabot.errors import Interrupted
from qabot.github import changes
from qabot.github.git import Git, GitError
from qabot.github.publish import ATTEMPTS, Published, message, publish, restore
from qabot.questions.add import add_question
from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import reconcile
from tests.conftest import Repository
from tests.qabot.github.flaky import flaky_remote
from tests.qabot.github.remotes import Origin, git, plain
from tests.qabot.scripted import ScriptedEngine

MODEL = "m@1/s1"


def questions(word: str, *asked: str) -> str:
    return f"context: {word} was it\nquestions:\n" + "".join(
        f"- {question}\n" for question in asked
    )


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
    reconcile(clone.root, plan, ScriptedEngine(), Reporter())


def commit(clone: Repository, said: io.StringIO | None = None, **options: Any) -> Published:
    given = {"git": plain(clone.root), "pause": lambda _: None, **options}
    return publish(clone.root, "main", MODEL, Reporter(said or io.StringIO()), **given)


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
    clone, other = origin.clone(), origin.clone()
    answer(other)  # the same, side by side
    answer(clone)
    commit(clone)
    later = origin.clone()
    answer(later)
    assert [commit(run).commit for run in (clone, other, later)] == [None] * 3
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


def test_where_nothing_has_moved_the_files_are_committed_as_they_are(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = origin.clone()
    answer(run, add_question(run.root, "It was 1921.", "Which year?"))
    answer(run)
    monkeypatch.setattr(changes, "make_plan", None)
    done = commit(run)
    files = origin.files()
    assert set(done.files) == set(files) - {"README.md", "questions/a.yaml"}
    for name in done.files:
        assert files[name] == run.read(name).rstrip("\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("questions/a.yaml", questions("1921", "When?", "What?", "Who?")),
        ("questions/b.yaml", questions("1879", "Born?")),
        ("answers/a.yaml", "# Written by qabot\n"),
        ("answers/a.md", "# Mine\n"),
    ],
)
def test_what_a_person_changed_in_the_checkout_is_not_committed(
    origin: Origin, name: str, content: str
) -> None:
    run = origin.clone()
    if name.startswith("questions/"):
        run.write(name, content)
    answer(run)
    expected: tuple[str, ...] = ("answers/a.md", "answers/a.yaml")
    if name.startswith("answers/"):
        run.write(name, content)
        expected = () if name.endswith(".yaml") else expected
    assert commit(run).files == expected
    written = "".join(text for file, text in origin.files().items() if file in expected)
    assert not [word for word in ("Mine", "Who?", "Born?") if word in written]


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
    shallow = origin.clone(depth=1)
    answer(shallow)
    commit(shallow)
    assert origin.log() == ["github-actions[bot]: Answer a", "A Person: Write", "A Person: Ask"]


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


def test_many_concurrent_runs_all_arrive(origin: Origin) -> None:
    person = origin.clone()
    for number in range(4):
        person.write(f"questions/set-{number}.yaml", questions(f"18{number}", "When?"))
    origin.push(person, "Ask more")
    runs = [origin.clone() for _ in range(4)]
    for number, run in enumerate(runs):
        answer(run, f"set-{number}")
    failures: list[Exception] = []

    def work(run: Repository) -> None:
        try:
            commit(run, pause=lambda seconds: time.sleep(seconds / 20))
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
    # What waits there is known.
    again = commit(run)
    assert (again.commit, again.branch, again.files) == (None, done.branch, done.files)
    assert len(origin.log("answers/main")) == 2


def test_what_waits_to_be_merged_is_not_asked_again(
    origin: Origin, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.protect()
    first = origin.clone()
    answer(first)
    commit(first)
    person = origin.clone()
    person.write("questions/a.yaml", questions("1921", "When?", "What?", "Why?"))
    (origin.path / "hooks/update").unlink()
    origin.push(person, "Ask more")
    origin.protect()
    later = origin.clone()
    assert restore(later.root, "main", MODEL, Reporter(io.StringIO()), plain(later.root)) == [
        "answers/a.yaml",
        "answers/a.md",
    ]
    plan = make_plan(later.root, read_questions(later.root), MODEL)
    assert [request.question for request in plan.requests] == ["Why?"]
    answer(later)
    done = commit(later)
    assert done.branch == "answers/main"
    assert origin.files("answers/main")["answers/a.yaml"].count("- id:") == 3
    # Nothing waits for a branch of another name, and a remote that is gone stops no run.
    other = origin.clone()
    assert (
        restore(other.root, "main", "other@1/s1", Reporter(io.StringIO()), plain(other.root)) == []
    )
    assert not (other.root / "answers").exists()
    git(other.root, "remote", "set-url", "origin", str(origin.path / "gone"))
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert main(["--root", str(other.root), "restore", "--branch", "main"]) == 0
    assert "no waiting answers were restored: git fetch failed" in capsys.readouterr().err


def ask_and_commit(origin: Origin, context: str, question: str) -> Published:
    """A separate run, for a question asked by hand."""
    run = origin.clone()
    answer(run, add_question(run.root, context, question))
    return commit(run)


def test_what_waits_to_be_merged_is_kept(origin: Origin) -> None:
    origin.protect()
    ask_and_commit(origin, "It was 1921.", "Which year?")
    person = origin.clone()
    git(person.root, "checkout", "--quiet", "answers/main")
    person.write("notes.md", "Looks right.\n")
    git(person.root, "add", "notes.md")
    git(person.root, "commit", "--quiet", "--message", "Note")
    git(person.root, "push", "--quiet", "origin", "answers/main")
    done = ask_and_commit(origin, "It was 1879.", "Born when?")
    files = origin.files("answers/main")
    assert {name for name in files if name not in origin.files()} == {
        "notes.md",
        *(
            f"{name}.{end}"
            for asked in ("which-year", "born-when")
            for name, end in (
                (f"questions/asked/{asked}", "yaml"),
                (f"answers/asked/{asked}", "md"),
                (f"answers/asked/{asked}", "yaml"),
            )
        ),
    }  # fmt: skip
    assert set(done.files) == {name for name in files if name not in origin.files()}
    assert "A Person: Note" in origin.log("answers/main")


def merge(origin: Origin, *, squash: bool) -> None:
    """Merge the pull request as GitHub does, whose own pushes no rule refuses."""
    (origin.path / "hooks/update").unlink()
    person = origin.clone()
    how = ["--squash"] if squash else ["--no-ff", "--message", "Merge"]
    git(person.root, "merge", "--quiet", *how, "origin/answers/main")
    if squash:
        git(person.root, "commit", "--quiet", "--message", "Squash")
    git(person.root, "push", "--quiet", "origin", "HEAD:main")
    origin.protect()


@pytest.mark.parametrize("squash", [False, True])
def test_what_was_merged_and_then_removed_stays_removed(origin: Origin, squash: bool) -> None:
    origin.protect()
    ask_and_commit(origin, "Ann lives in Oslo.", "Where does Ann live?")
    merge(origin, squash=squash)
    (origin.path / "hooks/update").unlink()
    person = origin.clone()
    git(person.root, "rm", "--quiet", "-r", "questions/asked", "answers/asked")
    origin.push(person, "Remove personal data")
    origin.protect()
    ask_and_commit(origin, "It was 1879.", "Born when?")
    new = {name for name in origin.files("answers/main") if name not in origin.files()}
    assert new == {
        "questions/asked/born-when.yaml", "answers/asked/born-when.md", "answers/asked/born-when.yaml",
    }  # fmt: skip


def propose_readme(origin: Origin) -> None:
    """Change the README on the branch of the answers, and lift the protection."""
    origin.protect()
    ask_and_commit(origin, "It was 1921.", "Which year?")
    person = origin.clone()
    git(person.root, "checkout", "--quiet", "answers/main")
    person.write("README.md", "# Proposed\n")
    git(person.root, "commit", "--quiet", "--all", "--message", "Propose")
    git(person.root, "push", "--quiet", "origin", "answers/main")
    (origin.path / "hooks/update").unlink()


def test_where_two_branches_disagree_the_reviewed_one_decides(origin: Origin) -> None:
    propose_readme(origin)
    person = origin.clone()
    person.write("README.md", "# Reviewed\n")
    origin.push(person, "Review")
    origin.protect()
    ask_and_commit(origin, "It was 1879.", "Born when?")
    files = origin.files("answers/main")
    assert files["README.md"] == "# Reviewed"
    assert {"questions/asked/which-year.yaml", "questions/asked/born-when.yaml"} <= set(files)


def test_a_file_that_one_removed_and_one_changed_is_reported(origin: Origin) -> None:
    propose_readme(origin)
    person = origin.clone()
    git(person.root, "rm", "--quiet", "README.md")
    origin.push(person, "Remove")
    origin.protect()
    run = origin.clone()
    answer(run, add_question(run.root, "It was 1879.", "Born when?"))
    said = io.StringIO()
    commit(run, said)
    assert (
        "README.md was changed on main and on answers/main; main's version is kept"
        in said.getvalue()
    )
    assert "README.md" not in origin.files("answers/main")


def test_a_shallow_checkout_joins_what_waits(origin: Origin) -> None:
    origin.protect()
    ask_and_commit(origin, "It was 1921.", "Which year?")
    shallow = origin.clone(depth=1)
    answer(shallow)
    commit(shallow)
    assert {"questions/asked/which-year.yaml", "answers/a.yaml"} <= set(
        origin.files("answers/main")
    )


@pytest.mark.parametrize("taken", ["answers", "answers/main/later"])
def test_a_branch_in_the_way_means_another_name(origin: Origin, taken: str) -> None:
    person = origin.clone()
    git(person.root, "push", "--quiet", "origin", f"HEAD:refs/heads/{taken}")
    origin.protect()
    first = ask_and_commit(origin, "It was 1921.", "Which year?")
    second = ask_and_commit(origin, "It was 1879.", "Born when?")
    assert first.branch == second.branch == "answers-main"
    assert first.by_pull_request
    assert {"questions/asked/which-year.yaml", "questions/asked/born-when.yaml"} <= set(
        second.files
    )


@pytest.mark.parametrize("moved", [False, True])
def test_an_asked_question_that_somebody_removed_stays_removed(origin: Origin, moved: bool) -> None:
    ask_and_commit(origin, "Ann lives in Oslo.", "Where does Ann live?")
    run, person = origin.clone(), origin.clone()
    there = "questions/asked/where-does-ann-live.yaml"
    if moved:
        git(person.root, "mv", there, "questions/ann.yaml")
    else:
        git(person.root, "rm", "--quiet", there)
    origin.push(person, "Tidy")
    answer(run)
    commit(run)
    assert not [name for name in origin.files() if "asked" in name]
    assert ("answers/ann.yaml" in origin.files()) is moved
    assert "answers/a.yaml" in origin.files()


def test_a_new_name_that_differs_in_case_alone_is_committed(origin: Origin) -> None:
    run = origin.clone()
    answer(run)
    commit(run)
    person = origin.clone()
    git(person.root, "mv", "questions/a.yaml", "questions/A.yaml")
    origin.push(person, "Rename")
    run = origin.clone()
    answer(run)
    git(run.root, "config", "core.ignoreCase", "true")
    commit(run)
    assert {name for name in origin.files() if name.startswith("answers/")} == {
        "answers/A.md", "answers/A.yaml",
    }  # fmt: skip


def test_what_a_hook_of_git_sets_reaches_no_commit(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = origin.clone()
    answer(clone)
    clone.write("draft.txt", "secret\n")
    git(clone.root, "add", "draft.txt")
    for name in ("GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        place = {"GIT_INDEX_FILE": ".git/index", "GIT_DIR": ".git", "GIT_WORK_TREE": "."}
        monkeypatch.setenv(name, str(clone.root / place.get(name, ".git/objects")))
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = commit(clone, git=Git(clone.root, os.environ | nothing))
    assert done.files == ("answers/a.md", "answers/a.yaml")
    for name in ("GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    assert "draft.txt" not in origin.files()
    assert "answers/a.yaml" in origin.files()


def test_configuration_of_the_checkout_counts_with_its_paths(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    (clone.root / "include").write_text('[url "../origin.git"]\n\tinsteadOf = here:\n')
    git(clone.root, "config", "include.path", "../include")
    git(clone.root, "remote", "set-url", "origin", "here:")
    assert commit(clone).commit is not None


def test_a_program_in_the_configuration_is_found_from_the_checkout(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    program = clone.root / "reach"
    program.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    program.chmod(0o755)
    git(clone.root, "config", "core.sshCommand", "./reach")
    git(clone.root, "config", "ssh.variant", "simple")
    git(clone.root, "remote", "set-url", "origin", f"git@example.test:{origin.path}")
    assert commit(clone).commit is not None


def test_a_hook_of_a_person_is_not_run(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    for name in ("pre-push", "post-checkout", "reference-transaction"):
        hook = clone.root / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    git(clone.root, "config", "core.hooksPath", str(clone.root / "hooks"))
    assert commit(clone).commit is not None


ONE_EACH = [
    ("GET git-upload-pack", "503"),
    ("GET git-upload-pack", "reset"),
    ("POST git-upload-pack", "503"),
    ("GET git-receive-pack", "503"),
    ("POST git-receive-pack", "503"),
    ("POST git-receive-pack", "reset"),
    ("POST git-receive-pack", "lost reply"),
]


@pytest.mark.parametrize(("request_", "how"), ONE_EACH)
def test_a_remote_that_recovers_gets_the_answers(origin: Origin, request_: str, how: str) -> None:
    clone = origin.clone()
    answer(clone)
    person = origin.clone()
    person.write("README.md", "# Meanwhile\n")
    origin.push(person, "Write")
    with flaky_remote(origin.path) as remote:
        git(clone.root, "remote", "set-url", "origin", f"{remote.address}/origin.git")
        remote.faults[request_], remote.how = 2, how
        if how == "lost reply":
            remote.faults[request_] = 1
        pauses: list[float] = []
        done = commit(clone, pause=pauses.append)
        assert remote.faults[request_] == 0
    assert done == Published(
        git(origin.path, "rev-parse", "main"), "main", ("answers/a.md", "answers/a.yaml")
    )
    assert pauses
    assert origin.log()[:2] == ["github-actions[bot]: Answer a", "A Person: Write"]


def test_a_remote_that_does_not_recover_is_not_asked_for_ever(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    with flaky_remote(origin.path) as remote:
        git(clone.root, "remote", "set-url", "origin", f"{remote.address}/origin.git")
        remote.faults["POST git-receive-pack"] = 1_000
        with pytest.raises(GitError, match="git push failed: .* 503"):
            commit(clone)
        assert 1_000 - remote.faults["POST git-receive-pack"] == ATTEMPTS


def test_a_server_in_trouble_is_not_a_protected_branch(origin: Origin) -> None:
    clone = origin.clone()
    answer(clone)
    hook = origin.path / "hooks/pre-receive"
    hook.write_text(
        "#!/bin/sh\n[ -e recovered ] && exit 0\ntouch recovered\n"
        'echo "internal error, try again later" >&2\nexit 1\n'
    )
    hook.chmod(0o755)
    done = commit(clone)
    assert (done.branch, done.by_pull_request) == ("main", False)


@pytest.mark.parametrize(
    "scope", ["", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/origin.git"]
)
def test_one_token_is_sent_whatever_the_checkout_has(origin: Origin, scope: str) -> None:
    clone = origin.clone()
    answer(clone)
    with flaky_remote(origin.path) as remote:
        git(clone.root, "remote", "set-url", "origin", f"{remote.address}/origin.git")
        where = scope.format(port=remote.address.rpartition(":")[2])
        name = f"http.{where}.extraheader" if where else "http.extraheader"
        git(clone.root, "config", name, "AUTHORIZATION: basic b2xk")
        environ = {"GITHUB_TOKEN": "new", "GITHUB_SERVER_URL": remote.address} | {
            "GIT_CONFIG_GLOBAL": os.devnull, "PATH": os.environ["PATH"],
        }  # fmt: skip
        commit(clone, git=Git(clone.root, environ))
        expected = base64.b64encode(b"x-access-token:new").decode()
        assert {tuple(seen) for seen in remote.authorizations} == {(f"basic {expected}",)}


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
        reconcile(run.root, plan, ScriptedEngine(stop), Reporter())
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


def test_a_missing_remote_is_reported(origin: Origin) -> None:
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
def test_an_asked_question_that_has_no_place_is_reported_and_stays(
    origin: Origin, there: str
) -> None:
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
    done = commit(run, said)
    assert done.files == ("answers/a.md", "answers/a.yaml"), "the rest is committed"
    assert f"{source} cannot be committed" in said.getvalue()
    assert "make questions/asked a folder" in said.getvalue()
    assert (run.root / source).is_file()
