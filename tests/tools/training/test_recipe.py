"""Recipes: the bundled one, and what is not one."""

from __future__ import annotations

from pathlib import Path

import pytest

from qabot.errors import UsageError
from tools.training.recipe import read

BUNDLED = Path(__file__).parents[3] / "tools/training/bundled.toml"


def test_the_bundled_recipe_has_every_file_that_the_card_counts() -> None:
    first, second = read(BUNDLED)
    assert first.epochs == 3
    assert first.wrong_paragraphs == first.wrong_windows == 0, "it must not have a null"
    assert second.files.keys() > first.files.keys()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[stage]]\nepoch = 3\n[stage.files]\n'a' = 1", r"stage 1: unknown key 'epoch'.*epochs"),
        ("[[stage]]\nepochs = 3", "name its files"),
        ("epochs = 3", r"no \[\[stage\]\]"),
        ("epochs =", "cannot read"),
        (None, "cannot read"),
    ],
)
def test_invalid_recipes(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "recipe.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=reason):
        read(path)
