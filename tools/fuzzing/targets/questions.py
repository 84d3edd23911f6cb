"""Folders of question files: any bytes are questions or problems, and a second run changes nothing.

An input is names and contents in turn. Names ending in `.yaml`, `.yml` and `.json` are question files,
others may be their context files, and a content can be a link.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING
from unittest import mock

import yaml

from qabot.answers.yaml_file import quoted
from qabot.console.text import for_log
from qabot.nodes.nodes import DocumentError, decode
from qabot.nodes.yaml import read_yaml
from qabot.questions import schema as fields
from qabot.questions.read import read_questions
from tests.conftest import ROOT
from tools.fuzzing.scratch import Scratch, write
from tools.fuzzing.target import Target, as_text, join, split
from tools.fuzzing.whole_run import run_twice

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = Scratch()
_SHARED = "context: It was 1921.\nquestions:\n"
_FILES = 8


def run(data: bytes) -> None:
    """Read a folder, answer its questions, and read it again."""
    parts = split(data)[: 2 * _FILES]
    root = SCRATCH.fresh()
    for name, content in zip(parts[::2], parts[1::2], strict=False):
        write(root / "questions", as_text(name), content)
        _read_slowly(content)
    questions = read_questions(root)
    for problem in questions.problems:
        assert problem.what
        assert problem.todo
        assert problem.line >= 0
        assert problem.column >= 0
        line = for_log(str(problem))
        line.encode()
        assert len(line.splitlines()) == 1
    broken = {problem.path for problem in questions.problems}
    for question_set in questions.sets:
        assert question_set.source not in broken
        ids = [question.id for question in question_set.questions]
        assert len(ids) == len(set(ids))
        for question in question_set.questions:
            assert re.fullmatch(fields.ID_PATTERN, question.id), question.id
            assert question.question.strip() == question.question != ""
            assert question.context.strip()
            assert "\r" not in question.context or "\\r" in quoted(question.context)
            for text in (question.question, question.context, *question.expect):
                text.encode()
    if questions.sets:
        run_twice(root)


def _read_slowly(content: bytes) -> None:
    """PyYAML's Python parser, used without libyaml, ends in the same two ways."""
    with (
        mock.patch.object(yaml, "CSafeLoader", yaml.SafeLoader),
        contextlib.suppress(DocumentError),
    ):
        read_yaml(decode(content))


def seeds() -> Sequence[bytes]:
    """The sample sets, and a small file for each feature of the format."""
    samples = ROOT / "tests/samples/questions"
    return [
        join("einstein.yaml", (samples / "einstein.yaml").read_bytes()),
        join("problems.json", (samples / "problems.json").read_bytes()),
        join("a.yaml", f"{_SHARED}- When?\n- {{id: x, question: What?, expect: [1921, it]}}\n"),
        join("a.yml", "- {context: It was 1921., question: When?}\n- {context: c, question: q}\n"),
        join("a.json", '{"context": "It was 1921.", "questions": ["When?", {"question": "é"}]}'),
        join(
            "t/a.yaml", "context_file: b.txt\nquestions: [When?]\n", "t/b.txt", "It was 1921.\r\n"
        ),
        join("a.yaml", "context_file: ../x\nquestions: [q]\n", "b.yaml", "-> a.yaml"),
        join("a.yaml", "context_file: l\nquestions: [q]\n", "l", "-> /etc/hostname"),
        join("a.yaml", f"{_SHARED}- &a When?\n- *a\n", "A.yaml", f"{_SHARED}- q\n"),
        join("a.yaml", f"{_SHARED}- q\n", "a.json", '[{"context": "c", "question": "q"}]'),
        join("a.yaml", 'context: "\\u0000\\x1b[2J\\u2028 a"\nquestions: ["::error::x", "<b>"]\n'),
        join("\n::error::x.yaml", f"{_SHARED}- q\n"),
        join("x" * 231 + ".yml", f"{_SHARED}- q\n", "é" * 125 + ".yaml", f"{_SHARED}- q\n"),
        join(
            "a.yaml", "context: |\n  two\n\n  paragraphs\nquestions:\n- >-\n  folded\n  question\n"
        ),
        join("a.yaml", "? [a, b]\n: c\n--- !!python/object:x {}\n", "b.json", "[[[[[[[[[[[[[["),
        join("a.json", '[{"context": "\\ud83d\\ude00 \\ud800", "question": "q", "question": "r"}]'),
    ]


TARGET = Target(
    name="questions",
    holds="questions, or problems with their places; what is read can be answered, once",
    run=run,
    seeds=seeds,
    words=[
        *(f"{name}: " for name in (*fields.SET_FIELDS, *fields.QUESTION_FIELDS)),
        *(f'"{name}": ' for name in (*fields.SET_FIELDS, *fields.QUESTION_FIELDS)),
        ".yaml", ".json", ".txt", "a.yaml", "-> ", "../", "- ", "\n  ", "|\n ", ">-\n ", "&a ", "*a",
        "!!str ", "!!binary ", "<<: *a", "---\n", "...\n", "%YAML 1.1\n", "? ", ": ", "{}", "[]",
        "\\ud800", "\\U0010ffff", "\\U00110000", "\\x00", "\ufeff", "\u2028", "\x85", "~", "0x1F",
        "1e999", ".nan", "true", "\t", b"\xed\xa0\x80", "::error::", "##[",
    ],
    around=SCRATCH.around,
)  # fmt: skip
