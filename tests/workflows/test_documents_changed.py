"""Both workflows when a document changes: documentation that is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.qabot.github.remotes import Origin
from tests.workflows.harness import GitHub
from tests.workflows.test_answer import ask

LEAVE = "documents/handbook/leave.md"
TEXT = "# Leave\n\nEverybody has {} days of annual leave in a year.\n"
QUESTIONS = (
    'documents: ["handbook/*"]\n'
    "questions:\n"
    "- id: leave\n"
    "  question: How many days of annual leave does everybody have?\n"
    '  expect: ["{}"]\n'
)


def indexes(github: GitHub) -> list[str]:
    """The keys of the documents' indexes in GitHub's cache."""
    return [key for _, key in github.caches if key.startswith("qabot-documents-")]


@pytest.mark.timeout(300)
def test_a_document_changes_by_a_pull_request(origin: Origin, github: GitHub) -> None:
    assert "answer.yml" in github.started_by("push", [LEAVE])
    assert "pull-request.yml" in github.started_by("pull_request", [LEAVE])
    for event in ("push", "pull_request"):
        started = github.started_by(event, ["README.md"])
        assert not {"answer.yml", "pull-request.yml"} & set(started)

    ask(origin, {LEAVE: TEXT.format(28), "questions/handbook.yaml": QUESTIONS.format(28)})
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "success", runner.log()
    answers = origin.files()["answers/handbook.yaml"]
    assert 'answer: "28"' in answers
    assert f'document: "{LEAVE}"' in answers
    (first,) = indexes(github)

    # A pull request edits the document: the answer that it changes, and what was expected of it.
    ask(origin, {LEAVE: TEXT.format(31)}, "More leave")
    head = origin.log()
    restored: list[int] = []

    def look(clone: Path) -> None:
        restored.append(len(list((clone.parent / "cache").rglob("*.sqlite"))))

    github.before["Check"] = look
    job = github.run("pull-request.yml", "pull_request")["questions"]
    assert job.result == "failure"
    assert job.outcome("Check") == "success"
    assert job.outcome("Preview answers") == "failure"
    row = "| ❌ How many days of annual leave does everybody have? <br> questions/handbook.yaml:3 "
    assert f"{row}| 28 | 31 | {LEAVE}:3 |" in job.summary.replace("\\", "")
    assert "::error file=questions/handbook.yaml,line=3::'How many days" in job.log()
    assert origin.log() == head
    assert restored == [1], "the default branch's index, for the documents that did not change"
    assert indexes(github) == [first], "a pull request keeps nothing"

    # With the new expectation it passes, and the merge answers.
    ask(origin, {"questions/handbook.yaml": QUESTIONS.format(31)}, "Expect it")
    job = github.run("pull-request.yml", "pull_request")["questions"]
    assert job.result == "success", job.log()
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "success", runner.log()
    assert 'answer: "31"' in origin.files()["answers/handbook.yaml"]
    assert len(indexes(github)) == 2
