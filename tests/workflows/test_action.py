"""The action in a repository that has nothing of this one but the workflows of `qabot init`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qabot.cli import main
from tests.qabot.github.remotes import Origin, git
from tests.workflows.harness import TOKEN, GitHub
from tests.workflows.test_answer import HOSTILE, PEACH, ask

ANSWER, PULL_REQUEST = "qabot-answer.yml", "qabot-pull-request.yml"


@pytest.fixture
def caller(tmp_path: Path) -> Origin:
    """A repository with what `qabot init` writes, and one question."""
    (tmp_path / "caller").mkdir()
    origin = Origin(tmp_path / "caller")
    person = origin.clone()
    (person.root / "questions").rmdir()
    assert main(["--root", str(person.root), "init", "--action", "acme/qabot@v1"]) == 0
    (person.root / "questions/example.yaml").unlink()
    person.write("questions/peach.yaml", PEACH)
    origin.push(person, "Ask")
    return origin


def change(action: Path, tmp_path: Path, said: str) -> None:
    """Commit to the action's repository, and move v1 there."""
    clone = tmp_path / "release"
    git(tmp_path, "clone", "--quiet", str(action), str(clone))
    module = clone / "scripts/qabot/console/text.py"
    text = module.read_text("utf-8")
    module.write_text(text + f"\n\nimport sys  # noqa\nprint({said!r}, file=sys.stderr)\n", "utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", "Say more")
    git(clone, "tag", "--force", "v1")
    git(clone, "push", "--quiet", "--force", "origin", "HEAD:main", "v1")


def test_from_the_first_question_to_an_update_of_the_action(
    caller: Origin, hosted: GitHub, action: Path, tmp_path: Path
) -> None:
    job = hosted.run(ANSWER)["answer"]
    assert job.result == "success", job.log()
    assert caller.log() == ["github-actions[bot]: Answer peach", "A Person: Ask"]
    assert 'answer: "Momotaro"' in caller.files()["answers/peach.yaml"]
    assert "| Momotaro | 0." in job.summary
    assert TOKEN not in job.log() + job.summary

    # A pull request: nothing is written.
    ask(caller, {"questions/bad.yaml": "- {question: '', context: c}\n"}, "Ask badly")
    head = caller.log()
    check = hosted.run(PULL_REQUEST, "pull_request")["check"]
    assert check.result == "failure"
    assert "::error file=questions/bad.yaml,line=1,col=14::'question' is empty" in check.log()
    assert "### Plan" in check.summary
    assert "### Preview by the bundled model" in check.summary
    assert caller.log() == head

    # The action is updated: its new code runs, and finds that the answers are up to date.
    ask(caller, {"questions/bad.yaml": None}, "Ask better")
    assert "a newer commit" not in job.log()
    change(action, tmp_path, "a newer commit")
    again = hosted.run(ANSWER)["answer"]
    assert again.result == "success", again.log()
    assert "a newer commit" in again.log()
    assert "the question is up to date" in again.log()
    assert caller.log()[0] == "A Person: Ask better"


def workflow(folder: Path, **given: str) -> Path:
    """A caller's workflow that uses the action once, and shows its outputs."""
    steps: list[object] = [
        {"name": "Check out", "uses": "actions/checkout@v7"},
        {"name": "qabot", "id": "qabot", "uses": "acme/qabot@v1", "with": given},
    ]
    outputs = ("answered", "failed", "changed")
    job = {
        "runs-on": "ubuntu-24.04",
        "outputs": {name: "${{ steps.qabot.outputs." + name + " }}" for name in outputs},
        "steps": steps,
    }
    folder.mkdir()
    (folder / "own.yml").write_text(json.dumps({"on": "push", "jobs": {"answer": job}}))
    return folder


def test_one_step_answers_and_commits_and_its_outputs_say_what(
    caller: Origin, hosted: GitHub, tmp_path: Path
) -> None:
    hosted.workflows = workflow(tmp_path / "workflows")
    job = hosted.run("own.yml")["answer"]
    assert job.result == "success", job.log()
    assert job.outputs["answered"] == "1"
    assert job.outputs["failed"] == "0"
    assert json.loads(job.outputs["changed"]) == ["answers/peach.md", "answers/peach.yaml"]
    job = hosted.run("own.yml")["answer"]
    assert json.loads(job.outputs["changed"]) == []


@pytest.mark.timeout(600)
def test_a_second_run_installs_nothing(caller: Origin, hosted: GitHub, tmp_path: Path) -> None:
    hosted.workflows = workflow(tmp_path / "workflows")
    hosted.installs = True
    hosted.watched = "[1/1]"
    seconds = []
    for number in (1, 2):
        ask(caller, {"questions/peach.yaml": PEACH.replace("What", "what " * number)})
        job = hosted.run("own.yml")["answer"]
        assert job.result == "success", job.log()
        assert ("Installing requirements/answer.txt" in job.log()) == (number == 1)
        assert hosted.seen_after is not None
        seconds.append(hosted.seen_after)
    print(f"seconds from the start of a run to its first answer: {seconds}")
    assert seconds[1] < seconds[0]


def test_hostile_inputs_are_only_text(caller: Origin, hosted: GitHub, tmp_path: Path) -> None:
    seen: list[bool] = []
    hosted.before["Commit answers"] = lambda clone: seen.append((clone / "pwned").exists())
    hosted.workflows = workflow(
        tmp_path / "workflows", question="${{ inputs.question }}", context="${{ inputs.context }}"
    )
    texts = {"question": f"What? {HOSTILE}", "context": f"A text. {HOSTILE}"}
    job = hosted.run("own.yml", "workflow_dispatch", **texts)["answer"]
    assert seen == [False]
    assert job.outcome("Commit answers") == "success"
    assert not any(line.startswith("::error::forged") for line in job.log().splitlines())
    assert len(json.loads(job.outputs["changed"])) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"engine": "x\n::error::y"},
            "::error::invalid engine 'x%0A::error::y'; expected",
        ),
        ({"mode": "anser"}, "::error::invalid mode 'anser'; expected answer, check or commit"),
        ({"root": "else\nwhere"}, "::error::root 'else%0Awhere' is not a folder"),
        ({"root": ".github"}, "::error::'.github' has no questions/ folder; qabot init makes one"),
    ],
)
def test_wrong_inputs_are_reported_with_what_to_do(
    caller: Origin, hosted: GitHub, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    hosted.workflows = workflow(tmp_path / "workflows", **given)
    job = hosted.run("own.yml")["answer"]
    assert job.result == "failure"
    assert said in job.log()
    assert not [name for name in caller.files() if name.startswith("answers/")]


def test_questions_below_the_top_are_not_committed(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    person = origin.clone()
    person.write("team/questions/peach.yaml", PEACH)
    origin.push(person, "Ask")
    assert main(["--root", str(person.root / "team"), "commit"]) == 2
    assert origin.log() == ["A Person: Ask"]
