"""From the evidence for an answer to the probability that it is right.

A model's own softmax is not that: it splits between mentions of one answer, falls with the length of
the text, and is as sure where the text says nothing. `qabot model calibrate` fits two logistic
curves on questions that the model was not trained on: how likely the text does not say, and, if it
does, how likely the best span is right. `model.json` holds them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# Larger log odds are cut to this.
MOST = 20.0

FEATURES = ("agreement",)
NONE_FEATURES = ("support", "overlap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence for a span.

    Args:
        agreement: expected overlap (F1 of code points) of the span with what the model means, in
            [0, 1): over all spans, weighted by their probability. It is low where the model
            hesitates between answers, and where it is sure of the place, but not of where the answer
            begins and ends.
        support: log odds of all spans of this answer together, against the null of their windows.
        rank: its rank without the lexical part: log odds against the window's null.
        overlap: share of the question's terms that its passage contains.
    """

    agreement: float
    support: float
    rank: float
    overlap: float

    def features(self, names: tuple[str, ...] = FEATURES) -> list[float]:
        """The numbers that a calibration weighs.

        Args:
            names: which of `FEATURES` and `NONE_FEATURES`, in this order.
        """
        agreement = max(math.exp(-MOST), self.agreement)
        known = {
            "agreement": min(MOST, math.log(agreement / (1 - agreement))),
            "support": max(-MOST, min(MOST, self.support)),
            "overlap": self.overlap,
        }
        return [known[name] for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A calibration, as in `model.json`.

    Args:
        right: a constant and a weight for each of `FEATURES`: log odds that the best span is right
            where the text answers.
        none: the same with `NONE_FEATURES` for "the text does not say"; `None` for a model without
            a null.
        threshold: at this probability of "the text does not say" or above, that is the answer.
        fitted_on: name of the data it was fitted on.
        questions: how many questions that were.
        error: expected calibration error, in [0, 1], on questions it was not fitted on.
        auroc: how well the score separates right answers from wrong ones, on the same; 0.5 is chance.
    """

    right: tuple[float, ...]
    none: tuple[float, ...] | None
    threshold: float
    fitted_on: str
    questions: int
    error: float
    auroc: float


def probabilities(
    evidence: Evidence, *, has_null: bool, calibration: Calibration | None
) -> tuple[float, float]:
    """How likely the span is right, and how likely the text does not say.

    Args:
        evidence: for the span.
        has_null: whether the model has a null.
        calibration: the fit; without one, the agreement and the support as they are.
    """
    if calibration is not None:
        none = 0.0
        if calibration.none is not None:
            none = _logistic(calibration.none, evidence.features(NONE_FEATURES))
        return _logistic(calibration.right, evidence.features()) * (1 - none), none
    if not has_null:
        return evidence.agreement, 0.0
    none = 1 / (1 + math.exp(min(evidence.support, 700.0)))
    return evidence.agreement * (1 - none), none


def _logistic(weights: tuple[float, ...], features: list[float]) -> float:
    odds = weights[0] + math.fsum(w * f for w, f in zip(weights[1:], features, strict=True))
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, odds))))


def read_calibration(raw: Any) -> Calibration | None:
    """Read the calibration of a `model.json`.

    Args:
        raw: its JSON value; `None` where the model has no fit.

    Raises:
        ValueError: it is invalid.
    """
    if raw is None:
        return None
    try:
        calibration = Calibration(**raw)
        right = _weights(raw["right"], FEATURES)
        none = None if raw["none"] is None else _weights(raw["none"], NONE_FEATURES)
        numbers = (calibration.threshold, calibration.error, calibration.auroc)
        if not all(_is_number(number) and 0 <= number <= 1 for number in numbers):
            raise ValueError("threshold, error and auroc must be numbers in [0, 1]")
        if not isinstance(raw["fitted_on"], str) or type(raw["questions"]) is not int:
            raise ValueError("fitted_on must be text, and questions a whole number")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"invalid calibration: {error}; fit it again with: qabot model calibrate"
        ) from error
    return Calibration(
        right=right, none=none, threshold=calibration.threshold, fitted_on=calibration.fitted_on,
        questions=calibration.questions, error=calibration.error, auroc=calibration.auroc,
    )  # fmt: skip


def _weights(raw: Any, features: tuple[str, ...]) -> tuple[float, ...]:
    if not isinstance(raw, list) or len(raw) != 1 + len(features):
        raise ValueError(f"a curve has a constant and weights for {', '.join(features)}")
    if not all(map(_is_number, raw)):
        raise ValueError("weights must be finite numbers")
    return tuple(map(float, raw))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
