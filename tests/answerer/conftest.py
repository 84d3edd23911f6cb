"""Small model directories whose logits a test decides, and tokenizers of other kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, ModelInfo, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def byte_level() -> Tokenizer:
    """A byte-level BPE as RoBERTa's: one character can be several tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the year in which he won the prize was 1921"] * 4, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


@pytest.fixture(scope="session")
def word_level() -> Tokenizer:
    """One token per word, with BERT's template; words w0 to w999."""
    words = {name: number for number, name in enumerate(["[UNK]", "[CLS]", "[SEP]", "?"])}
    words |= {f"w{number}": number + 4 for number in range(1000)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]"])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tokenizer


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """A function that writes a model directory whose logits are looked up by token id."""

    def make(
        folder: Path,
        tokenizer: Tokenizer,
        logits: NDArray[np.float32],
        max_length: int = 32,
        *,
        null: bool = False,
    ) -> Path:
        # logits: (vocabulary, 2), the start and end logit of each token id.
        folder.mkdir(exist_ok=True)
        nodes = [
            helper.make_node("Gather", ["logits", "input_ids"], ["both"]),
            helper.make_node("Split", ["both"], ["start", "end"], axis=-1, num_outputs=2),
            helper.make_node("Squeeze", ["start", "last"], ["start_logits"]),
            helper.make_node("Squeeze", ["end", "last"], ["end_logits"]),
        ]
        shape = ["windows", "tokens"]
        graph = helper.make_graph(
            nodes,
            "lookup",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape)],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name in ("start_logits", "end_logits")
            ],
            [
                numpy_helper.from_array(logits.astype(np.float32), "logits"),
                numpy_helper.from_array(np.array([-1]), "last"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        onnx.save(model, folder / MODEL_FILE)
        tokenizer.save(str(folder / TOKENIZER_FILE))
        info = ModelInfo(
            name="lookup",
            revision=None,
            quantisation="none",
            digest=digest(folder),
            size=(folder / MODEL_FILE).stat().st_size,
            max_length=max_length,
            licence="MIT",
            null=null,
        )
        (folder / INFO_FILE).write_text(info.to_json(), encoding="utf-8")
        return folder

    return make
