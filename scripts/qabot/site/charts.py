"""Charts as SVG text, without scripts, styles or external resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from qabot.answers.histogram import BINS, histogram
from qabot.answers.model import DOUBTFUL

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAR, _HEIGHT = 12, 48


def scores_svg(scores: Sequence[float]) -> Markup:
    """The distribution of a set's scores, the doubtful ones in another colour.

    Args:
        scores: each in [0, 1].
    """
    counts = histogram(scores)
    most = max(counts, default=0) or 1
    doubtful = sum(score < DOUBTFUL for score in scores)
    bars = []
    for number, count in enumerate(counts):
        if count:
            height = max(2, round(_HEIGHT * count / most))
            kind = "low" if (number + 1) / BINS <= DOUBTFUL + 1e-9 else "high"
            bars.append(
                f'<rect class="{kind}" x="{number * _BAR + 1}" y="{_HEIGHT - height}" '
                f'width="{_BAR - 2}" height="{height}"/>'
            )
    width = BINS * _BAR
    limit = round(DOUBTFUL * width)
    what = f"Scores of {len(scores):,} answers, {doubtful:,} of them doubtful (below {DOUBTFUL})"
    return Markup(  # noqa: S704 (numbers and our own words)
        f'<svg class="scores" role="img" aria-label="{what}" viewBox="0 0 {width} {_HEIGHT + 14}">'
        f"{''.join(bars)}"
        f'<path class="axis" d="M0 {_HEIGHT + 0.5}H{width}"/>'
        f'<path class="limit" d="M{limit} 0V{_HEIGHT}"/>'
        f'<text x="0" y="{_HEIGHT + 12}">0</text>'
        f'<text x="{limit}" y="{_HEIGHT + 12}" text-anchor="middle">{DOUBTFUL}</text>'
        f'<text x="{(limit + width) // 2}" y="{_HEIGHT + 12}" text-anchor="middle">scores</text>'
        f'<text x="{width}" y="{_HEIGHT + 12}" text-anchor="end">1</text></svg>'
    )
