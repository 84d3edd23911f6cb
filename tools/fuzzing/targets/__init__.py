"""The fuzz targets, each in a module of its name, which is imported when needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.fuzzing.target import Target

NAMES = (
    "questions",
    "answers",
    "settings",
    "texts",
    "items",
    "arguments",
    "models",
)


def load(name: str) -> Target:
    """A target by its name."""
    target: Target = import_module(f"tools.fuzzing.targets.{name}").TARGET
    return target
