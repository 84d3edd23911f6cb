"""Which part of the program may import which, and that a file's name says which file is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS = {"scripts/qabot": "scripts", "container/answerer": "container", "infra": ".", "tools": "."}
# Names that mean the same in every package that has them.
_SAME_MEANING = {"__init__", "__main__", "cli", "errors", "folder", "logs", "stack"}
# Here they do not, and each says in its first line which it is.
_SAME_MEANING |= {"contexts", "model", "parse"}


@cache
def modules() -> dict[str, Path]:
    """Every module of the program and of its tools, by its dotted name."""
    found = {}
    for folder, top in _ROOTS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / top).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """The imports of a file when it is loaded or run, without those only for types."""
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: relative import"
            module = str(node.module)
            for name in node.names:
                whole = f"{module}.{name.name}"
                yield whole if whole in modules() else module
        else:
            waiting += ast.iter_child_nodes(node)


@cache
def graph() -> dict[str, set[str]]:
    """The imports of each module."""
    return {name: set(imported(path)) for name, path in modules().items()}


@pytest.mark.parametrize(
    ("importer", "package", "allowed"),
    [
        ("answerer", "qabot", ()),
        ("answerer", "infra", ()),
        ("qabot", "infra", ()),
        ("infra", "answerer", ("answerer.errors",)),  # the root of qabot's own
        ("infra", "qabot", ("qabot.deployment", "qabot.errors")),
        ("answerer", "tools", ()),
        ("qabot", "tools", ()),
        ("infra", "tools", ()),
        ("answerer", "tests", ()),
        ("qabot", "tests", ()),
        ("infra", "tests", ()),
    ],
)
def test_direction(importer: str, package: str, allowed: tuple[str, ...]) -> None:
    def below(name: str, tops: tuple[str, ...]) -> bool:
        return any(name == top or name.startswith(f"{top}.") for top in tops)

    wrong = {
        f"{module} imports {target}"
        for module, targets in graph().items()
        if below(module, (importer,))
        for target in targets
        if below(target, (package,)) and not below(target, allowed)
    }
    assert not wrong


def test_no_module_imports_itself_through_others() -> None:
    known: dict[str, set[str]] = {
        name: {target for target in targets if target in modules()}
        for name, targets in graph().items()
        if not name.startswith("tools.")
    }
    # What is imported by nothing, or imports nothing, is in no circle; nor is what is left then.
    while ends := {
        name
        for name, targets in known.items()
        if not targets or not any(name in others for others in known.values())
    }:
        known = {name: targets - ends for name, targets in known.items() if name not in ends}
    assert not known, f"import circle: {known}"


def test_no_file_name_is_used_for_two_things() -> None:
    places = defaultdict(list)
    for name, path in modules().items():
        # A command's module is named as the command.
        if not name.startswith(("tools.", "qabot.commands.")):
            places[path.stem].append(path.relative_to(ROOT).as_posix())
    twice = {stem: paths for stem, paths in places.items() if len(paths) > 1}
    assert {stem: paths for stem, paths in twice.items() if stem not in _SAME_MEANING} == {}
