"""The JSON Schema says what the validator says."""

from __future__ import annotations

import json
import shutil
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.questions import schema as fields
from qabot.questions.read import read_questions
from tests.conftest import ROOT, Repository

SCHEMA = json.loads(fields.schema())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def test_the_schema_in_questions_is_the_one_that_the_code_makes() -> None:
    stored = (ROOT / "questions/schema.json").read_text(encoding="utf-8")
    assert stored == fields.schema(), "run: .venv/bin/qabot check --schema > questions/schema.json"


def test_the_schema_is_valid_draft_07() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


# Values that are right and wrong in each place; the schema cannot see files or repeated ids.
_text = st.sampled_from(["text", "", " ", "é 😀", 12, True, None, ["x"], {"a": "b"}])
_id = st.sampled_from(
    ["a", "a-b.c_d", "a b", "-a", "", "日本", 5, True, "x" * 101, "a/b", "a\u2028"]
)
_expect = st.sampled_from([["x"], [1921], [], "x", [""], [True], ["x"] * 21, [["x"]]])
_question = st.one_of(
    _text,
    st.fixed_dictionaries(
        {},
        optional={
            "id": _id,
            "question": _text,
            "context": _text,
            "expect": _expect,
            "other": _text,
        },
    ),
    st.fixed_dictionaries({"question": st.just("q"), "context": st.just("c")}),
)
# One question, so that no two share an id.
_questions = st.lists(_question, max_size=1)
_document = st.one_of(
    _questions,
    st.fixed_dictionaries({}, optional={"context": _text, "questions": _questions, "other": _text}),
    st.fixed_dictionaries({"context": st.just("c"), "questions": _questions}),
)


@given(_document)
def test_the_validator_and_the_schema_agree(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    root = tmp_path_factory.mktemp("schema")
    repository = Repository(root)
    repository.write("questions/a.json", json.dumps(document))
    reported = read_questions(root).problems
    assert VALIDATOR.is_valid(document) == (not reported), reported
    shutil.rmtree(root)


def test_the_sample_questions_follow_the_schema() -> None:
    import yaml

    for path in sorted((ROOT / "tests/samples/questions").glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert list(VALIDATOR.iter_errors(document)) == [], path.name
