"""Ours: a model directory."""

import json
import sys
import time
from pathlib import Path

from answerer.errors import InputError
from answerer.model import Model


def main() -> None:
    """Answer, in batches as the engine does."""
    questions = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    model = Model.load(Path(sys.argv[1]))
    begun = time.perf_counter()
    answers = {}
    pairs = ((context, question) for _, context, question in questions)
    for index, spans in model.answer_all(pairs):
        found = "" if isinstance(spans, InputError) else spans[0].answer
        answers[questions[index][0]] = found or ""
    print(json.dumps({"answers": answers, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
