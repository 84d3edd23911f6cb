"""Repositories whose workflows call this one's, as `qabot init --engine fargate` writes them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from qabot.cli import main
from tests.conftest import ROOT
from tests.qabot.github.remotes import Origin, git
from tests.workflows.harness import TOKEN, GitHub, InvalidWorkflow
from tests.workflows.test_action import ANSWER, PULL_REQUEST, change
from tests.workflows.test_answer import PEACH, ask
from tests.workflows.test_cloud import ROLE
from tools.emulator import emulated_cloud

STACK = "theirs"


@pytest.fixture
def caller(tmp_path: Path) -> Origin:
    """A repository with what `qabot init` writes, a question, and code of its own."""
    (tmp_path / "caller").mkdir()
    origin = Origin(tmp_path / "caller")
    person = origin.clone()
    (person.root / "questions").rmdir()
    init = ["--root", str(person.root), "init", "--action", "acme/qabot@v1", "--engine", "fargate"]
    assert main(init) == 0
    (person.root / "questions/example.yaml").unlink()
    person.write("questions/peach.yaml", PEACH)
    # It must not run: the workflow uses the code of its own commit.
    person.write("scripts/run", "#!/bin/sh\ntouch pwned\n")
    person.write("action.yml", "runs: {using: composite, steps: []}\n")
    settings = {"stack_name": STACK}
    person.write("cdk.json", json.dumps({"app": "theirs", "context": {"qabot": settings}}))
    origin.push(person, "Ask")
    return origin


def test_questions_a_page_a_pull_request_and_an_update(
    caller: Origin, hosted: GitHub, action: Path, tmp_path: Path
) -> None:
    hosted.pages = "workflow"
    jobs = hosted.run(ANSWER)
    assert {name: job.result for name, job in jobs.items()} == {
        "runner": "success", "fargate": "skipped", "page": "success", "publish": "success",
        "continue": "skipped",
    }, jobs["runner"].log()  # fmt: skip
    assert caller.log() == ["github-actions[bot]: Answer peach", "A Person: Ask"]
    assert 'answer: "Momotaro"' in caller.files()["answers/peach.yaml"]
    for job in ("runner", "page"):
        clone = tmp_path / f"run-1-1-{job}-0/clone"
        assert (clone / "scripts/run").is_file()
        assert not (clone / "pwned").exists()
    page = tmp_path / "run-1-1-page-0/clone/public/index.html"
    assert "Momotaro" in page.read_text("utf-8")
    assert not [name for name in caller.files() if ".qabot" in name]
    assert TOKEN not in jobs["runner"].log()

    ask(caller, {"questions/bad.yaml": "- {question: '', context: c}\n"}, "Ask badly")
    head = caller.log()
    check = hosted.run(PULL_REQUEST, "pull_request")["questions"]
    assert check.result == "failure"
    assert "::error file=questions/bad.yaml,line=1,col=14::'question' is empty" in check.log()
    assert "### Preview by the bundled model" in check.summary
    assert caller.log() == head

    ask(caller, {"questions/bad.yaml": None}, "Ask better")
    change(action, tmp_path, "a newer commit")
    again = hosted.run(ANSWER)["runner"]
    assert again.result == "success", again.log()
    assert "a newer commit" in again.log()
    assert "the question is up to date" in again.log()


@pytest.mark.timeout(300)
def test_the_stack_of_the_callers_own_settings(
    caller: Origin, hosted: GitHub, action: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "without-cdk"
    git(tmp_path, "clone", "--quiet", str(action), str(clone))
    # The step that deploys; tests/infra deploys by the settings that it names.
    (clone / "scripts/cdk").write_text('#!/bin/sh\necho deployed "$@" of "$QABOT_ROOT"\n')
    git(clone, "commit", "--quiet", "--all", "--message", "Deploy")
    git(clone, "tag", "--force", "v1")
    git(clone, "push", "--quiet", "--force", "origin", "v1")
    hosted.variables.update(ROLE)
    with emulated_cloud("thread") as cloud:
        cloud.deploy(model="bundled", revision=None, stack_name=STACK)
        hosted.environ.update(cloud.environ)
        plan = hosted.run(PULL_REQUEST, "pull_request")["questions"]
        assert "On Fargate 1 task of 1 vCPU and 4 GB" in plan.summary, plan.log()
        fargate = hosted.run(ANSWER)["fargate"]
        assert fargate.result == "success", fargate.log()
        assert re.search(r"deployed deploy qabot .* of \S+/clone\n", fargate.log())
        assert len(cloud.tasks) == 1
    assert 'answer: "Momotaro"' in caller.files()["answers/peach.yaml"]


def test_a_caller_must_grant_what_every_job_asks_for(hosted: GitHub, tmp_path: Path) -> None:
    written = yaml.safe_load((hosted.workflows / ANSWER).read_text("utf-8"))
    granted = written["jobs"]["answer"]["permissions"]
    own = yaml.safe_load((ROOT / ".github/workflows/answer.yml").read_text("utf-8"))
    wanted = {
        (scope, level)
        for job in own["jobs"].values()
        for scope, level in job["permissions"].items()
        if level == "write"
    }
    assert set(granted.items()) == wanted, "and no more"
    hosted.workflows = tmp_path / "workflows"
    hosted.workflows.mkdir()
    for scope in granted:
        less = {name: level for name, level in granted.items() if name != scope}
        written["jobs"]["answer"]["permissions"] = less
        written["on"] = written.pop(True, written.get("on"))
        (hosted.workflows / ANSWER).write_text(json.dumps(written))
        with pytest.raises(InvalidWorkflow, match=f"is requesting '{scope}: .* only allowed '"):
            hosted.run(ANSWER)


def test_a_pull_request_needs_nothing_but_to_read(hosted: GitHub) -> None:
    written = yaml.safe_load((hosted.workflows / PULL_REQUEST).read_text("utf-8"))
    assert written["permissions"] == {}
    assert written["jobs"]["check"]["permissions"] == {"contents": "read"}


def test_the_form_and_the_call_have_the_same_inputs() -> None:
    text = (ROOT / ".github/workflows/answer.yml").read_text("utf-8")
    events = yaml.safe_load(text)[True]  # PyYAML reads `on` as true
    assert events["workflow_call"]["inputs"] == events["workflow_dispatch"]["inputs"]
    assert all(asked["type"] for asked in events["workflow_call"]["inputs"].values())


def test_the_next_run_is_one_of_the_callers_workflow(tmp_path: Path) -> None:
    text = (ROOT / ".github/workflows/answer.yml").read_text("utf-8")
    (step,) = yaml.safe_load(text)["jobs"]["continue"]["steps"]
    (tmp_path / "gh").write_text('#!/bin/sh\necho gh "$@"\n')
    (tmp_path / "gh").chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "team/handbook",
        "GITHUB_REF_NAME": "main",
        "GITHUB_WORKFLOW_REF": "team/handbook/.github/workflows/qabot-answer.yml@refs/heads/main",
    }
    said = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env=environ, capture_output=True, text=True, check=True
    )
    assert said.stdout == "gh workflow run qabot-answer.yml --repo team/handbook --ref main\n"
