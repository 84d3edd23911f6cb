"""The distribution of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 20
# Fewer answers than this are not worth a picture.
MIN_CHART = 5


def histogram(scores: Sequence[float]) -> list[int]:
    """Count the scores in each twentieth of [0, 1]; 1 counts to the last.

    Args:
        scores: each in [0, 1].
    """
    counts = [0] * BINS
    for score in scores:
        counts[min(int(score * BINS + 1e-9), BINS - 1)] += 1
    return counts
