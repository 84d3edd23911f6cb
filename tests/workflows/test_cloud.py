"""The same workflow with an AWS account: the emulated one."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.qabot.github.remotes import Origin
from tests.workflows.harness import GitHub
from tests.workflows.reader import Reader
from tests.workflows.test_answer import PEACH, ask
from tools.emulator import emulated_cloud

ROLE = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/qabot"}


def deploy_bundled(origin: Origin) -> None:
    """Let a fork deploy, without the CDK."""
    person = origin.clone()
    # The step that deploys is replaced; tests/tools/rehearsal runs the CDK's command line.
    person.write("scripts/cdk", '#!/bin/sh\necho deployed "$@"\n')
    origin.push(person, "Deploy")


@pytest.mark.timeout(300)
def test_one_task_a_question_and_a_commit(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/peach.yaml": PEACH + "- Who named it?\n"})
    deploy_bundled(origin)
    github.variables.update(ROLE)
    with emulated_cloud("thread") as cloud:
        cloud.deploy(model="bundled", revision=None)
        github.environ.update(cloud.environ)
        jobs = github.run("answer.yml")
        fargate = jobs["fargate"]
        assert fargate.result == "success", fargate.log()
        assert jobs["runner"].result == "skipped"
        assert jobs["continue"].result == "skipped"
        assert "deployed deploy qabot --require-approval never" in fargate.log()
        assert "run github-1001-1: 2 tasks to launch" in fargate.log()
        assert len(cloud.tasks) == 2
        assert "about $0.00 on Fargate" in fargate.summary
        assert jobs["page"].outcome("Download the timeline") == "success"
    assert 'answer: "Momotaro"' in origin.files()["answers/peach.yaml"]


def test_destroying_wants_the_word(github: GitHub) -> None:
    github.variables.update(ROLE)
    jobs = github.run("destroy.yml", "workflow_dispatch", confirm="yes")
    assert jobs["destroy"].result == "skipped"


@pytest.mark.timeout(300)
def test_destroy_stops_the_tasks_first(origin: Origin, github: GitHub) -> None:
    deploy_bundled(origin)
    github.variables.update(ROLE)
    with emulated_cloud("thread") as cloud:
        github.environ.update(cloud.environ)
        without_a_stack = github.run("destroy.yml", "workflow_dispatch", confirm="destroy")
        assert without_a_stack["destroy"].result == "success"
        cloud.deploy(model="bundled", revision=None)
        job = github.run("destroy.yml", "workflow_dispatch", confirm="destroy")["destroy"]
        assert job.result == "success", job.log()
        assert job.log().index("stopped 0 tasks") < job.log().index(
            "deployed destroy qabot --force"
        )


def test_a_run_whose_hour_ended_is_continued(reader: Reader) -> None:
    template = reader.read(ROOT / ".github/workflows/answer.yml")
    (job,) = (job for job in template["jobs"] if job["id"] == "continue")

    def goes_on(unfinished: str, status: str = "success") -> bool:
        needs = {"fargate": {"result": status, "outputs": {"unfinished": unfinished}}}
        return reader.truth(job["if"]["expr"], {"needs": needs}, status)

    # Its questions that were not reached are failures until the next run.
    assert goes_on("true", "failure")
    assert not goes_on("false")
    assert not goes_on("")


@pytest.mark.parametrize(
    ("workflow", "job_id"), [("answer.yml", "fargate"), ("destroy.yml", "destroy")]
)
@pytest.mark.parametrize("environment", ["", "production"])
def test_a_job_that_assumes_the_role_is_of_the_environment_that_a_variable_names(
    reader: Reader, workflow: str, job_id: str, environment: str
) -> None:
    template = reader.read(ROOT / ".github/workflows" / workflow)
    (job,) = (job for job in template["jobs"] if job["id"] == job_id)
    variables = {"AWS_ENVIRONMENT": environment} if environment else {}
    assert reader.text(job["environment"], {"vars": variables}) == environment
