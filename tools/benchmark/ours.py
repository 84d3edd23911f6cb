"""How fast the runner engine's model answers, without loading.

python -m tools.benchmark.ours MODEL QUESTIONS    questions per second
python -m tools.benchmark.ours MODEL              seconds for a question about a context of 1 MB
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from answerer.model import Model
from tools.benchmark import models


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


def long_context(directory: Path) -> float:
    """Seconds until a question about a context of 1 MB is answered, which the model has not seen.

    Args:
        directory: a model directory.
    """
    context = models.long_context()
    model = Model.load(directory)
    model.answer(models.FERRY, models.ABOUT_FERRY)  # warm
    begun = time.perf_counter()
    model.answer(context, models.ABOUT_FERRY)
    return time.perf_counter() - begun


if __name__ == "__main__":
    model, *files = map(Path, sys.argv[1:])
    print(throughput(model, *files) if files else long_context(model))
