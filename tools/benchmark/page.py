"""The page at 100 and at 10,000 answers: its size, and how long a person waits for it."""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.spans import Span
from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.model import Answer, AnswerSet, Entry
from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.site.build import build
from tools import ROOT
from tools.benchmark.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playwright.sync_api import Browser

SIZES = (100, 10_000)
# Questions in a file, and questions that share a context of 150 words.
IN_SET, SHARING, WORDS = 100, 10, 150
MODEL = "benchmark@1/s1"

# Each key of a search that finds fewer and fewer, and then everything again.
TYPED = [*("number 99"[: end + 1] for end in range(9)), ""]

# From an event to the frame that shows its effect: what is posted in a frame's callback comes after it.
_TIMED = """async (steps) => {
  const shown = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  }));
  const time = async (act) => {
    const begun = performance.now();
    act();
    await shown();
    return performance.now() - begun;
  };
  const find = document.getElementById("find");
  const filter = document.querySelector("[data-filter=doubtful]");
  const times = { search: [], filter: [] };
  await shown();
  for (const step of steps) {
    times.search.push(await time(() => {
      find.value = step;
      find.dispatchEvent(new Event("input", { bubbles: true }));
    }));
  }
  for (let turn = 0; turn < 4; turn += 1) times.filter.push(await time(() => filter.click()));
  return times;
}"""

_OPENED = """() => ({
  painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  ready: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""


def make_repository(root: Path, answers: int) -> None:
    """Write questions about the sample text of this repository, with an answer each.

    Args:
        root: an empty folder.
        answers: how many; a multiple of the questions in a file.
    """
    words = (ROOT / "tests/samples/questions/us-constitution.txt").read_text("utf-8").split()
    (root / "questions").mkdir()
    for first in range(0, answers, IN_SET):
        asked = []
        for number in range(first, first + IN_SET):
            at = number // SHARING * 37 % (len(words) - WORDS)
            text = f"What is said in number {number} of {words[number % len(words)]}?"
            asked.append({"question": text, "context": " ".join(words[at : at + WORDS])})
        name = f"questions/set-{first // IN_SET:03}.json"
        (root / name).write_text(json.dumps(asked), encoding="utf-8")
    keys = Keys(MODEL)
    for question_set in read_questions(root).sets:
        results = []
        for number, question in enumerate(question_set.questions):
            context = question.context
            spans = []
            for place, text in enumerate((context.split()[11], context.split()[70])):
                start = context.index(text)
                score = number * 37 % 100 / 100 / (place + 1)
                spans.append(Span(text, start, start + len(text), score))
            key = keys.key(context, question.question)
            result = Answer(key, MODEL, spans[0], tuple(spans[1:]))
            results.append(Entry(question.id, question.question, result))
        store.write_set(root, AnswerSet(question_set.source, tuple(results)), {})


def make_page(root: Path) -> tuple[Path, float]:
    """Build the page: where it is, and the seconds that took, questions and answers read."""
    begun = time.perf_counter()
    path = build(root, read_questions(root), root / "out", Links("https://github.com/a/b"))
    return path, time.perf_counter() - begun


def visit(browser: Browser, path: Path) -> dict[str, list[float]]:
    """Open a page, search and filter.

    Returns:
        Milliseconds: `painted` and `ready` from the navigation's start, `search` and `filter` from an
        event to the frame that shows its effect.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        # As long as it takes a person to put the cursor there.
        page.wait_for_timeout(500)
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        opened: Mapping[str, float] = page.evaluate(_OPENED)
        times: dict[str, Any] = page.evaluate(_TIMED, TYPED)
    finally:
        context.close()
    return {**{name: [taken] for name, taken in opened.items()}, **times}


def print_table(rounds: int) -> None:
    """Measure, and print Markdown.

    Args:
        rounds: how often each page is built and visited; in turn.
    """
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as folder, chromium() as browser:
        roots = [Path(folder, str(answers)) for answers in SIZES]
        for root, answers in zip(roots, SIZES, strict=True):
            root.mkdir()
            make_repository(root, answers)
        built: list[list[float]] = [[] for _ in SIZES]
        visits: list[dict[str, list[float]]] = [{} for _ in SIZES]
        pages: list[bytes] = []
        for turn in range(rounds + 1):
            for number, root in enumerate(roots):
                path, seconds = make_page(root)
                times = visit(browser, path)
                if turn == 0:  # it filled the caches
                    pages.append(path.read_bytes())
                    continue
                built[number].append(seconds)
                for name, taken in times.items():
                    visits[number].setdefault(name, []).extend(taken)
    rows = {
        "MB": [f"{len(page) / 1e6:.2f}" for page in pages],
        "MB, gzip": [f"{len(gzip.compress(page, 6)) / 1e6:.3f}" for page in pages],
        "made, s": [f"{statistics.median(seconds):.2f}" for seconds in built],
        "first paint, ms": _middle(visits, "painted"),
        "ready, ms": _middle(visits, "ready"),
        "one key of a search, ms": _middle(visits, "search"),
        "the slowest key, ms": [f"{max(times['search']):.0f}" for times in visits],
        "a filter, ms": _middle(visits, "filter"),
    }
    print(f"| the page | {' | '.join(f'{answers:,} answers' for answers in SIZES)} |")
    print("| --- " * (len(SIZES) + 1) + "|")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


def _middle(visits: Sequence[Mapping[str, list[float]]], name: str) -> list[str]:
    return [f"{statistics.median(times[name]):.0f}" for times in visits]
