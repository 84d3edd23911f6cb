"""`qabot preview`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qabot.answers.markdown import cell
from qabot.answers.model import Answer
from qabot.commands.arguments import Command
from qabot.commands.selection import SelectedOptions, prepare
from qabot.console.text import count
from qabot.engines.runner import RunnerEngine
from qabot.errors import QuestionsError
from qabot.github import job_summary
from qabot.models.local import LocalModel, bundled_model, configured_model
from qabot.run.changed import as_markdown, changed
from qabot.run.reconcile import Outcome, in_words

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.commands.engine_options import EngineOptions
    from qabot.console.reporter import Reporter

# In a pull request with more questions, only the first ones are tried.
_MOST_PREVIEWED = 200


def preview(options: SelectedOptions, report: Reporter) -> int:
    """Answer on this machine what a run would ask, into the job summary; write nothing else.

    Returns:
        1 if a question has no answer, or if an answer was as expected before and is not now.

    Raises:
        QuestionsError: there are mistakes in `questions/`; the rest is answered.
    """
    prepared = prepare(options, report)
    plan = prepared.plan
    requests = plan.requests[:_MOST_PREVIEWED]
    outcome = Outcome(asked=len(requests), results=dict(plan.fresh))
    by_key = {key: question for planned in plan.sets for question, key in planned.questions}
    model = _model(prepared.root, options.engine, report)
    started = time.monotonic()
    with report.progress(len(requests), "Previewing") as advance:
        for result in RunnerEngine(model).answer(requests):
            outcome.results[result.key] = result
            asked = by_key[result.key]
            advance(f"{asked.source}: {asked.question} → {in_words(result)}")
            outcome.answered += isinstance(result, Answer)
    outcome.seconds = time.monotonic() - started
    outcome.failed = outcome.asked - outcome.answered
    asked_of = count(len(plan.requests), "question")
    report.note(f"previewed {outcome.answered} of {asked_of} with {model.label}")
    title = f"Preview by {cell(model.label)}"
    job_summary.append(job_summary.render(plan, outcome, title=title))
    changes = list(changed(plan, outcome.results))
    job_summary.append(as_markdown(changes))
    broken = [change.broken for change in changes if change.broken is not None]
    if model.identity != prepared.engine.model:
        broken = []  # the model of the run may do better
    for problem in broken:
        report.error(problem)
    if prepared.questions.problems:
        raise QuestionsError(prepared.questions.problems)
    return 1 if outcome.failed or broken else 0


def _model(root: Path, engine: EngineOptions, report: Reporter) -> LocalModel:
    """The model of the run, or the bundled one: a preview does not export or download."""
    model = configured_model(root, engine.model)
    if model.is_ready:
        return model
    report.note(f"{model.label} is not in the cache; the bundled model answers instead")
    return bundled_model()


COMMAND = Command(
    SelectedOptions,
    preview,
    "This machine answers, whichever engine will answer later, with the model that cdk.json "
    "names, or with the bundled model if the former is not in the cache. On GitHub the "
    "answers become part of the job summary.",
    "qabot preview --engine fargate",
    without=("fargate",),
)
