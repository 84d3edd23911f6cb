"""How well and how fast questions about a folder of documents are answered.

    python -m tools.benchmark.documents ASKED.json OTHER.json ... [--questions N]
    python -m tools.benchmark.documents ... --checkpoint CHECKPOINT [--environments DIR]

All files are in SQuAD's format. The paragraphs of all of them become documents, one text file per
article; the questions of the first are asked about the whole folder, and each about its own paragraph
for comparison. With a checkpoint it answers both, in float, and so does Haystack with the paragraphs
as its documents. Prints a table in Markdown; its seconds are of CPU, which other programs disturb less
than those of a clock.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from answerer.exporting.export import export
from answerer.model import Model
from qabot.cache import in_cache
from qabot.documents.choose import PASSAGES, joined
from qabot.documents.library import Library
from qabot.models import squad
from qabot.models.bundled import BUNDLED
from tools.benchmark import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RANKS = (1, 5, 8)
PEER = "haystack_documents"


@dataclass(slots=True)
class Reached:
    """What one program did.

    Args:
        passages: of each question, the texts that it found, best first.
        answers: to each question.
        seconds: of CPU, to index, and for all questions to search and to read.
    """

    passages: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def main() -> int:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(prog="tools.benchmark.documents", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--questions", type=int, help="at most this many, spread evenly over the file"
    )
    parser.add_argument("--checkpoint", type=Path, help="a folder, as transformers saves it")
    parser.add_argument("--environments", type=Path, default=in_cache("peers"))
    arguments = parser.parse_args()
    asked = side_by_side.thinned(questions(arguments.files[0]), arguments.questions)
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as name:
        folder = Path(name)
        paragraphs = write_documents(folder, arguments.files)
        print(f"{len(asked)} questions, {len(paragraphs):,} paragraphs\n")
        model = BUNDLED
        if arguments.checkpoint:
            model = folder / "model"
            export(str(arguments.checkpoint), model, quantise=False)
        print(HEAD)
        loaded = Model.load(model)
        right = [loaded.answer(each.context, each.question)[0].answer for each in asked]
        print(row("qabot, the right paragraph given", Reached(answers=right), asked))
        print(row("qabot", ours(folder, asked, loaded), asked), flush=True)
        if arguments.checkpoint:
            packages = side_by_side.PEERS["haystack_reader"]
            python = side_by_side.environment(arguments.environments / "haystack_reader", packages)
            reached = peer(python, arguments.checkpoint, folder, paragraphs, asked)
            print(row(packages[2].replace("==", " "), reached, asked))
    return 0


def write_documents(root: Path, files: Sequence[Path]) -> list[str]:
    """Write every article as a document, no paragraph twice.

    Args:
        root: a repository without documents.
        files: in SQuAD's format.

    Returns:
        The paragraphs.
    """
    folder = root / "documents"
    folder.mkdir()
    seen: dict[str, None] = {}
    for file in files:
        for number, article in enumerate(json.loads(file.read_text("utf-8"))["data"]):
            texts = dict.fromkeys(_plain(each["context"]) for each in article["paragraphs"])
            new = [text for text in texts if text not in seen]
            seen.update(dict.fromkeys(new))
            if new:
                path = folder / f"{file.stem}-{number}.txt"
                path.write_text("\n\n".join(new), encoding="utf-8")
    return list(seen)


def questions(file: Path) -> list[squad.Example]:
    """The answerable questions of a file."""
    return [example for example in squad.read(file) if example.answers]


def ours(root: Path, asked: Sequence[squad.Example], model: Model) -> Reached:
    """Ask every question about the documents.

    Args:
        root: the repository.
        asked: the questions.
        model: reads the passages.
    """
    reached = Reached()

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        reached.seconds[what] += time.process_time() - begun

    with Library(root, _report) as library:
        with timed("index"):
            library.index(["**"])
        for example in asked:
            with timed("search"):
                found = library.search(["**"], example.question, max(RANKS))
            passages = [passage for passage, _ in found]
            with timed("read"):
                spans = model.answer(joined(passages[:PASSAGES]), example.question)
            reached.passages.append([passage.text for passage in passages])
            reached.answers.append(spans[0].answer)
    return reached


def peer(
    python: Path, checkpoint: Path, folder: Path, paragraphs: list[str], asked: list[squad.Example]
) -> Reached:
    """Ask Haystack every question about the paragraphs.

    Args:
        python: of its environment.
        checkpoint: a folder.
        folder: for files of this run.
        paragraphs: its documents.
        asked: the questions.
    """
    file = folder / "asked.json"
    texts = [example.question for example in asked]
    wanted = {"paragraphs": paragraphs, "questions": texts}
    file.write_text(json.dumps(wanted | {"retrieve": max(RANKS), "read": PASSAGES}), "utf-8")
    command = [str(python), *side_by_side.program(PEER), str(checkpoint), str(file)]
    _, reached = side_by_side.printed(command)
    return Reached(**reached)


HEAD = (
    f"| | EM | F1 | right passage among the first {', '.join(map(str, RANKS))} | CPU s to index | "
    "CPU ms per question: search, read |\n| --- | --- | --- | --- | --- | --- |"
)


def row(name: str, reached: Reached, asked: Sequence[squad.Example]) -> str:
    """A program's row of the table.

    Args:
        name: of the program.
        reached: by it.
        asked: the questions.
    """
    count = len(asked)
    pairs = [(answer, e.texts) for answer, e in zip(reached.answers, asked, strict=True)]
    scores = [100 * sum(measure(*p) for p in pairs) / count for measure in _MEASURES]
    cells = [name, *(f"{score:.1f}" for score in scores)]
    if reached.passages:
        ranks = [_rank(found, e) for found, e in zip(reached.passages, asked, strict=True)]
        found = [100 * sum(0 < each <= rank for each in ranks) / count for rank in RANKS]
        each = {what: 1000 * total / count for what, total in reached.seconds.items()}
        cells.append(", ".join(f"{share:.1f}" for share in found) + " %")
        cells.append(f"{reached.seconds['index']:.1f}")
        cells.append(f"{each['search']:.0f}, {each['read']:.0f}")
    else:
        cells += ["", "", ""]
    return f"| {' | '.join(cells)} |"


_MEASURES = (squad.exact_match, squad.f1)


def _rank(passages: Sequence[str], example: squad.Example) -> int:
    """The rank of the passage that a question was written for, from 1; 0 where it was not found."""
    paragraph = _plain(example.context)
    for rank, passage in enumerate(passages, start=1):
        # The marked answer has to be in it: a long paragraph makes several passages.
        marked = any(_plain(answer) in passage for answer in example.texts)
        if marked and (passage in paragraph or paragraph in passage):
            return rank
    return 0


def _plain(text: str) -> str:
    """A paragraph on one line, as it is in its document."""
    return " ".join(text.split())


def _report(problem: object) -> None:
    print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
