"""Fit what turns a model's evidence into the probability that an answer is right.

`qabot model calibrate` asks questions whose answers are known, and fits two logistic curves
(`answerer.scores`) by Newton's method. Its figures are measured on questions that were not used for
the fit: each half of them by a fit on the other half.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from answerer.errors import InputError
from answerer.info import INFO_FILE
from answerer.model import Model
from answerer.scores import NONE_FEATURES, Calibration, probabilities
from qabot.errors import UsageError
from qabot.models import reliability, squad

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from answerer.scores import Evidence
    from qabot.console.reporter import Reporter
    from qabot.models.squad import Example

# An answer is right from this F1 on.
RIGHT = 0.5
# F1 points that saying "the text does not say" may cost on questions that the text answers.
MOST_COST = 2.0
# Questions of each kind that a fit needs: right answers, wrong ones, and ones without an answer.
_LEAST = 30
_PENALTY = 1.0  # on the squares of the weights, so that few questions fit no extremes
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Observation:
    """What the model found for a question whose answer is known.

    Args:
        evidence: what speaks for the best span.
        f1: of the best span; 0 where the text does not say.
        answerable: whether the text answers the question.
    """

    evidence: Evidence
    f1: float
    answerable: bool

    @property
    def right(self) -> bool:
        """Whether the best span is right."""
        return self.f1 >= RIGHT


def calibrate(
    paths: Sequence[Path],
    directory: Path,
    *,
    elsewhere: bool,
    fitted_on: str | None,
    threads: int | None,
    report: Reporter,
) -> Calibration:
    """Fit a model's calibration, and write it into its `model.json`.

    Args:
        paths: SQuAD v1.1 or v2.0 files with questions that the model was not trained on.
        directory: the model directory.
        elsewhere: put each question to another paragraph of its article, too.
        fitted_on: a name for the questions; None for the files' names.
        threads: as for `Model.load`.
        report: shows progress.

    Raises:
        UsageError: the files are not SQuAD's, or hold too few questions of a kind.
        ModelError: the model cannot be used.
    """
    examples = [example for path in paths for example in squad.read(path, elsewhere=elsewhere)]
    model = Model.load(directory, threads=threads, with_fit=False)
    name = fitted_on or ", ".join(path.name for path in paths)
    found = fit(_observe(model, examples, report), has_null=model.info.null, fitted_on=name)
    info = dataclasses.replace(model.info, calibration=found)
    (directory / INFO_FILE).write_text(info.to_json(), encoding="utf-8", newline="\n")
    return found


def _observe(model: Model, examples: Sequence[Example], report: Reporter) -> list[Observation]:
    found: dict[int, Observation] = {}
    with report.progress(len(examples), f"Asking {model.info.name}") as advance:
        pairs = ((example.context, example.question) for example in examples)
        for index, outcome in model.evidence_all(pairs):
            if not isinstance(outcome, InputError):
                span, evidence = outcome
                example = examples[index]
                answerable = example.texts != ("",)
                f1 = squad.f1(span.answer, example.texts) if answerable else 0.0
                found[index] = Observation(evidence, f1, answerable)
            advance(examples[index].id)
    return [found[index] for index in sorted(found)]


def fit(observations: Sequence[Observation], *, has_null: bool, fitted_on: str) -> Calibration:
    """Fit a calibration.

    Args:
        observations: in an order in which every second one makes a fair half.
        has_null: whether the model can say that the text does not.
        fitted_on: a name for the questions.

    Raises:
        UsageError: there are too few of a kind.
    """
    if not has_null:
        observations = [known for known in observations if known.answerable]
    right = sum(known.right for known in observations)
    wrong = sum(known.answerable and not known.right for known in observations)
    none = sum(not known.answerable for known in observations)
    counted = [("rightly answered", right), ("wrongly answered", wrong)]
    counted += [("that the text does not answer", none)] if has_null else []
    for what, number in counted:
        if number < _LEAST:
            raise UsageError(
                f"{number} questions {what}, and a fit needs at least {_LEAST}; give more files "
                "with questions that the model was not trained on"
                + (", or --elsewhere" if what.startswith("that") else "")
            )
    halves = observations[::2], observations[1::2]
    scores: list[float] = []
    truth: list[bool] = []
    for fitted, measured in (halves, halves[::-1]):
        calibration = _fit(fitted, has_null=has_null, fitted_on=fitted_on)
        for known in measured:
            score, was_right = judged(known, calibration, has_null=has_null)
            scores.append(score)
            truth.append(was_right)
    return dataclasses.replace(
        _fit(observations, has_null=has_null, fitted_on=fitted_on),
        error=round(reliability.calibration_error(scores, truth), 4),
        auroc=round(reliability.auroc(scores, truth), 4),
    )


def judged(known: Observation, calibration: Calibration, *, has_null: bool) -> tuple[float, bool]:
    """The score of what is answered, and whether that is right.

    Args:
        known: what was found.
        calibration: the fit.
        has_null: whether the model can say that the text does not.
    """
    right, none = probabilities(known.evidence, has_null=has_null, calibration=calibration)
    if has_null and none >= calibration.threshold:
        return none, not known.answerable
    return right, known.right


def _fit(observations: Sequence[Observation], *, has_null: bool, fitted_on: str) -> Calibration:
    features = np.array([known.evidence.features() for known in observations])
    answerable = np.array([known.answerable for known in observations])
    right = np.array([known.right for known in observations])
    none = None
    if has_null:
        rows = np.array([known.evidence.features(NONE_FEATURES) for known in observations])
        none = _curve(rows, ~answerable)
    calibration = Calibration(
        right=_curve(features[answerable], right[answerable]),
        none=none,
        threshold=1.0,
        fitted_on=fitted_on,
        questions=len(observations),
        error=0.0,
        auroc=0.5,
    )
    if not has_null:
        return calibration
    nones = [
        (probabilities(known.evidence, has_null=True, calibration=calibration)[1], known)
        for known in observations
    ]
    return dataclasses.replace(calibration, threshold=_threshold(nones))


def _threshold(nones: Sequence[tuple[float, Observation]]) -> float:
    """The lowest probability of "the text does not say" that becomes the answer.

    A lower one would cost too much F1.
    """
    total = sum(known.answerable for _, known in nones)
    cost, threshold = 0.0, 1.0
    for none, known in sorted(nones, key=lambda pair: -pair[0]):
        cost += 100 * known.f1 / total
        if cost > MOST_COST:
            break
        threshold = none
    return round(threshold, 4)


def _curve(features: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, ...]:
    """A constant and a weight per feature: logistic regression with a small penalty."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    rows = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    penalty = _PENALTY * np.eye(rows.shape[1])
    penalty[0, 0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (chance - truth) + penalty @ weights
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    plain = weights[1:] / spread
    return tuple(round(float(weight), 6) for weight in (weights[0] - plain @ mean, *plain))
