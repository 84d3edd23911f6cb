"""The stages of a training, from a TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qabot.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The settings of one stage; it continues from the weights of the stage before it.

    Args:
        files: SQuAD-format file to its weight: how often an epoch shows each of its questions. A
            fraction is a share of them, drawn anew for each epoch.
        epochs: passes over the files.
        batch: features per step.
        rate: the highest learning rate.
        warm_up: share of the stage in which the rate rises from zero; it then falls to zero.
        window: tokens of one feature at most.
        wrong_paragraphs: share of the answerable questions that are also put to a similar paragraph
            of the same article that does not answer them.
        wrong_windows: share of the answerable questions on long contexts that are also put to a
            similar window of the same context that does not answer them.
        dropout: of hidden states; attention has none.
        decay: of weights, except biases and normalisations.
        average: the share of the average of the weights that is kept when it is updated.
        average_every: steps between updates of the average.
        bfloat16: compute in bfloat16. Faster on CPUs that have instructions for it (AMX or
            AVX-512 BF16); on others torch emulates it, many times slower than float32.
        seed: of the span head, the draw of features, their order and the dropout.
    """

    files: dict[str, float]
    epochs: int = 1
    batch: int = 24
    rate: float = 1e-4
    warm_up: float = 0.05
    window: int = 288
    wrong_paragraphs: float = 0.15
    wrong_windows: float = 0.3
    dropout: float = 0.1
    decay: float = 0.01
    average: float = 0.99
    average_every: int = 4
    bfloat16: bool = False
    seed: int = 0


def read(path: Path) -> list[Stage]:
    """Read a recipe: a `[[stage]]` table per stage, with the fields of `Stage`.

    Raises:
        UsageError: it cannot be read, or a stage is invalid.
    """
    try:
        tables: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["stage"]
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except KeyError as error:
        raise UsageError(
            f"{path} has no [[stage]]; tools/training/bundled.toml shows one"
        ) from error
    known = {field.name for field in fields(Stage)}
    for number, table in enumerate(tables, 1):
        for key in table.keys() - known:
            names = ", ".join(sorted(known))
            raise UsageError(f"{path}, stage {number}: unknown key {key!r}; known are {names}")
        if not table.get("files"):
            raise UsageError(f"{path}, stage {number}: name its files: files = {{'a.json' = 1}}")
    return [Stage(**table) for table in tables]
