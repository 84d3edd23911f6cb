"""YAML and JSON as plain data whose every node knows its line and column.

The safe subset: mappings, lists and scalars. Tags and aliases of anything but a scalar are refused
while reading, before they can cost memory or time, and so is nesting that only an attack needs.
YAML comes from PyYAML's event stream, which is not recursive; its loaders would build the alias
bomb. JSON has a reader of its own: YAML can't read its surrogate pairs, and `json` tells no place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, TypeAlias

import yaml

from qabot.errors import QabotError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 12
MAX_NODES = 500_000

# YAML 1.2 core schema (yaml.org/spec/1.2.2, 10.3.2): what a plain scalar means when it is not text.
_NOT_TEXT = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("true or false", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("a number", re.compile(
        r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
        r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
    )),
)  # fmt: skip

# What YAML calls non-printable (5.1); JSON forbids fewer, and those are told by its own reader.
_NON_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DocumentError(QabotError):
    """The text is not the data it should be.

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
    """Text, or what looks like a number, a truth value or null.

    Args:
        line: from 1.
        column: from 1.
        text: as the document means it.
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
        # Behind a byte order mark the codec counts from the text; in front of it from the file.
        bad = error.object[error.start : error.start + 1].hex()
        before = error.object[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise DocumentError(
            line, column, f"byte 0x{bad} is not UTF-8", "save the file as UTF-8"
        ) from None


def read_yaml(text: str) -> Node | None:
    """Read one YAML document; None when there is nothing in it.

    Raises:
        DocumentError: it is not YAML, or more than the safe subset.
    """
    bad = _NON_PRINTABLE.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        raise DocumentError(
            line, column, f"the control character U+{ord(bad[0]):04X} is not YAML", "remove it"
        )
    try:
        return _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError(line, column, f"not YAML: {what}", _hint(error.problem or "")) from None
    except yaml.YAMLError as error:
        raise DocumentError(1, 1, f"not YAML: {error}", "correct it") from None


def _hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put text that holds ': ' in quotes"
    if "cannot start any token" in problem:
        return "put text that starts with this character in quotes; indent with spaces, not tabs"
    if "did not find expected" in problem or "could not find expected" in problem:
        return "check the indentation, quotes and brackets around here"
    return "correct it"


def _compose(text: str) -> Node | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    composer = _Composer()
    documents = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise DocumentError(
                    *_place(event), "a second YAML document starts here", "give it its own file"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            composer.close()
        elif isinstance(event, yaml.AliasEvent):
            composer.add(composer.repeat(event))
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            composer.add(composer.start(event))
    return composer.root


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Composer:
    """Puts the nodes of one event stream together, within the limits."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._nodes = 0
        # The lists and mappings that are open, and of a mapping the key that waits for its value.
        self._open: list[tuple[Items | Fields, Scalar | None]] = []
        self._anchors: dict[str | None, Node] = {}

    def start(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Node:
        """The node that an event begins."""
        line, column = _place(event)
        if event.tag is not None:
            raise DocumentError(
                line, column, f"the tag {event.tag} asks for more than data", "remove the tag"
            )
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            # PyYAML's parsers differ in what they call the style of a plain scalar.
            kind = "text" if event.style else _kind(event.value)
            node = Scalar(line, column, event.value, kind)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Items(line, column)
        else:
            node = Fields(line, column)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def repeat(self, event: yaml.AliasEvent) -> Scalar:
        """The scalar that an alias stands for."""
        line, column = _place(event)
        node = self._anchors.get(event.anchor)
        if node is None:
            raise DocumentError(
                line, column, f"*{event.anchor} has no anchor", f"define &{event.anchor} before it"
            )
        if not isinstance(node, Scalar):
            raise DocumentError(
                line, column, f"*{event.anchor} repeats a list or a mapping",
                "write it out; only text can be repeated by an alias",
            )  # fmt: skip
        return Scalar(line, column, node.text, node.kind)

    def add(self, node: Node) -> None:
        """Put a node where the stream stands, and open it where others will go into it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _too_many(node.line, node.column)
        if not self._open:
            self.root = node
        else:
            parent, key = self._open[-1]
            if isinstance(parent, Items):
                parent.items.append(node)
            elif key is not None:
                parent.fields.append((key, node))
                self._open[-1] = (parent, None)
            elif isinstance(node, Scalar):
                self._open[-1] = (parent, node)
            else:
                raise DocumentError(
                    node.line, node.column, "a list or mapping as a key", "use a word as the key"
                )
        if not isinstance(node, Scalar):
            self._open.append((node, None))
            if len(self._open) > MAX_DEPTH:
                raise _too_deep(node.line, node.column)

    def close(self) -> None:
        """The innermost list or mapping is complete."""
        self._open.pop()


def _too_many(line: int, column: int) -> DocumentError:
    return DocumentError(line, column, f"more than {MAX_NODES:,} values in one file", "split it")


def _too_deep(line: int, column: int) -> DocumentError:
    return DocumentError(line, column, f"nested more than {MAX_DEPTH} deep", "flatten it")


def _kind(text: str) -> str:
    for kind, pattern in _NOT_TEXT:
        if pattern.fullmatch(text):
            return kind
    return "text"


_JSON_SPACE = re.compile(r"[ \t\n\r]*")
_JSON_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")


def read_json(text: str) -> Node | None:
    """Read JSON (RFC 8259); None when there is nothing in it.

    Raises:
        DocumentError: it is not JSON, or nested or long beyond the limits.
    """
    return _JSON(text).read()


class _JSON:
    """One reading of one text; `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._nodes = 0
        # Where lines start, up to the last place asked for: asking for every node costs one pass.
        self._line, self._line_start, self._counted = 1, 0, 0

    def read(self) -> Node | None:
        if self._peek() == "":
            return None
        node = self._value(1)
        if self._peek():
            raise self._error("there is more behind the end of the JSON value", "remove it")
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
            raise _too_many(line, column)
        if depth > MAX_DEPTH:
            raise _too_deep(line, column)
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
                    raise self._error("':' is missing behind the key", "add it")
                self._at += 1
                fields.fields.append((key, self._value(depth + 1)))
            return fields
        literal = _JSON_LITERAL.match(self._text, self._at)
        if literal is None:
            raise self._error("no value starts here", "check the quotes and brackets around here")
        self._at = literal.end()
        kinds = {"null": "null", "true": "true or false", "false": "true or false"}
        return Scalar(line, column, literal[0], kinds.get(literal[0], "a number"))

    def _members(self, end: str) -> Iterator[None]:
        """Stop before each member of a list or an object, and end behind it."""
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
                raise self._error("a ',' with nothing behind it", "remove the comma")

    def _string(self) -> Scalar:
        line, column = self._place()
        try:
            text, self._at = scanstring(self._text, self._at + 1, True)
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise self._error(error.msg, "correct the text in quotes") from None
        return Scalar(line, column, text, "text")
