"""The job summary of a run: its questions and results, in a table of limited size."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.answers.markdown import cell
from qabot.answers.model import (
    NOT_CALIBRATED,
    NOT_SAID,
    Answer,
    is_as_expected,
    is_calibrated,
    is_doubtful,
)
from qabot.console.text import count
from qabot.github import job_summary_pictures as pictures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qabot.answers.model import Result
    from qabot.questions.parse import Question
    from qabot.run.plan import Plan
    from qabot.run.reconcile import Outcome
    from qabot.timeline.events import Timeline

# GitHub does not show a step's summary of more than 1 MiB; several steps share a page.
# docs.github.com: Workflow commands, adding a job summary.
_MOST_BYTES = 900_000


def render(
    plan: Plan,
    outcome: Outcome,
    cost: str = "",
    title: str = "Answers",
    timeline: Timeline | None = None,
) -> str:
    """A run as Markdown, safe whatever its texts contain, and within GitHub's size limit.

    Failures come first, then answers to look at, then the rest.

    Args:
        plan: of the run.
        outcome: of the run.
        cost: what it cost, in words.
        title: of the section.
        timeline: of the run, where it was recorded.
    """
    lines = [f"### {title}", "", _counts(plan, outcome, cost), ""]
    if not is_calibrated(outcome.results.values()):
        lines += [NOT_CALIBRATED, ""]
    if drawn := pictures.scores(_scores(plan, outcome.results)):
        lines += [*drawn, ""]
    if timeline is not None and (drawn := pictures.timeline(timeline, _labels(plan))):
        lines += [*drawn, ""]
    rows = sorted(_rows(plan, outcome.results), key=lambda row: row[0])
    if rows:
        lines += ["| | question | answer | score |", "| --- | --- | --- | --- |"]
    size = sum(len(line.encode()) + 1 for line in lines)
    for shown, (_, row) in enumerate(rows):
        size += len(row.encode()) + 1
        if size > _MOST_BYTES:
            lines += ["", f"… and {count(len(rows) - shown, 'more question')} in `answers/`."]
            break
        lines.append(row)
    return "\n".join(lines) + "\n"


def _counts(plan: Plan, outcome: Outcome, cost: str) -> str:
    words = [f"{count(plan.total, 'question')}", f"{outcome.asked:,} asked"]
    if outcome.asked:
        words.append(f"{outcome.answered:,} answered in {outcome.seconds:.1f} s")
    if outcome.failed:
        words.append(f"**{outcome.failed:,} without an answer**")
    if outcome.doubtful:
        words.append(f"{outcome.doubtful:,} doubtful")
    if outcome.expected:
        words.append(f"{outcome.met:,} of {outcome.expected:,} as expected")
    if cost:
        words.append(cost)
    return ", ".join(words) + "."


def _scores(plan: Plan, results: Mapping[str, Result]) -> list[tuple[str, list[float]]]:
    """The scores of every set of which questions were asked."""
    asked = plan.asked
    return [
        (
            set_.source,
            [
                result.span.score
                for _, key in set_.questions
                if isinstance(result := results.get(key), Answer)
            ],
        )
        for set_ in plan.sets
        if any(key in asked for _, key in set_.questions)
    ]


def _labels(plan: Plan) -> dict[str, str]:
    return {key: question.question for set_ in plan.sets for question, key in set_.questions}


def _rows(plan: Plan, results: Mapping[str, Result]) -> Iterator[tuple[int, str]]:
    """Each question's row and its priority: 0 comes first."""
    asked = plan.asked
    for set_ in plan.sets:
        for question, key in set_.questions:
            result = results.get(key)
            if key in asked or not isinstance(result, Answer):
                yield _row(question, result)


def _row(question: Question, result: Result | None) -> tuple[int, str]:
    asked = f"{cell(question.question)} <br> {cell(question.source)}:{question.line}"
    if result is None:
        return 0, f"| ⏳ | {asked} | not asked yet | |"
    if not isinstance(result, Answer):
        return 0, f"| ❌ | {asked} | {cell(f'{result.kind}: {result.reason}')} | |"
    score = f"{result.span.score:.2f}"
    answer = cell(result.span.answer) or f"*{NOT_SAID}*"
    if is_as_expected(result.span, question) is False:
        expected = " or ".join(cell(text) for text in question.expect[:3]) or "no answer"
        return 1, f"| ❌ | {asked} | {answer} <br> expected: {expected} | {score} |"
    if is_doubtful(result):
        return 1, f"| ⚠️ | {asked} | {answer} | {score} |"
    return 2, f"| ✅ | {asked} | {answer} | {score} |"


def append(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Append to the step's summary, if there is one.

    Args:
        text: Markdown.
        environ: `GITHUB_STEP_SUMMARY` is read.
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def set_output(name: str, value: object, environ: Mapping[str, str] = os.environ) -> None:
    """Set an output of the workflow's step, if there is one, for later steps and jobs.

    Args:
        name: of the step's output.
        value: text on one line; anything else is written as JSON, which has no line ends.
        environ: `GITHUB_OUTPUT` is read.
    """
    path = environ.get("GITHUB_OUTPUT")
    if path:
        text = value if isinstance(value, str) else json.dumps(value)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={text}\n")
