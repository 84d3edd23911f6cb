"""Haystack's `ExtractiveReader`."""

import json
import sys
import time
from pathlib import Path

from haystack import Document
from haystack.components.readers import ExtractiveReader
from haystack.utils import ComponentDevice


def make_reader(checkpoint: str) -> ExtractiveReader:
    """A reader that is ready to answer.

    Like the others it gives the best span, even where it would rather give no answer.

    Args:
        checkpoint: a folder.
    """
    reader = ExtractiveReader(
        model=checkpoint,
        device=ComponentDevice.from_str("cpu"),
        token=None,
        top_k=1,
        no_answer=False,
    )
    reader.warm_up()
    return reader


def main() -> None:
    """Answer, one question after the other, each with its context as the only document."""
    questions = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    reader = make_reader(sys.argv[1])
    begun = time.perf_counter()
    answers = {}
    for name, context, question in questions:
        found = reader.run(query=question, documents=[Document(content=context)])["answers"]
        answers[name] = (found[0].data or "") if found else ""
    print(json.dumps({"answers": answers, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
