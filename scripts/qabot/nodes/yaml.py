"""Read YAML as nodes with their places.

Tags, and aliases of anything but scalars, are refused while reading, before they can cost memory or
time. The nodes are made from PyYAML's event stream, which is not recursive; its loaders would expand
an alias bomb.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

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

# YAML 1.2 core schema (yaml.org/spec/1.2.2, 10.3.2): plain scalars that are not text.
_NOT_TEXT = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("true or false", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("a number", re.compile(
        r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
        r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
    )),
)  # fmt: skip

_COMMENT = re.compile(r"[ \t]+(#.*)")
# A key without the space that YAML requires after its colon.
_GLUED = re.compile(r"[ \t]*(?:-[ \t]+)?([A-Za-z_]+):(?=[^\s/])", re.MULTILINE)

# Non-printable characters in YAML (5.1); JSON forbids fewer, which its reader reports.
_NON_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_yaml(text: str) -> Node | None:
    """Read one YAML document; None when it is empty.

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
        for number, before in enumerate(text.split("\n", line)[:line], 1):
            glued = _GLUED.match(before)
            if glued is not None:
                raise DocumentError(
                    number,
                    glued.end(),
                    f"not YAML: no space after '{glued[1]}:'",
                    "write a space after the colon",
                ) from None
        raise DocumentError(line, column, f"not YAML: {what}", _hint(error.problem or "")) from None
    except yaml.YAMLError as error:
        raise DocumentError(1, 1, f"not YAML: {error}", "correct it") from None


def _hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put text that contains ': ' in quotes"
    if "cannot start any token" in problem:
        return "put text that starts with this character in quotes; indent with spaces, not tabs"
    if "did not find expected" in problem or "could not find expected" in problem:
        return "check the indentation, quotes and brackets around here"
    return "correct it"


def _compose(text: str) -> Node | None:
    composer = _Composer()
    documents = 0
    lines = text.splitlines() if "#" in text else []
    for event in _events(text):
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
            if lines and isinstance(event, yaml.ScalarEvent) and not event.style:
                _check_comment(event, lines)
            composer.add(composer.start(event))
    return composer.root


def _check_comment(event: yaml.ScalarEvent, lines: list[str]) -> None:
    """Refuse a comment that looks like the rest of the preceding text, which would be lost."""
    if event.end_mark is None or event.end_mark.line >= len(lines):
        return
    line, column = event.end_mark.line, event.end_mark.column
    match = _COMMENT.match(lines[line], column)
    if match is None:
        return
    comment = match[1].rstrip()
    touches = not comment[1:2].isspace()
    # "Is C # a language?": the question mark shows where the question ends.
    ends_question = " " in event.value and event.value[-1] != "?" and comment[-1] in "?？"
    if len(comment) > 1 and (touches or ends_question):
        raise DocumentError(
            line + 1,
            match.start(1) + 1,
            f"'{comment}' is a comment, not part of the text before it",
            "put the whole text in quotes, or the comment on a separate line",
        )


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    after = (1, 1)
    try:
        for event in yaml.parse(text, Loader=loader):
            if event.end_mark is not None:
                after = (event.end_mark.line + 1, event.end_mark.column + 1)
            yield event
    except (ValueError, OverflowError) as error:
        # Without libyaml, PyYAML passes escapes beyond Unicode, such as "\U00110000", to chr().
        raise DocumentError(*after, f"not YAML: {error}", "correct the text that follows") from None


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Composer:
    """Builds the nodes of an event stream, within the limits."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._nodes = 0
        # The open lists and mappings, each mapping with the key that waits for its value.
        self._open: list[tuple[Items | Fields, Scalar | None]] = []
        self._anchors: dict[str | None, Node] = {}

    def start(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Node:
        """The node that starts with an event."""
        line, column = _place(event)
        if event.tag is not None:
            raise DocumentError(
                line, column, f"the tag {event.tag} is not allowed", "remove the tag"
            )
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            # PyYAML's parsers have different names for the style of a plain scalar.
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
        """The scalar that an alias repeats."""
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
        """Add a node at the current place, and open it if it is a list or mapping."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_many(node.line, node.column)
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
                raise too_deep(node.line, node.column)

    def close(self) -> None:
        """The innermost list or mapping is complete."""
        self._open.pop()


def _kind(text: str) -> str:
    for kind, pattern in _NOT_TEXT:
        if pattern.fullmatch(text):
            return kind
    return "text"
