"""Measure a model on a SQuAD-format file, by the code path that answers: `qabot model evaluate`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import InputError
from answerer.info import INFO_FILE
from answerer.model import Model
from qabot.models import squad

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.console.reporter import Reporter


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
    """

    questions: int
    exact_match: float
    f1: float
    per_second: float
    refused: int
    answers: dict[str, str]


def evaluate(
    path: Path, directory: Path, *, threads: int | None = None, report: Reporter
) -> Evaluation:
    """Answer every question of a file and compare with its right answers.

    Args:
        path: a SQuAD v1.1 or v2.0 file. The model always answers, so that every question without
            an answer (v2.0) counts as wrong.
        directory: the model directory.
        threads: as for `Model.load`.
        report: is told how far it is.

    Raises:
        UsageError: the file is not one.
        ModelError: the model can't be used.
    """
    examples = squad.read(path)
    model = Model.load(directory, threads=threads)
    answers: dict[int, str] = {}
    refused = 0
    begun = time.perf_counter()
    with report.progress(len(examples), f"Evaluating {model.info.name}") as progress:
        pairs = ((example.context, example.question) for example in examples)
        for index, outcome in model.answer_all(pairs):
            refused += isinstance(outcome, InputError)
            answers[index] = "" if isinstance(outcome, InputError) else outcome[0].answer
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
        answers={example.id: answers[i] for i, example in enumerate(examples)},
    )


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
