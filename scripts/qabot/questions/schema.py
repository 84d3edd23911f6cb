"""The fields of a question file, for the validator and the JSON Schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from typing import Any

MAX_FILE_BYTES = 10 * 2**20
MAX_CONTEXT = 2_000_000
MAX_QUESTION = 2_000
# Three quarters of the bundled model's window of 384 tokens, less its three special tokens.
MAX_QUESTION_TOKENS = 285
MAX_ID = 100
MAX_QUESTIONS = 10_000
MAX_EXPECT = 20
MAX_GLOBS = 100

# An id names an answer in links and anchors: letters and digits of any script, and after
# the first also . _ -. Written so that Python and ECMA 262 (JSON Schema) read it the same.
ID_PATTERN = (
    r"[^\s\x00-/:-@\[-`{-\xa0\u2000-\u206f\ufeff]"
    r"[^\s\x00-,/:-@\[-^`{-\xa0\u2000-\u206f\ufeff]*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A field that holds text.

    Args:
        about: what it is for; editors show it.
        longest: in code points.
        pattern: a regular expression for the whole text.
        numbers: numbers are accepted as text.
    """

    about: str
    longest: int
    pattern: str | None = None
    numbers: bool = False

    def schema(self) -> dict[str, Any]:
        """This field in JSON Schema."""
        return {
            "description": self.about,
            "type": ["string", "number"] if self.numbers else "string",
            # White space alone counts as empty.
            "pattern": rf"^{self.pattern}$" if self.pattern else r"\S",
            "maxLength": self.longest,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TextList:
    """A field that holds a list of texts.

    Args:
        about: what it is for; editors show it.
        item: the field of each text.
        most: items at most; one at least.
    """

    about: str
    item: Text
    most: int

    def schema(self) -> dict[str, Any]:
        """This field in JSON Schema."""
        return {
            "description": self.about,
            "type": "array",
            "items": self.item.schema(),
            "minItems": 1,
            "maxItems": self.most,
        }


@dataclass(frozen=True, slots=True)
class Flag:
    """A field that is true or false.

    Args:
        about: its meaning; editors show it.
    """

    about: str

    def schema(self) -> dict[str, Any]:
        """This field in JSON Schema."""
        return {"description": self.about, "type": "boolean"}


Field = Text | TextList | Flag

CONTEXT: dict[str, Text] = {
    "context": Text(about="The text that holds the answer.", longest=MAX_CONTEXT),
    "context_file": Text(
        about="A UTF-8 text file that holds the answer: a path from this file's folder, inside "
        "questions/.",
        longest=1_000,
    ),
}

DOCUMENTS = TextList(
    about="The documents that may hold the answer: paths below documents/, with * ? and **.",
    item=Text(about="A path below documents/, such as handbook/**/*.md.", longest=1_000),
    most=MAX_GLOBS,
)

# A question, or its file, has one of these.
SOURCES: dict[str, Field] = {**CONTEXT, "documents": DOCUMENTS}

ID = Text(
    about="Identifies the answer; unique in the file (default: made from the question).",
    longest=MAX_ID,
    pattern=ID_PATTERN,
    numbers=True,
)

QUESTION = Text(about="The question.", longest=MAX_QUESTION)

EXPECT = TextList(
    about="The run reports whether the answer contains one of these.",
    item=Text(about="Part of a right answer.", longest=MAX_QUESTION, numbers=True),
    most=MAX_EXPECT,
)

QUESTION_FIELDS: dict[str, Field] = {
    "id": ID,
    "question": QUESTION,
    **SOURCES,
    "expect": EXPECT,
    "expect_no_answer": Flag(
        about="The text is expected not to answer this; the run reports whether it got no answer."
    ),
}

SET_FIELDS = (*SOURCES, "questions")


def schema() -> str:
    """The JSON Schema of a question file, draft-07 (what yaml-language-server reads), as text."""
    question = {
        "type": "object",
        "properties": {name: field.schema() for name, field in QUESTION_FIELDS.items()},
        "required": ["question"],
        "additionalProperties": False,
        "not": {
            "anyOf": [
                *({"required": list(pair)} for pair in combinations(SOURCES, 2)),
                {
                    "required": ["expect", "expect_no_answer"],
                    "properties": {"expect_no_answer": {"const": True}},
                },
            ]
        },
    }
    with_context = {
        "allOf": [
            {"$ref": "#/definitions/question"},
            {"anyOf": [{"required": [name]} for name in SOURCES]},
        ]
    }
    bare = {**QUESTION.schema(), "description": "A question about the file's context."}
    any_question = {"anyOf": [bare, {"$ref": "#/definitions/question"}]}
    context = {name: field.schema() for name, field in SOURCES.items()}

    def question_set(item: dict[str, Any], *, shared: list[str]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {**context, "questions": _list(item)},
            "required": [*shared, "questions"],
            "additionalProperties": False,
            "not": {"anyOf": [{"required": [name]} for name in SOURCES if name not in shared]},
        }

    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Questions for qabot",
        "description": "Questions and the texts that hold their answers.",
        "definitions": {"question": question},
        "anyOf": [
            *(question_set(any_question, shared=[name]) for name in SOURCES),
            question_set(with_context, shared=[]),
            _list(with_context),
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_QUESTIONS}
