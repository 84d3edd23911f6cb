"""What scores are without a fit."""

from __future__ import annotations

import math

import pytest

from answerer.scores import Evidence, probabilities


def evidence(share: float = 0.0, total: float = 5.0, candidates: int = 200) -> Evidence:
    return Evidence(
        share=share, total=total, margin=1.0, rank=total, overlap=1.0, tokens=9, length=4,
        candidates=candidates,
    )  # fmt: skip


def test_without_a_null_a_score_is_the_share_of_all_spans() -> None:
    right, none = probabilities(evidence(math.log(0.5)), has_null=False, calibration=None)
    assert right == pytest.approx(0.5, abs=0.01)
    assert none == 0


def test_with_a_null_it_shares_with_that() -> None:
    right, none = probabilities(evidence(0.0, 0.0), has_null=True, calibration=None)
    assert none == pytest.approx(0.5)
    assert right == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("total", [-1e4, 1e4])
def test_no_logits_overflow(total: float) -> None:
    right, none = probabilities(evidence(total=total), has_null=True, calibration=None)
    assert right + none == pytest.approx(1, abs=0.01)


def test_a_text_of_one_word_is_no_reason_to_be_sure() -> None:
    right, _ = probabilities(evidence(candidates=1), has_null=False, calibration=None)
    assert right == 0.5
