"""Model directories: any `model.json` and `tokenizer.json` are a model or a ModelError.

An input is the two files, a context and a question. If `model.json` has `"size": 0`, size and digest
are corrected, so that more than the first check is reached. The network is a real one.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.errors import InputError, ModelError
from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, ModelInfo, digest, read_info
from answerer.model import Model
from qabot.answers.key import Keys
from qabot.console.text import for_log
from tools.fuzzing.scratch import Scratch
from tools.fuzzing.target import Target, as_text, join, split

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = Scratch()
CONTEXT = "She named the baby Momotaro. He was born from a peach."
VOCABULARY = ("[UNK]", "[CLS]", "[SEP]", "the", "baby", "##s", "named", "a", "1", ".", "e", "##e")


def run(data: bytes) -> None:
    """Load one directory, and ask it."""
    info, tokenizer, context, question = (*split(data), b"", b"", b"")[:4]
    folder = SCRATCH.fresh()
    (folder / MODEL_FILE).write_bytes(network())
    (folder / TOKENIZER_FILE).write_bytes(tokenizer or tokenizer_json().encode())
    (folder / INFO_FILE).write_bytes(_completed(info or _info().encode(), folder))
    try:
        Keys(read_info(folder).identity).key("c", "q")
        model = Model.load(folder, threads=1)
        spans = model.answer(as_text(context) or CONTEXT, as_text(question) or "Who?", top_k=3)
    except (ModelError, InputError) as error:
        for_log(str(error)).encode()
        return
    assert spans
    for span in spans:
        assert 0 <= span.score <= 1


def _completed(info: bytes, folder: Path) -> bytes:
    try:
        fields = json.loads(info)
    except (ValueError, RecursionError):
        return info
    if isinstance(fields, dict) and fields.get("size") == 0:
        fields |= {"size": len(network()), "digest": digest(folder)}
        return json.dumps(fields).encode()
    return info


@lru_cache
def network() -> bytes:
    """A small network that answers by token id."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["windows", "tokens"])
    outputs = ("start_logits", "end_logits")
    nodes = [
        helper.make_node("Mod", ["input_ids", "seven"], ["small"]),
        *(helper.make_node("Cast", ["small"], [name], to=TensorProto.FLOAT) for name in outputs),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [ids],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["windows", "tokens"])
            for name in outputs
        ],
        [numpy_helper.from_array(np.array(7), "seven")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


@lru_cache
def tokenizer_json(kind: str = "WordPiece") -> str:
    """A tokenizer of a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = {word: number for number, word in enumerate(VOCABULARY)}
    model: Any = {
        "WordPiece": lambda: models.WordPiece(words, unk_token="[UNK]"),
        "WordLevel": lambda: models.WordLevel(words, unk_token="[UNK]"),
        "BPE": lambda: models.BPE(words, [], unk_token="[UNK]"),
        "Unigram": lambda: models.Unigram([(word, -1.0) for word in VOCABULARY], 0),  # type: ignore[no-untyped-call]
    }[kind]()
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.BertNormalizer(), normalizers.Replace("x", "y")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    text: str = tokenizer.to_str()
    return json.dumps(json.loads(text))


def _info(**changes: Any) -> str:
    info = ModelInfo(
        name="small", revision=None, quantisation="none", digest="0", size=0, max_length=32,
        licence="MIT",
    )  # fmt: skip
    return json.dumps({**json.loads(info.to_json()), **changes})


def seeds() -> Sequence[bytes]:
    """Tokenizers of each kind, and `model.json` with each field invalid."""
    kinds = ("WordPiece", "WordLevel", "BPE", "Unigram")
    return [
        *(join(_info(), tokenizer_json(kind), CONTEXT, "What is the name?") for kind in kinds),
        join(_info(name="a\ud800b", revision="::x")),
        join(_info(max_length=2)),
        join(_info(max_length=10**18)),
        join(_info(size=1)),
        join(_info(f1="x", measured_on=[])),
        join("[]"),
        join(_info(), "{}"),
        join(_info(), "", "\x00\u2028 \u0301", "?" * 40),
    ]


TARGET = Target(
    name="models",
    holds="a model that answers, ModelError or InputError",
    run=run,
    seeds=seeds,
    words=[
        *(f'"{name}": ' for name in ModelInfo.__dataclass_fields__),
        '"size": 0', '"type": "', "null", "true", "[]", "{}", "\\ud800", "1e99", "WordPiece", "BPE",
        "Unigram", "WordLevel", "Sequence", "Replace", "Regex", "Split", "ByteLevel", "Metaspace",
        "Precompiled", "TemplateProcessing", "RobertaProcessing", "BertNormalizer", "NFKC", "Lowercase",
        "truncation", "padding", "added_tokens", '"unk_token": null', '"vocab": {', '"merges": [',
        "(a+)+$", "[CLS]", "[SEP]",
    ],
    around=SCRATCH.around,
    longest=8192,
)  # fmt: skip
