"""Scores with and without a calibration."""

from __future__ import annotations

import pytest

from answerer.scores import MOST, Evidence, probabilities


def evidence(agreement: float = 0.99, support: float = 5.0) -> Evidence:
    return Evidence(agreement=agreement, support=support, rank=support, overlap=1.0)


def test_without_a_null_a_score_is_the_agreement() -> None:
    assert probabilities(evidence(0.5), has_null=False, calibration=None) == (0.5, 0.0)


def test_with_a_null_it_shares_with_that() -> None:
    right, none = probabilities(evidence(support=0.0), has_null=True, calibration=None)
    assert none == pytest.approx(0.5)
    assert right == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("support", [-1e4, 1e4])
def test_no_logits_overflow(support: float) -> None:
    right, none = probabilities(evidence(support=support), has_null=True, calibration=None)
    assert right + none == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("agreement", "odds"), [(0.0, -MOST), (1e-300, -MOST), (0.5, 0.0), (1 - 1e-16, MOST)]
)
def test_what_a_fit_weighs_is_finite(agreement: float, odds: float) -> None:
    assert evidence(agreement).features(("agreement",)) == [pytest.approx(odds)]
    assert evidence(support=1e9).features(("support", "overlap")) == [MOST, 1.0]
