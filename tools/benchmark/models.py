"""Checkpoints of two sizes with random weights, and their model directories.

    python -m tools.benchmark.models FOLDER    make both sizes, and the questions

A model's speed does not depend on its weights, and a machine without a hub cannot load the
tutorial's. The tokenizer is the bundled model's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools import ROOT

# As the bundled model, and as the tutorial's.
SIZES = ("minilm", "distilbert")
QUESTIONS = "questions.json"

FERRY = "The captain of the ferry to Bergen was Nils Hagen."
ABOUT_FERRY = "Who was the captain of the ferry?"

BUNDLED = ROOT / "container/model"


def make_checkpoint(folder: Path, size: str) -> Path:
    """Save a random checkpoint.

    Args:
        folder: to make.
        size: `minilm`, as the bundled model: 6 layers of 384; or `distilbert`, as the tutorial's
            distilbert-base-cased-distilled-squad: 6 layers of 768.
    """
    import torch
    import transformers as typed

    transformers: Any = typed  # its type hints are incomplete
    torch.manual_seed(0)
    if size == "minilm":
        config = transformers.BertConfig(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
        )
    else:
        config = transformers.DistilBertConfig()
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * (size == "minilm")
    transformers.AutoModelForQuestionAnswering.from_config(config).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(BUNDLED / "tokenizer.json"),
        model_max_length=512,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=names,
    ).save_pretrained(folder)
    return folder


def long_context() -> str:
    """A text of 1 MB in which one sentence, after two thirds of it, is about a ferry."""
    words = (ROOT / "tests/samples/questions/us-constitution.txt").read_text("utf-8")
    many = words * (1 + 1_000_000 // len(words))
    return f"{many[:666_000]}\n\n{FERRY}\n\n{many[666_000:1_000_000]}"


def questions() -> list[tuple[str, str]]:
    """128 questions about contexts of 40 to 220 tokens, the same ones each time."""
    words = (ROOT / "tests/samples/questions/us-constitution.txt").read_text("utf-8").split()
    pairs = []
    for number in range(128):
        length = 30 + (number * 37) % 130
        first = (number * 101) % (len(words) - length)
        pairs.append((" ".join(words[first : first + length]), f"What is number {number}?"))
    return pairs


def main(folder: Path) -> None:
    """Make everything that is measured in a folder."""
    from answerer.exporting.export import export

    for size in SIZES:
        checkpoint = make_checkpoint(folder / size, size)
        export(str(checkpoint), folder / f"{size}-model", quantise=True)
    (folder / QUESTIONS).write_text(json.dumps(questions()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
