"""Answers files: a run reads and repairs any of them, and the next has nothing to do.

An input is an answers file, and perhaps its page and its question file.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import yaml

from answerer.spans import Span
from qabot.answers import folder as store
from qabot.answers import yaml_file as answers
from qabot.answers.key import Keys
from qabot.answers.model import Answer, AnswerSet, Entry, Request
from qabot.console.text import for_log, json_for_log
from qabot.run.reconcile import in_words
from tests.conftest import ROOT
from tests.qabot.scripted import failure
from tools.fuzzing.scratch import Scratch
from tools.fuzzing.target import Target, join, split
from tools.fuzzing.whole_run import MODEL, run_twice

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = Scratch()
CONTEXT = "1921 was it"
QUESTIONS = f"context: {CONTEXT}\nquestions:\n- {{id: a, question: When?}}\n- What?\n"


def run(data: bytes) -> None:
    """Run with one file in `answers/`."""
    file, page, asked = (*split(data), b"", b"")[:3]
    root = SCRATCH.fresh()
    (root / "answers").mkdir()
    (root / "answers/a.yaml").write_bytes(file)
    if page:
        (root / "answers/a.md").write_bytes(page)
    (root / "questions/a.yaml").write_bytes(asked or QUESTIONS.encode())

    stored = store.read_all(root)["answers/a.yaml"]
    if stored.answers is not None:
        text = answers.render(stored.answers)
        text.encode()
        read = answers.parse(text)
        assert read is not None
        assert answers.render(read) == text
        entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["answers"]
        assert [entry["id"] for entry in entries] == [entry.id for entry in read.entries]
        for entry in stored.answers.entries:
            for_log(in_words(entry.result)).encode()
            json_for_log(asdict(entry)).encode()

    questions = run_twice(root)
    if stored.answers is None and file.strip() and questions.sets:
        assert (root / "answers/a.orig.yaml.txt").read_bytes() == file


def seeds() -> Sequence[bytes]:
    """The sample sets' answers, and small ones of every kind."""
    keys = Keys(MODEL)
    requests = [Request(keys.key(CONTEXT, entry), entry, CONTEXT) for entry in ("When?", "What?")]
    doubtful = Answer(
        requests[0].key,
        MODEL,
        Span("1921", 0, 4, 0.1),
        (Span("was", 5, 8, 0.05), Span("it", 9, 11, 0)),
    )
    small = answers.render(
        AnswerSet(
            "questions/a.yaml",
            (
                Entry("a", "When?", doubtful),
                Entry("what", "What?", failure(requests[1], permanent=True)),
            ),
        )
    )
    return [
        (ROOT / "tests/samples/answers/momotaro.yaml").read_bytes(),
        join(small, "# mine\n"),
        join(small, "<!-- Written by qabot", "context: 1921 is new\nquestions: [When?]\n"),
        join(small.replace('"was"', '"\\ud83d\\ude00 \\ud800"'), ""),
        join(small.replace("0.1", "1e-5").replace("0.05", "NaN").replace("start: 0", "start: -1")),
        join("<<<<<<< ours\n", small, "=======\n", small),
        b"mine: 1\n",
        b"",
    ]


TARGET = Target(
    name="answers",
    holds="read in part or whole, repaired by one run, fresh for the next; nobody else's file is lost",
    run=run,
    seeds=seeds,
    words=[
        answers.MARKER, "\n- id: ", '\n  question: "', '\n  answer: "', "\n  score: ", "\n  start: ",
        "\n  end: ", "\n  alternatives: [", '\n  error: {"kind": ', '"reason": ', '"attempts": ',
        '"permanent": true', '"evidence": {', '\n  model: "', '\n  key: "', 'source: "', "NaN",
        "Infinity", "1e999", "-0.0", "true", "null", "[[[[", '{"a": ', "\\ud800", "\\u0000", "\u2028",
        "\r\n", "99999999999999999999", '"1921"',
    ],
    around=SCRATCH.around,
)  # fmt: skip
