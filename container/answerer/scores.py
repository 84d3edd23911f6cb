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

# Larger margins and ranks are cut to this.
MOST = 20.0

FEATURES = ("share", "margin", "rank", "overlap", "tokens", "length")
# Whether the text answers depends on only two of them: a fit on paragraphs must hold for long texts.
NONE_FEATURES = ("rank", "overlap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence for a span.

    Args:
        share: logarithm of this answer's share of the total probability, all its spans counted.
        total: logarithm of the total weight of all spans, relative to the null.
        margin: its rank minus the best other answer's; 0 where there is no other.
        rank: its rank without the lexical part: log odds against the window's null.
        overlap: share of the question's terms that its passage contains.
        tokens: how many tokens were read.
        length: of the answer, in code points.
        candidates: how many spans there were to choose from.
    """

    share: float
    total: float
    margin: float
    rank: float
    overlap: float
    tokens: int
    length: int
    candidates: int

    def features(self, names: tuple[str, ...] = FEATURES) -> list[float]:
        """The numbers that a calibration weighs.

        Args:
            names: which of `FEATURES`, in this order.
        """
        known = {
            "share": max(-MOST, self.share),
            "margin": min(MOST, self.margin),
            "rank": max(-MOST, min(MOST, self.rank)),
            "overlap": self.overlap,
            "tokens": math.log(self.tokens),
            "length": math.log(self.length),
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
        calibration: the fit; without one, the shares of a softmax.
    """
    if calibration is not None:
        none = 0.0
        if calibration.none is not None:
            none = _logistic(calibration.none, evidence.features(NONE_FEATURES))
        return _logistic(calibration.right, evidence.features()) * (1 - none), none
    # In a text of few spans the model has no choice, which is not a reason to be sure.
    right = math.exp(min(0.0, evidence.share)) * evidence.candidates / (evidence.candidates + 1)
    if not has_null:
        return right, 0.0
    none = 1 / (1 + math.exp(min(evidence.total, 700.0)))
    return right * (1 - none), none


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
