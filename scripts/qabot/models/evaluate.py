"""Measure a model on a SQuAD-format file, by the code path that answers: `qabot model evaluate`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import InputError
from answerer.info import INFO_FILE
from answerer.model import Model
from qabot.models import reliability, squad
from qabot.models.calibrate import RIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from answerer.spans import Span
    from qabot.console.reporter import Reporter
    from qabot.models.squad import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well a model did.

    Args:
        questions: how many were asked.
        exact_match: EM in per cent.
        f1: F1 in per cent.
        per_second: questions answered in a second of wall time, loading left out.
        refused: questions that could not be asked; they count as answered with nothing.
        answers: the answer to each question by its id, as the official scripts read them.
        answerable: EM, F1 and number of the questions that the text answers; None without any.
        unanswerable: percentage rightly answered with nothing, twice, and number of the others.
        scores: of each answer, "the text does not say" included.
        right: whether each of those is right: F1 of 0.5 or more, or rightly nothing.
        answerable_auroc: how well the score of the best span tells right from wrong where the text
            answers.
        span_auroc: the same over all questions, where nothing is right if the text does not answer.
    """

    questions: int
    exact_match: float
    f1: float
    per_second: float
    refused: int
    answers: dict[str, str]
    answerable: tuple[float, float, int] | None
    unanswerable: tuple[float, float, int] | None
    scores: list[float]
    right: list[bool]
    answerable_auroc: float
    span_auroc: float


def evaluate(
    path: Path,
    directory: Path,
    *,
    elsewhere: bool = False,
    threads: int | None = None,
    report: Reporter,
) -> Evaluation:
    """Answer every question of a file and compare with its right answers.

    Args:
        path: a SQuAD v1.1 or v2.0 file. A model without a null always answers, so that every
            question without an answer (v2.0) counts as wrong.
        directory: the model directory.
        elsewhere: as for `squad.read`.
        threads: as for `Model.load`.
        report: shows progress.

    Raises:
        UsageError: the file is not one.
        ModelError: the model cannot be used.
    """
    examples = squad.read(path, elsewhere=elsewhere)
    model = Model.load(directory, threads=threads)
    # As the pipelines of v1.1 do: where every question has an answer, the best span is always it.
    answered = all(example.texts != ("",) for example in examples)
    answers: dict[int, str] = {}
    right: dict[int, bool] = {}
    scores: dict[int, float] = {}
    spans: dict[int, Span] = {}  # the best one, also where nothing is the answer
    refused = 0
    begun = time.perf_counter()
    with report.progress(len(examples), f"Evaluating {model.info.name}") as progress:
        pairs = ((example.context, example.question) for example in examples)
        for index, outcome in model.answer_all(pairs, top_k=2):
            if isinstance(outcome, InputError):
                refused += 1
                answers[index] = ""
            else:
                best = next(span for span in outcome if span.found)
                spans[index], scores[index] = best, outcome[0].score
                answers[index] = best.answer if answered else outcome[0].answer
                right[index] = squad.f1(outcome[0].answer, examples[index].texts) >= RIGHT
            progress.advance(examples[index].id)
    seconds = time.perf_counter() - begun
    exact = sum(squad.exact_match(answers[i], example.texts) for i, example in enumerate(examples))
    overlap = sum(squad.f1(answers[i], example.texts) for i, example in enumerate(examples))
    return Evaluation(
        questions=len(examples),
        exact_match=100 * exact / len(examples),
        f1=100 * overlap / len(examples),
        per_second=len(examples) / seconds,
        refused=refused,
        answerable=_figures(examples, answers, answerable=True),
        unanswerable=_figures(examples, answers, answerable=False),
        scores=[scores[i] for i in sorted(scores)],
        right=[right[i] for i in sorted(right)],
        answerable_auroc=_auroc(examples, spans, every=False),
        span_auroc=_auroc(examples, spans, every=True),
        answers={example.id: answers[i] for i, example in enumerate(examples)},
    )


def _figures(
    examples: Sequence[Example], answers: Mapping[int, str], *, answerable: bool
) -> tuple[float, float, int] | None:
    """EM, F1 and number of the questions that the text answers, or of the others."""
    chosen = [i for i, example in enumerate(examples) if (example.texts != ("",)) == answerable]
    if not chosen:
        return None
    exact = sum(squad.exact_match(answers[i], examples[i].texts) for i in chosen)
    overlap = sum(squad.f1(answers[i], examples[i].texts) for i in chosen)
    return 100 * exact / len(chosen), 100 * overlap / len(chosen), len(chosen)


def _auroc(examples: Sequence[Example], spans: Mapping[int, Span], *, every: bool) -> float:
    chosen = [i for i in sorted(spans) if every or examples[i].texts != ("",)]
    right = [squad.f1(spans[i].answer, examples[i].texts) >= RIGHT for i in chosen]
    return reliability.auroc([spans[i].score for i in chosen], right)


def record(directory: Path, evaluation: Evaluation, measured_on: str) -> None:
    """Write EM and F1 into a model directory's `model.json`.

    Args:
        directory: the model directory.
        evaluation: what was measured.
        measured_on: a name for what it was measured on.
    """
    from answerer.info import read_info

    info = dataclasses.replace(
        read_info(directory),
        exact_match=round(evaluation.exact_match, 2),
        f1=round(evaluation.f1, 2),
        measured_on=measured_on,
    )
    (directory / INFO_FILE).write_text(info.to_json(), encoding="utf-8", newline="\n")
