"""Measure a model on a SQuAD-format file, by the code path that answers: `qabot model evaluate`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import InputError
from answerer.info import INFO_FILE, read_info
from answerer.model import Model
from qabot.answers.model import DOUBTFUL
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
        scores: of each answer, "the text does not say" included.
        right: whether each of those is right: F1 of 0.5 or more, or rightly nothing.
        more: further figures by name; EM and F1 of the questions that the text answers, and of the
            others, are named as in the official script.
    """

    questions: int
    exact_match: float
    f1: float
    per_second: float
    refused: int
    answers: dict[str, str]
    scores: list[float]
    right: list[bool]
    more: dict[str, float]


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
    with report.progress(len(examples), f"Evaluating {model.info.name}") as advance:
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
            advance(examples[index].id)
    seconds = time.perf_counter() - begun
    exact_match, f1 = _means(examples, answers, range(len(examples)))
    shown = [scores[i] for i in sorted(scores)]
    judged = [right[i] for i in sorted(right)]
    return Evaluation(
        questions=len(examples),
        exact_match=exact_match,
        f1=f1,
        per_second=len(examples) / seconds,
        refused=refused,
        answers={example.id: answers[i] for i, example in enumerate(examples)},
        scores=shown,
        right=judged,
        more=_by_kind(examples, answers, spans) | _of_scores(shown, judged),
    )


def _means(
    examples: Sequence[Example], answers: Mapping[int, str], chosen: Sequence[int]
) -> tuple[float, float]:
    """EM and F1 of some of the questions, in per cent."""
    exact = sum(squad.exact_match(answers[i], examples[i].texts) for i in chosen)
    overlap = sum(squad.f1(answers[i], examples[i].texts) for i in chosen)
    return 100 * exact / len(chosen), 100 * overlap / len(chosen)


def _by_kind(
    examples: Sequence[Example], answers: Mapping[int, str], spans: Mapping[int, Span]
) -> dict[str, float]:
    """Figures for the questions that the text answers, and for the others if there are both."""
    answerable = [i for i, example in enumerate(examples) if example.texts != ("",)]
    others = [i for i, example in enumerate(examples) if example.texts == ("",)]
    figures: dict[str, float] = {}
    if answerable and others:
        exact, f1 = _means(examples, answers, answerable)
        figures["HasAns_exact"] = round(exact, 2)
        figures["HasAns_f1"] = round(f1, 2)
        figures["NoAns_exact"] = round(_means(examples, answers, others)[0], 2)
        # Where the text does not answer, no span is right.
        figures["auroc_of_spans"] = _auroc(examples, spans, sorted(spans))
    figures["auroc_answerable"] = _auroc(examples, spans, [i for i in answerable if i in spans])
    return figures


def _auroc(examples: Sequence[Example], spans: Mapping[int, Span], chosen: Sequence[int]) -> float:
    """How well the scores of the best spans tell right from wrong."""
    right = [squad.f1(spans[i].answer, examples[i].texts) >= RIGHT for i in chosen]
    return round(reliability.auroc([spans[i].score for i in chosen], right), 3)


def _of_scores(scores: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """How well the scores predict whether an answer is right."""
    sure = [is_right for score, is_right in zip(scores, right, strict=True) if score >= DOUBTFUL]
    return {
        "calibration_error": round(reliability.calibration_error(scores, right), 3),
        "not_doubtful": round(100 * len(sure) / max(1, len(scores)), 1),
        "not_doubtful_right": round(100 * sum(sure) / max(1, len(sure)), 1),
    }


def record(directory: Path, evaluation: Evaluation, measured_on: str) -> None:
    """Write EM and F1 into a model directory's `model.json`.

    Args:
        directory: the model directory.
        evaluation: what was measured.
        measured_on: a name for what it was measured on.
    """
    info = dataclasses.replace(
        read_info(directory),
        exact_match=round(evaluation.exact_match, 2),
        f1=round(evaluation.f1, 2),
        measured_on=measured_on,
    )
    (directory / INFO_FILE).write_text(info.to_json(), encoding="utf-8", newline="\n")
