"""The job summary: what matters first, within GitHub's limits, safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from qabot.answers.model import NOT_CALIBRATED, Failure, Result
from qabot.console.reporter import Reporter
from qabot.engines import Engine
from qabot.github import job_summary as summary
from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import Outcome, reconcile
from qabot.timeline.recorder import Recorder
from tests.conftest import Repository
from tests.qabot.answers.test_markdown import GITHUB, HOSTILE, tags
from tests.qabot.scripted import ScriptedEngine, failure, first_word


def rendered(
    repository: Repository, engine: Engine, cost: str = "", recorder: Recorder | None = None
) -> str:
    plan = make_plan(repository.root, read_questions(repository.root), engine.model)
    outcome = reconcile(repository.root, plan, engine, Reporter())
    timeline = recorder.timeline() if recorder is not None else None
    return summary.render(plan, outcome, cost, timeline=timeline)


def test_failures_come_first(repository: Repository) -> None:
    repository.write(
        "questions/a.yaml",
        "context: 1921 was it\nquestions:\n- fine\n- {question: unmet, expect: [x]}\n- low\n- fails\n",
    )
    engine = ScriptedEngine(
        lambda request: (
            failure(request)
            if request.question == "fails"
            else first_word(request, score=0.1 if request.question == "low" else 0.9)
        )
    )
    text = rendered(repository, engine, "about $0.12 on Fargate")
    assert "4 questions, 4 asked, 3 answered in" in text
    assert (
        "**1 without an answer**, 1 doubtful, 0 of 1 as expected, about $0.12 on Fargate." in text
    )
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert [row.split("|")[1].strip() for row in rows] == ["❌", "❌", "⚠️", "✅"]
    assert "crashed: it crashed" in rows[0]
    assert "expected: x" in rows[1]


def test_scores_that_are_not_probabilities_are_marked(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: 1921 was it\nquestions: [q]\n")
    assert NOT_CALIBRATED in rendered(repository, ScriptedEngine(model="m@1/s2"))
    assert NOT_CALIBRATED not in rendered(repository, ScriptedEngine(model="m@1/s2-0a1b2c"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(repository: Repository, text: str) -> None:
    import json

    question = {"context": f"{text} x", "question": f"{text} ?", "expect": [f"{text}!"]}
    repository.write("questions/a.json", json.dumps([question]))
    allowed = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "strong"}
    made = rendered(repository, ScriptedEngine())
    assert tags(made) <= allowed, GITHUB.render(made)
    assert made.count("\n| ") == 3


def test_any_number_of_questions_fits(repository: Repository) -> None:
    many = "".join(f"- {'😀' * 400} {n}\n" for n in range(3_000))
    repository.write("questions/a.yaml", f"context: c\nquestions:\n{many}")
    text = rendered(repository, ScriptedEngine())
    assert len(text.encode()) < 2**20
    assert "more questions in `answers/`" in text


def test_an_interrupted_run_is_reported(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: c\nquestions: [q]\n")
    plan = make_plan(repository.root, read_questions(repository.root), "m@1/s1")
    text = summary.render(plan, Outcome(asked=1))
    assert "| ⏳ | q <br> questions/a.yaml:2 | not asked yet | |" in text


def test_it_goes_where_github_says(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    summary.append("one", {"GITHUB_STEP_SUMMARY": str(path)})
    summary.append("two", {"GITHUB_STEP_SUMMARY": str(path)})
    summary.append("nowhere", {})
    assert path.read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("kinds", "answered", "unfinished"),
    [(["timeout"], 1, True), (["timeout"], 0, False), (["crashed"], 1, False), ([], 1, False)],
)
def test_a_run_is_unfinished_when_time_ran_out_and_it_got_on(
    tmp_path: Path, kinds: list[str], answered: int, unfinished: bool
) -> None:
    results: dict[str, Result] = {
        kind: Failure(kind, "m", kind, "the run's time was over") for kind in kinds
    }
    path = tmp_path / "output"
    made = Outcome(answered=answered, results=results).is_unfinished
    summary.set_output("unfinished", made, {"GITHUB_OUTPUT": str(path)})
    assert path.read_text() == f"unfinished={str(unfinished).lower()}\n"
