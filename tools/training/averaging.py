"""The average of several checkpoints' weights: often better than each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from answerer.exporting import checkpoint as checkpoints
from qabot.errors import UsageError
from tools.training.learning import save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def average(parts: Sequence[tuple[Path, float]], out: Path) -> None:
    """Write the weighted average of checkpoints of one architecture.

    "Model soups" (Wortsman et al., 2022, arxiv.org/abs/2203.05482): it works for checkpoints that
    were trained from the same one.

    Args:
        parts: each checkpoint's folder and its weight; the weights need not sum to 1.
        out: the folder of the new checkpoint.

    Raises:
        UsageError: the checkpoints' weights have different names or shapes, or sum to 0.
        ExportError: one cannot be loaded.
    """
    total = sum(weight for _, weight in parts)
    if total <= 0:
        raise UsageError("the weights must sum to more than 0")
    first, *others = [(checkpoints.load(str(path)), weight / total) for path, weight in parts]
    source, share = first
    weights = source.model.state_dict()
    shapes = {name: value.shape for name, value in weights.items()}
    sums = {
        name: value * share if value.is_floating_point() else value
        for name, value in weights.items()
    }
    for other, share in others:
        added = other.model.state_dict()
        if {name: value.shape for name, value in added.items()} != shapes:
            raise UsageError(f"{other.name} and {source.name} differ in architecture")
        for name, value in added.items():
            if value.is_floating_point():
                sums[name] += share * value
    source.model.load_state_dict(sums)
    save(source, str(parts[0][0]), out)
