"""The data of a YAML or JSON file, every node with its line and column.

The safe subset: mappings, lists and scalars, with limited nesting. `qabot.nodes.yaml` and
`qabot.nodes.json` read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from qabot.errors import QabotError

MAX_DEPTH = 12
MAX_NODES = 500_000


class DocumentError(QabotError):
    """The text is not valid YAML or JSON, or not of the safe subset.

    Args:
        line: from 1.
        column: from 1, in code points.
        what: what is wrong.
        todo: what to do about it.
    """

    def __init__(self, line: int, column: int, what: str, todo: str) -> None:
        super().__init__(f"{line}:{column}: {what}; {todo}")
        self.line = line
        self.column = column
        self.what = what
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number, a truth value or null.

    Args:
        line: from 1.
        column: from 1.
        text: its value as text.
        kind: `text`, `a number`, `true or false` or `null`.
    """

    line: int
    column: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping: its keys and values in the order of the document, duplicates included."""

    line: int
    column: int
    fields: list[tuple[Scalar, Node]] = field(default_factory=list)


Node: TypeAlias = Scalar | Items | Fields


def decode(data: bytes) -> str:
    """UTF-8, with or without a byte order mark, as text.

    Raises:
        DocumentError: at the first byte that is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # After a byte order mark, the codec counts from the text; without one, from the file.
        bad = error.object[error.start : error.start + 1].hex()
        before = error.object[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise DocumentError(
            line, column, f"byte 0x{bad} is not UTF-8", "save the file as UTF-8"
        ) from None


def too_many(line: int, column: int) -> DocumentError:
    """The error for more values than a file may hold; see `DocumentError` for its place."""
    return DocumentError(line, column, f"more than {MAX_NODES:,} values in one file", "split it")


def too_deep(line: int, column: int) -> DocumentError:
    """The error for nesting that is too deep; see `DocumentError` for its place."""
    return DocumentError(line, column, f"nested more than {MAX_DEPTH} deep", "flatten it")
