"""How reliable scores are: two measures, and a diagram of them in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BINS = 10
_WIDTH = 40  # characters of a bar


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """How likely a right answer has a higher score than a wrong one; 0.5 is chance.

    Args:
        scores: one per answer.
        right: whether each is right; 0.5 results where all are or none is.
    """
    truth = np.array(right, bool)
    wrong, good = np.array(scores)[~truth], np.array(scores)[truth]
    if not len(wrong) or not len(good):
        return 0.5
    below = np.searchsorted(np.sort(wrong), good, "left")
    up_to = np.searchsorted(np.sort(wrong), good, "right")
    return float((below + up_to).mean() / (2 * len(wrong)))


def calibration_error(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: how far scores are from the share of right answers, on average.

    Args:
        scores: one per answer; ordered, they are cut into `BINS` bins of equally many.
        right: whether each is right.
    """
    return sum(size * abs(score - share) for score, share, size in _bins(scores, right)) / max(
        1, len(scores)
    )


def diagram(scores: Sequence[float], right: Sequence[bool]) -> str:
    """A line per bin: its mean score, the share of right answers, and a bar of that share.

    A `|` marks where the bar would end if the score held.
    """
    lines = ["score  right  (| where they would be equal)"]
    for score, share, _ in _bins(scores, right):
        bar = list(("#" * round(_WIDTH * share)).ljust(_WIDTH + 1))
        bar[round(_WIDTH * score)] = "|"
        lines.append(f" {score:.2f}   {share:.2f}  {''.join(bar).rstrip()}")
    return "\n".join(lines)


def _bins(scores: Sequence[float], right: Sequence[bool]) -> Iterator[tuple[float, float, int]]:
    order = np.argsort(scores, kind="stable")
    values, truth = np.array(scores, float), np.array(right, float)
    for part in np.array_split(order, BINS):
        if len(part):
            yield float(values[part].mean()), float(truth[part].mean()), len(part)
