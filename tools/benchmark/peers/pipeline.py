"""The last real `pipeline("question-answering")` of transformers."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import transformers as typed


def main() -> None:
    """Answer, one question after the other, as its documentation shows."""
    questions = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    transformers: Any = typed  # the types at hand are of a later version, which has none of this
    answer = transformers.pipeline("question-answering", model=sys.argv[1], device="cpu")
    begun = time.perf_counter()
    answers = {
        name: answer(question=question, context=context)["answer"]
        for name, context, question in questions
    }
    print(json.dumps({"answers": answers, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
