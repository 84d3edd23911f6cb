"""documents, yaml_reader and json_reader: nodes with places, and what is refused."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qabot.nodes.json import read_json
from qabot.nodes.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    DocumentError,
    Fields,
    Items,
    Node,
    Scalar,
    decode,
)
from qabot.nodes.yaml import read_yaml

texts = st.text(st.characters(exclude_categories=["Cs"]))
# What YAML can hold unescaped; JSON's escapes reach the rest.
data = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
).filter(lambda value: not isinstance(value, str))


def plain(node: Node | None) -> object:
    """The data of a node."""
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    if isinstance(node, Fields):
        return {key.text: plain(value) for key, value in node.fields}
    return node.text if isinstance(node, Scalar) else None


@given(data)
def test_json_reads_what_json_writes(value: object) -> None:
    for ascii_only in (False, True):
        assert plain(read_json(json.dumps(value, ensure_ascii=ascii_only, indent=1))) == value


@given(data)
def test_yaml_reads_what_pyyaml_writes(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=False, default_style='"')
    assert plain(read_yaml(text.replace("!!", "# !!") if text.startswith("!!") else text)) == value


@given(st.text() | st.text("[]{}\",:\\u0123abc \n\t-'&*!|>#%@"))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (read_yaml, read_json):
        try:
            node = read(text)
        except DocumentError as error:
            lines = text.split("\n")
            assert 1 <= error.line <= len(lines) + 1, error
            assert error.column >= 1
            assert error.what
            assert error.todo
        else:
            assert node is None or isinstance(node, Scalar | Items | Fields)


@given(st.binary())
def test_decode_reads_utf8_and_places_the_rest(bytes_: bytes) -> None:
    try:
        assert decode(bytes_) == bytes_.decode("utf-8-sig")
    except DocumentError as error:
        assert "not UTF-8" in error.what


def test_places_count_code_points_from_one() -> None:
    node = read_yaml("é: [ñ, x]\nb: {c: d}\n")
    assert isinstance(node, Fields)
    (first, items), (second, inner) = node.fields
    assert (first.line, first.column) == (1, 1)
    assert isinstance(items, Items)
    assert [(node.line, node.column) for node in items.items] == [(1, 5), (1, 8)]
    assert (second.line, second.column, inner.line, inner.column) == (2, 1, 2, 4)
    node = read_json('{"é":\n ["ñ", 1]}')
    assert isinstance(node, Fields)
    value = node.fields[0][1]
    assert isinstance(value, Items)
    assert [(node.line, node.column) for node in value.items] == [(2, 3), (2, 8)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1921", "a number"), ("-1.5e3", "a number"), ("0x1F", "a number"), (".inf", "a number"),
        ("true", "true or false"), ("FALSE", "true or false"), ("~", "null"), ("null", "null"),
        ("yes", "text"), ("off", "text"), ("2001-01-01", "text"), ("1:30", "text"),
        ("'1921'", "text"), ('"true"', "text"), ("1921 AD", "text"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, kind: str) -> None:
    node = read_yaml(f"[{text}]")
    assert isinstance(node, Items)
    scalar = node.items[0]
    assert isinstance(scalar, Scalar)
    assert scalar.kind == kind


def test_an_alias_repeats_text_and_nothing_else() -> None:
    assert plain(read_yaml("a: &x some text\nb: *x\n")) == {"a": "some text", "b": "some text"}
    for bad in ("a: &x [1]\nb: *x\n", "a: &x {b: c}\nd: *x\n", "a: &x [*x]\n"):
        with pytest.raises(DocumentError, match="repeats a list or a mapping"):
            read_yaml(bad)


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("- !!python/object/apply:os.system [ls]", 1, 3, "tag"),
        ("- !custom x", 1, 3, "tag"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second YAML document"),
        ("? [a]\n: b", 1, 3, "as a key"),
        ("a: *b", 1, 4, "no anchor"),
        ("a:\n  - b: c: d\n", 2, 9, "mapping values"),
        ("a: b\n\tc: d\n", 2, 1, ""),
        ("ok: yes\nbad: \x07\n", 2, 6, "control character U+0007"),
        ("[" * 500, 1, MAX_DEPTH + 1, "deep"),
        ("- " * 2_000, 1, 2 * MAX_DEPTH + 1, "deep"),
    ],
)
def test_yaml_beyond_data_is_refused(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_yaml(text)
    assert what in caught.value.what
    assert (caught.value.line, caught.value.column) == (line, column)


def test_nesting_beyond_what_any_parser_takes_is_refused() -> None:
    with pytest.raises(DocumentError, match="deep|nesting"):  # PyYAML 6.0.4 itself from 1,000 on
        read_yaml("[" * 100_000)


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("[1,]", 4, "nothing after it"), ("[1 2]", 4, "missing"), ("{a: 1}", 2, "double quotes"),
        ('{"a" 1}', 6, "':'"), ('["\t"]', 3, "control"), ('["a]', 2, "Unterminated"),
        ("[nul]", 2, "expected a value"), ("[01]", 3, "missing"), ("[] x", 4, "text after the end"),
        ("[" * 50_000, MAX_DEPTH + 1, "deep"), ("[NaN]", 2, "expected a value"), ("", 0, ""),
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str, column: int, what: str) -> None:
    if not text:
        assert read_json(text) is None
        return
    with pytest.raises(DocumentError) as caught:
        read_json(text)
    assert what in caught.value.what
    assert caught.value.column == column


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_more_values_than_a_file_can_need_are_refused_quickly(
    read: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_NODES == 500_000
    for module in ("yaml", "json"):
        monkeypatch.setattr(f"qabot.nodes.{module}.MAX_NODES", 100_000)
    started = time.process_time()
    with pytest.raises(DocumentError, match="more than 500,000 values"):
        read("[" + "1," * 120_000 + "1]")  # type: ignore[operator]
    assert time.process_time() - started < 12  # a quadratic reader would take an hour


@pytest.mark.parametrize("escape", ["\\U00110000", "\\UFFFFFFFF"])
def test_an_escape_beyond_unicode_is_refused_by_both_parsers(
    escape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'a: b\nc: "{escape}"\n'
    with pytest.raises(DocumentError, match="^2:.*not YAML"):
        read_yaml(text)
    monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with pytest.raises(DocumentError, match="^2:.*not YAML"):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("questions:\n- Which page is ticket #12 about?\n", 2, 24),
        ("context: Room #5 is red.\n", 1, 15),
        ("- #12 is what?\n", 1, 3),
        ("a: one\n  two #three\n", 2, 7),
        ("- Is C # a language?\n", 1, 8),
    ],
)
def test_a_comment_that_looks_like_text_is_refused(text: str, line: int, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read_yaml(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "is a comment, not part of the text" in caught.value.what
    assert "in quotes" in caught.value.todo


@pytest.mark.parametrize(
    "text",
    [
        "#!x\n- Who? # a note\n",
        "- Who?     # is it?\n",
        "- 'ticket #12' #12\n",
        "a: |  #x\n  ticket #12\n",
        "a: C#\n",
        "a: x#y\n",
        "a: x #\n",
        "# yaml-language-server: $schema=x\na: b\n",
        "a:  #list\n- b\n",
    ],
)
def test_other_comments_are_comments(text: str) -> None:
    assert read_yaml(text) is not None


def test_a_colon_without_a_space_is_named_on_its_line() -> None:
    with pytest.raises(DocumentError) as caught:
        read_yaml("context:It is 5.\nquestions:\n  - Who is it?\n")
    assert (caught.value.line, caught.value.column) == (1, 8)
    assert "no space after 'context:'" in caught.value.what


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": 2}\n', "[1]\n[2]", '{"a": 1} {"b": 2}'])
def test_json_lines_are_named_as_such(text: str) -> None:
    with pytest.raises(DocumentError, match="JSON Lines") as caught:
        read_json(text)
    assert "make one list of the values" in caught.value.todo
    assert "remove" not in caught.value.todo
