"""The workflow of pull requests: it reports, it previews, and it cannot write."""

from __future__ import annotations

from tests.qabot.github.remotes import Origin
from tests.workflows.harness import GitHub
from tests.workflows.test_answer import PEACH, ask


def test_mistakes_the_plan_and_a_preview(origin: Origin, github: GitHub) -> None:
    ask(
        origin,
        {"questions/peach.yaml": PEACH, "questions/bad.yaml": "- {question: '', context: c}\n"},
    )
    head = origin.log()
    job = github.run("pull-request.yml", "pull_request")["questions"]
    assert job.result == "failure"
    assert "::error file=questions/bad.yaml,line=1,col=14::'question' is empty" in job.log()
    assert job.outcome("Preview answers") == "failure"
    assert "### Plan\n\n1 question in 1 file, 1 to ask, 0 fresh." in job.summary
    assert "| new | questions/peach.yaml:3 | What is the name of the baby? |" in job.summary
    assert "### Preview by the bundled model" in job.summary
    assert "| Momotaro | 0." in job.summary
    assert origin.log() == head


def test_questions_without_mistakes_pass(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/peach.yaml": PEACH})
    github.variables["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/qabot"
    job = github.run("pull-request.yml", "pull_request")["questions"]
    assert {step.outcome for step in job.steps} == {"success", "skipped"}
    assert job.outcome("Restore the model") == "skipped", "the bundled model is in the checkout"
    assert {job.outcome(name) for name in ("Check", "Plan", "Preview answers")} == {"success"}
    assert {job.outcome(name) for name in ("Answer", "Commit answers")} == {"skipped"}
    assert "On Fargate 1 task of 1 vCPU and 4 GB" in job.summary, "with an AWS account"
    # Previewed all the same, by the model that needs no account.
    assert "| Momotaro | 0." in job.summary


def test_hostile_text_changes_nothing(origin: Origin, github: GitHub) -> None:
    evil = (
        '"a: b\\n::error::forged ##[add-mask]x </td><script>alert(1)</script> $(touch pwned) @all"'
    )
    ask(origin, {"questions/evil.yaml": f"context: {evil}\nquestions:\n- {evil}\n"})
    job = github.run("pull-request.yml", "pull_request")["questions"]
    lines = job.log().splitlines()
    assert not any(line.lstrip().startswith("::error::forged") for line in lines)
    assert not any("##[" in line for line in lines)
    assert "<script" not in job.summary.replace("\\<script", "")
    assert job.summary.count("\n| ") == 6  # two tables, of a head, a rule and a row each
