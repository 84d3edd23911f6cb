"""Questions per second of the runner engine's model, without loading.

python -m tools.benchmark.ours MODEL QUESTIONS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from answerer.model import Model


def throughput(directory: Path, path: Path) -> float:
    """Questions per second on all cores.

    Args:
        directory: a model directory.
        path: JSON, a list of context and question pairs.
    """
    pairs = [(context, question) for context, question in json.loads(path.read_text("utf-8"))]
    model = Model.load(directory)
    model.answer(*pairs[0])  # warm
    begun = time.perf_counter()
    answered = sum(1 for _ in model.answer_all(pairs))
    return answered / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(throughput(Path(sys.argv[1]), Path(sys.argv[2])))
