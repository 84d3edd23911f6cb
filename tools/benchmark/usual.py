"""The usual way: a checkpoint loaded with torch and transformers, its softmaxes multiplied.

    python -m tools.benchmark.usual CHECKPOINT CONTEXT QUESTION    one question, one line of JSON
    python -m tools.benchmark.usual CHECKPOINT --throughput FILE   questions per second, batched

A separate program, so that its start is measured, too.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def load(checkpoint: str) -> tuple[Any, Any]:
    """The tokenizer and the model, ready to answer."""
    import transformers

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(checkpoint).eval()
    return tokenizer, model


def answer_batch(tokenizer: Any, model: Any, pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Answer questions about contexts in one padded batch.

    Args:
        tokenizer: a fast tokenizer of transformers.
        model: a question-answering model.
        pairs: context and question of each; longer ones are cut to 384 tokens.
    """
    import torch

    encoded = tokenizer(
        [question for _, question in pairs],
        [context for context, _ in pairs],
        truncation="only_second",
        max_length=384,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = encoded.pop("offset_mapping").tolist()
    with torch.inference_mode():
        outputs = model(**encoded)
    answers = []
    for row, (context, _) in enumerate(pairs):
        inside = torch.tensor([part == 1 for part in encoded.sequence_ids(row)])
        start = outputs.start_logits[row].masked_fill(~inside, -torch.inf).softmax(0)
        end = outputs.end_logits[row].masked_fill(~inside, -torch.inf).softmax(0)
        scores = torch.outer(start, end).triu().tril(29)
        first, last = divmod(int(scores.argmax()), scores.shape[1])
        begins, ends = offsets[row][first][0], offsets[row][last][1]
        score = float(scores[first, last])
        answers.append(
            {"score": score, "start": begins, "end": ends, "answer": context[begins:ends]}
        )
    return answers


def throughput(checkpoint: str, path: Path, sizes: tuple[int, ...] = (1, 16)) -> float:
    """The most questions per second over some batch sizes, without loading.

    Args:
        checkpoint: a folder.
        path: JSON, a list of context and question pairs; batches are of similar length.
        sizes: batch sizes to try.
    """
    pairs = [(context, question) for context, question in json.loads(path.read_text("utf-8"))]
    pairs.sort(key=lambda pair: len(pair[0]))
    tokenizer, model = load(checkpoint)
    best = 0.0
    for size in sizes:
        answer_batch(tokenizer, model, pairs[:size])  # warm
        begun = time.perf_counter()
        for first in range(0, len(pairs), size):
            answer_batch(tokenizer, model, pairs[first : first + size])
        best = max(best, len(pairs) / (time.perf_counter() - begun))
    return best


if __name__ == "__main__":
    if sys.argv[2] == "--throughput":
        print(throughput(sys.argv[1], Path(sys.argv[3])))
    else:
        print(json.dumps(answer_batch(*load(sys.argv[1]), [(sys.argv[2], sys.argv[3])])[0]))
