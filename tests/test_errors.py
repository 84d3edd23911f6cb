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
    return {root}.union(*map(below, root.__subclasses__()))


def test_every_exception_is_drawn_with_its_exit_code() -> None:
    for package in (answerer, qabot):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    drawn: dict[str, int] = {}
    for document in (answerer.errors.__doc__, qabot.errors.__doc__):
        drawn |= {name: int(code) for name, code in _DRAWN.findall(document or "")}
    known = {error.__name__: error.exit_code for error in below(AnswererError)}
    # A module's own, which nothing else catches, is not in the tree.
    assert drawn == {name: code for name, code in known.items() if not name.startswith("_")}
