"""Read JSON as nodes with their places.

A YAML reader cannot read JSON's surrogate pairs, and `json` gives only the place of the first mistake.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING

from qabot.nodes.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    DocumentError,
    Fields,
    Items,
    Node,
    Scalar,
    too_deep,
    too_many,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON_SPACE = re.compile(r"[ \t\n\r]*")
_JSON_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")


def read_json(text: str) -> Node | None:
    """Read JSON (RFC 8259); None when it is empty.

    Raises:
        DocumentError: it is not JSON, or too deep or too long.
    """
    return _JSON(text).read()


class _JSON:
    """Reads one text; `_at` is the current position."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._nodes = 0
        # The starts of lines, up to the last requested place: the places of all nodes take one pass.
        self._line, self._line_start, self._counted = 1, 0, 0

    def read(self) -> Node | None:
        if self._peek() == "":
            return None
        node = self._value(1)
        if self._peek():
            if isinstance(node, Fields | Items) and self._peek() in "{[":
                raise self._error(
                    "a second JSON value starts here (JSON Lines?)",
                    "make one list of the values: [ before the first, commas between, ] after the last",
                )
            raise self._error("text after the end of the JSON value", "remove it")
        return node

    def _peek(self) -> str:
        space = _JSON_SPACE.match(self._text, self._at)
        if space is not None:
            self._at = space.end()
        return self._text[self._at : self._at + 1]

    def _place(self) -> tuple[int, int]:
        if self._at < self._counted:
            self._line, self._line_start, self._counted = 1, 0, 0
        newlines = self._text.count("\n", self._counted, self._at)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rfind("\n", 0, self._at) + 1
        self._counted = self._at
        return self._line, self._at - self._line_start + 1

    def _error(self, what: str, todo: str) -> DocumentError:
        return DocumentError(*self._place(), f"not JSON: {what}", todo)

    def _value(self, depth: int) -> Node:
        character = self._peek()
        line, column = self._place()
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_many(line, column)
        if depth > MAX_DEPTH:
            raise too_deep(line, column)
        if character == '"':
            return self._string()
        if character == "[":
            items = Items(line, column)
            for _ in self._members("]"):
                items.items.append(self._value(depth + 1))
            return items
        if character == "{":
            fields = Fields(line, column)
            for _ in self._members("}"):
                if self._peek() != '"':
                    raise self._error("a key must be text in double quotes", "quote it")
                key = self._string()
                if self._peek() != ":":
                    raise self._error("':' is missing after the key", "add it")
                self._at += 1
                fields.fields.append((key, self._value(depth + 1)))
            return fields
        literal = _JSON_LITERAL.match(self._text, self._at)
        if literal is None:
            raise self._error("expected a value here", "check the quotes and brackets around here")
        self._at = literal.end()
        kinds = {"null": "null", "true": "true or false", "false": "true or false"}
        return Scalar(line, column, literal[0], kinds.get(literal[0], "a number"))

    def _members(self, end: str) -> Iterator[None]:
        """Stop before each member of a list or an object, and end after it."""
        self._at += 1
        if self._peek() == end:
            self._at += 1
            return
        while True:
            yield
            character = self._peek()
            if character not in (",", end) or not character:
                raise self._error(f"',' or '{end}' is missing", "add it")
            self._at += 1
            if character == end:
                return
            if self._peek() == end:
                raise self._error("a ',' with nothing after it", "remove the comma")

    def _string(self) -> Scalar:
        line, column = self._place()
        try:
            text, self._at = scanstring(self._text, self._at + 1, True)
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise self._error(error.msg, "correct the text in quotes") from None
        return Scalar(line, column, text, "text")
