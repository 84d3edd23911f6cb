"""The exception tree that the documentation draws is the one that the code has."""

from __future__ import annotations

import importlib
import pkgutil
import re

import answerer
import answerer.errors
import qabot
import qabot.errors
from answerer.errors import AnswererError

_DRAWN = re.compile(r"^[ │├└─]*([A-Z]\w+) +(\d+)", re.MULTILINE)


def below(root: type[AnswererError]) -> set[type[AnswererError]]:
    """A class and everything derived from it."""
    return {root}.union(*(below(one) for one in root.__subclasses__()))


def test_every_exception_is_drawn_with_its_exit_code() -> None:
    for package in (answerer, qabot):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    drawn: dict[str, int] = {}
    for document in (answerer.errors.__doc__, qabot.errors.__doc__):
        drawn |= {name: int(code) for name, code in _DRAWN.findall(document or "")}
    assert drawn == {one.__name__: one.exit_code for one in below(AnswererError)}
