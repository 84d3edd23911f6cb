"""Haystack's `ExtractiveReader`."""

import json
import sys
import time
from pathlib import Path

from haystack import Document
from haystack.components.readers import ExtractiveReader
from haystack.utils import ComponentDevice


def main() -> None:
    """Answer, one question after the other, each with its context as the only document."""
    questions = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    # As the others: the best span, also where the reader would rather say that there is none.
    reader = ExtractiveReader(
        model=sys.argv[1],
        device=ComponentDevice.from_str("cpu"),
        token=None,
        top_k=1,
        no_answer=False,
    )
    reader.warm_up()
    begun = time.perf_counter()
    answers = {}
    for name, context, question in questions:
        found = reader.run(query=question, documents=[Document(content=context)])["answers"]
        answers[name] = (found[0].data or "") if found else ""
    print(json.dumps({"answers": answers, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
