"""How well and how fast questions about a folder of documents are answered.

    python -m tools.benchmark.documents ASKED.json OTHER.json ...

All files are in SQuAD's format. The paragraphs of all of them become documents, one text file per
article; the questions of the first are asked about the whole folder, and each about its own paragraph
for comparison. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from answerer.model import Model
from qabot.documents.choose import PASSAGES, joined
from qabot.documents.library import Library
from qabot.models.bundled import BUNDLED
from qabot.models.squad import exact_match, f1

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RANKS = (1, 5, 8)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its paragraph and what people marked in it."""

    question: str
    paragraph: str
    answers: tuple[str, ...]


@dataclass(slots=True)
class Measured:
    """What came of all questions.

    Args:
        found: questions whose paragraph is among the first so many passages, by their number.
        scores: sums of exact match and F1, from the documents and from the right paragraph.
        seconds: to index, to search, and to read.
    """

    found: Counter[int] = field(default_factory=Counter)
    scores: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


def main() -> int:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--every", type=int, default=1, help="ask every Nth question (default: 1)")
    parser.add_argument("--model", type=Path, default=BUNDLED, help="model directory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as folder:
        paragraphs = write_documents(Path(folder), arguments.files)
        asked = list(questions(arguments.files[0]))[:: arguments.every]
        measured = measure(Path(folder), asked, Model.load(arguments.model))
    print(f"{len(asked)} questions, {paragraphs:,} paragraphs\n")
    print(table(measured, len(asked)))
    return 0


def write_documents(root: Path, files: Sequence[Path]) -> int:
    """Write every article as a document, no paragraph twice; gives the number of paragraphs."""
    folder = root / "documents"
    folder.mkdir()
    seen: set[str] = set()
    for file in files:
        for number, article in enumerate(json.loads(file.read_text("utf-8"))["data"]):
            texts = dict.fromkeys(_plain(each["context"]) for each in article["paragraphs"])
            new = [text for text in texts if text not in seen]
            seen.update(new)
            if new:
                path = folder / f"{file.stem}-{number}.txt"
                path.write_text("\n\n".join(new), encoding="utf-8")
    return len(seen)


def questions(file: Path) -> Iterator[Asked]:
    """The answerable questions of a file."""
    for article in json.loads(file.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for each in paragraph["qas"]:
                answers = tuple(answer["text"] for answer in each["answers"])
                if answers:
                    yield Asked(each["question"], _plain(paragraph["context"]), answers)


def measure(root: Path, asked: Sequence[Asked], model: Model) -> Measured:
    """Ask every question about the documents and about its own paragraph."""
    measured = Measured()

    def timed(what: str, started: float) -> None:
        measured.seconds[what] += time.perf_counter() - started

    with Library(root, _report) as library:
        started = time.perf_counter()
        library.index(["**"])
        timed("index", started)
        for each in asked:
            started = time.perf_counter()
            passages = [found for found, _ in library.search(["**"], each.question, max(RANKS))]
            timed("search", started)
            # The marked answer has to be in it: a long paragraph makes several passages.
            right = [
                number
                for number, passage in enumerate(passages, start=1)
                if any(answer in passage.text for answer in each.answers)
                and (passage.text in each.paragraph or each.paragraph in passage.text)
            ]
            measured.found.update(rank for rank in RANKS if right and right[0] <= rank)
            started = time.perf_counter()
            ours = model.answer(joined(passages[:PASSAGES]), each.question)[0].answer
            timed("read", started)
            alone = model.answer(each.paragraph, each.question)[0].answer
            for name, answer in (("documents", ours), ("paragraph", alone)):
                measured.scores[f"{name} f1"] += f1(answer, each.answers)
                measured.scores[f"{name} em"] += exact_match(answer, each.answers)
    return measured


def table(measured: Measured, count: int) -> str:
    """The measurements as Markdown."""
    part = {name: 100 * total / count for name, total in measured.scores.items()}
    recall = ", ".join(f"{100 * measured.found[rank] / count:.1f}" for rank in RANKS)
    each = {name: total / count for name, total in measured.seconds.items()}
    return "\n".join(
        [
            "| | |",
            "| --- | --- |",
            f"| EM / F1 | {part['documents em']:.1f} / {part['documents f1']:.1f} |",
            f"| EM / F1 with the right paragraph given | {part['paragraph em']:.1f} / "
            f"{part['paragraph f1']:.1f} |",
            f"| the right passage is among the first 1, 5, 8 | {recall} % |",
            f"| seconds to index | {measured.seconds['index']:.1f} |",
            f"| ms per question: search, read | {1000 * each['search']:.0f}, "
            f"{1000 * each['read']:.0f} |",
        ]
    )


def _plain(text: str) -> str:
    """A paragraph on one line, so that it is one of the document too."""
    return " ".join(text.split())


def _report(problem: object) -> None:
    print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
