"""How fast a folder of thousands of documents is indexed, brought up to date and searched.

    python -m tools.benchmark.many_documents [--documents 10000]

Makes up that many Markdown documents of ten passages, with words as frequent as in a natural language.
Prints a table in Markdown: seconds of CPU, which other programs disturb less, and of the clock.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from answerer.ranking import FUNCTION_WORDS
from qabot.documents.library import Library
from tools import ROOT
from tools.benchmark.processes import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTIONS = 100
WORDS = 60_000


def main() -> int:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(prog="tools.benchmark.many_documents", description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as name:
        questions = make(Path(name), arguments.documents)
        print("| | CPU s | wall s |\n| --- | --- | --- |")
        for what, cpu, wall in measured(Path(name), questions):
            print(f"| {what} | {cpu:.3f} | {wall:.3f} |", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of this program: {peak:.0f} MB")
    return 0


def make(root: Path, documents: int) -> list[str]:
    """Write made-up documents and a file of questions about them.

    Args:
        root: an empty folder.
        documents: how many.

    Returns:
        The questions: words of one passage each.
    """
    chance = random.Random(14)
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "an", "er")]
    vocabulary = dict.fromkeys(sorted(FUNCTION_WORDS))
    while len(vocabulary) < WORDS:
        vocabulary["".join(chance.choices(syllables, k=chance.randint(2, 4)))] = None
    words = list(vocabulary)
    # Zipf's law, as Mandelbrot corrected it.
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))

    def text(number: int) -> str:
        return " ".join(chance.choices(words, cum_weights=weights, k=number))

    questions: list[str] = []
    for number in range(documents):
        passages = [text(chance.randint(50, 100)) for _ in range(10)]
        sections = [f"## {text(3)}\n\n{first}.\n\n{second}." for first, second in _pairs(passages)]
        file = root / "documents" / f"part-{number % 50}" / f"{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n\n".join([f"# {text(3)}", *sections]) + "\n", encoding="utf-8")
        if number * QUESTIONS // documents == len(questions):
            asked = chance.sample(passages[0].split(), chance.randint(4, 8))
            questions.append(f"What is {' '.join(asked)}?")
    (root / "questions").mkdir()
    asked_in = "".join(f'- "{question}"\n' for question in questions)
    (root / "questions/all.yaml").write_text(f'documents: ["**"]\nquestions:\n{asked_in}')
    return questions


def measured(root: Path, questions: list[str]) -> Iterator[tuple[str, float, float]]:
    """Each measurement: what it is, seconds of CPU, seconds.

    Args:
        root: of `make`.
        questions: likewise.
    """
    # The index trusts no file that was written in the last two seconds.
    time.sleep(3)
    cache = root / "cache"
    file = root / "documents/part-0/0.md"
    cpu = wall = 0.0

    @contextmanager
    def timed() -> Iterator[None]:
        nonlocal cpu, wall
        begun = time.process_time(), time.perf_counter()
        yield
        cpu, wall = time.process_time() - begun[0], time.perf_counter() - begun[1]

    def update(what: str) -> tuple[str, float, float]:
        with timed(), Library(root, print, cache) as library:
            library.index(["**"])
        return what, cpu, wall

    yield update("index all documents")
    yield update("look for changes")
    _append(file)
    yield update("the same, with one changed document")
    with Library(root, print, cache) as library:
        library.index(["**"])
        with timed():
            for question in questions:
                library.search(["**"], question, 5)
    yield "one search", cpu / len(questions), wall / len(questions)
    command = [sys.executable, "-m", "qabot", "--root", str(root), "plan"]
    environ = {
        **os.environ,
        "XDG_CACHE_HOME": str(root / "home"),
        "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT / 'container'}",
    }
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    _append(file)
    cost, _ = measure(command, environ=environ)
    yield f"`qabot plan` of {len(questions)} questions, one changed document", cost.cpu, cost.wall


def _append(file: Path) -> None:
    with file.open("a", encoding="utf-8") as end:
        end.write("\nOne more sentence.\n")


def _pairs(passages: list[str]) -> Iterator[tuple[str, str]]:
    return zip(passages[::2], passages[1::2], strict=True)


if __name__ == "__main__":
    sys.exit(main())
