"""A plan as text, as Markdown and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from qabot.answers.markdown import cell
from qabot.console.text import count, for_log, json_for_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qabot.questions.parse import Question
    from qabot.run.estimate import Estimate
    from qabot.run.plan import Plan, SetPlan

# The most rows: a summary on GitHub may have 1 MiB.
_MOST_ROWS = 200


def _states(plan: Plan, planned: SetPlan) -> Iterator[tuple[Question, str]]:
    """Each question of a set, and whether it is `fresh`, `new`, `changed` or asked `again`."""
    before = planned.before
    for question, key in planned.questions:
        entry = before.get(question.id)
        if key in plan.fresh:
            yield question, "fresh"
        elif entry is None:
            yield question, "new"
        else:
            yield question, "again" if entry.result.key == key else "changed"


def _removed(planned: SetPlan) -> list[str]:
    """The ids of answers whose questions are gone."""
    ids = {question.id for question, _ in planned.questions}
    return [id_ for id_ in planned.before if id_ not in ids]


def _summary(plan: Plan) -> str:
    asked = plan.asked
    waiting = sum(key in asked for planned in plan.sets for _, key in planned.questions)
    words = [
        f"{count(plan.total, 'question')} in {count(len(plan.sets), 'file')}",
        f"{len(plan.requests)} to ask",
        f"{plan.total - waiting} fresh",
    ]
    if plan.prune:
        words.append(f"{count(len(plan.prune), 'answers file')} to remove")
    return ", ".join(words)


def as_text(plan: Plan, estimate: Estimate) -> str:
    """A plan for a terminal: a line per change, and a summary."""
    lines = []
    for planned in plan.sets:
        for question, state in _states(plan, planned):
            if state != "fresh":
                lines.append(
                    for_log(f"{state:8} {planned.source}:{question.line}: {question.question}")
                )
        lines += [for_log(f"removed  {planned.source}: {name}") for name in _removed(planned)]
    lines += [for_log(f"removed  {path}") for path in plan.prune]
    lines.append(f"{_summary(plan)}.")
    if plan.requests:
        lines.append(estimate.words)
    return "\n".join(lines) + "\n"


def as_markdown(plan: Plan, estimate: Estimate) -> str:
    """A plan for a pull request: a table of the changes, safe whatever the questions contain."""
    lines = ["### Plan", "", f"{_summary(plan)}.", ""]
    if plan.requests:
        lines += [estimate.words, ""]
    rows = [
        f"| {state} | {cell(planned.source)}:{question.line} | {cell(question.question)} |"
        for planned in plan.sets
        for question, state in _states(plan, planned)
        if state != "fresh"
    ]
    rows += [
        f"| removed | {cell(planned.source)} | {cell(name)} |"
        for planned in plan.sets
        for name in _removed(planned)
    ]
    rows += [f"| removed | {cell(path)} | |" for path in plan.prune]
    if rows:
        lines += ["| | where | question |", "| --- | --- | --- |", *rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        lines += ["", f"… and {len(rows) - _MOST_ROWS} more."]
    return "\n".join(lines) + "\n"


def as_json(plan: Plan, estimate: Estimate) -> str:
    """A plan as a JSON object."""
    sets: list[dict[str, Any]] = []
    for planned in plan.sets:
        states = list(_states(plan, planned))
        sets.append(
            {
                "source": planned.source,
                "counts": dict(Counter(state for _, state in states)),
                "questions": [
                    {"id": question.id, "line": question.line, "state": state}
                    for question, state in states
                ],
                "removed": _removed(planned),
            }
        )
    document = {
        "model": plan.model,
        "questions": plan.total,
        "ask": len(plan.requests),
        "estimate": {
            "tasks": estimate.tasks,
            "seconds": round(estimate.seconds, 1),
            "dollars": round(estimate.dollars, 4),
        },
        "sets": sets,
        "remove": plan.prune,
    }
    return json_for_log(document, indent=2) + "\n"


FORMATS: dict[str, Callable[[Plan, Estimate], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}
