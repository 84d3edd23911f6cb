"""Make a model directory of a checkpoint: `qabot model export`."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.errors import ExportError, ModelError
from answerer.exporting import checkpoint as checkpoints
from answerer.exporting import graph as graphs
from answerer.exporting.quantisation import quantise_graph
from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, ModelInfo, digest
from answerer.session import Session
from answerer.windows import Windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Tokens of a window, as models of SQuAD are trained
# (https://github.com/google-research/bert/blob/master/README.md#squad-11).
WINDOW = 384

# How far the logits may be from torch's, relative to their spread over a window (root mean
# square): rounding in float32; with 8-bit weights, little enough to keep the order of good spans.
FLOAT_TOLERANCE = 1e-3
QUANTISED_TOLERANCE = 0.5

# Spellings of SQuAD 2.0 in names and model cards.
_SQUAD_2 = re.compile(r"squad[-_ ]?v?(2|two)\b", re.IGNORECASE)

# Its name in `model.json`.
QUANTISED = "int8"


def export(
    checkpoint: str,
    out: Path,
    *,
    quantise: bool,
    window: int = WINDOW,
    name: str | None = None,
    licence: str | None = None,
    null: bool | None = None,
) -> ModelInfo:
    """Make a model directory of an extractive question-answering checkpoint.

    An older one is replaced only after the new one has passed its checks.

    Args:
        checkpoint: `NAME@REVISION` on the Hugging Face hub, or a folder.
        out: the model directory to write.
        quantise: store the weights in 8 bits: a quarter of the size, half of the time.
        window: tokens of one window at most; fewer if the model cannot read as many.
        name: of the model; the checkpoint's by default.
        licence: SPDX expression of its licence instead of the one in its model card.
        null: whether it was trained to point to the first token where the text does not say;
            `None` decides by whether its name or model card mentions SQuAD 2.0.

    Raises:
        ExportError: the checkpoint is missing or does not answer questions, `out` cannot become a
            model directory, or torch is missing.
        ModelError: the exported logits do not agree with torch's.
    """
    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is a file; name a folder to write the model directory to")
    if out.is_dir() and any(out.iterdir()) and not (out / INFO_FILE).is_file():
        raise ExportError(f"{out} holds other files and no {INFO_FILE}; name an empty folder")
    source = checkpoints.load(checkpoint)
    max_length = min(window, source.positions)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        made = Path(folder)
        source.tokenizer.no_truncation()
        source.tokenizer.no_padding()
        (made / TOKENIZER_FILE).write_text(
            source.tokenizer.to_str(pretty=True), encoding="utf-8", newline="\n"
        )
        write_graph(source.model, made, quantise=quantise, max_length=max_length)
        if source.card is not None:
            (made / checkpoints.CARD_FILE).write_text(source.card, encoding="utf-8", newline="\n")
        info = ModelInfo(
            name=name or source.name,
            revision=source.revision,
            quantisation=QUANTISED if quantise else "none",
            digest=digest(made),
            size=(made / MODEL_FILE).stat().st_size,
            max_length=max_length,
            licence=licence or source.licence,
            null=has_null(source) if null is None else null,
        )
        (made / INFO_FILE).write_text(info.to_json(), encoding="utf-8", newline="\n")
        out.mkdir(exist_ok=True)
        # model.json last: it is what makes a folder a model directory.
        for file in (MODEL_FILE, TOKENIZER_FILE, checkpoints.CARD_FILE, INFO_FILE):
            if (made / file).is_file():
                shutil.move(made / file, out / file)
    return info


def has_null(source: checkpoints.Checkpoint) -> bool:
    """Whether a checkpoint's name or model card says that it was trained on SQuAD 2.0.

    The logits do not show it: a model of SQuAD 1.1 may rank the first token high, too, without
    having learnt when to.
    """
    return bool(_SQUAD_2.search(f"{source.name}\n{source.card or ''}"))


def write_graph(model: Any, folder: Path, *, quantise: bool, max_length: int) -> None:
    """Write `model.onnx` beside the `tokenizer.json` of a folder, and check it against torch.

    Raises:
        ModelError: its logits do not agree with torch's.
    """
    import onnx

    path = folder / MODEL_FILE
    inputs = probes(Windows(folder / TOKENIZER_FILE, max_length), model.config.vocab_size)
    expected = [torch_logits(model, probe) for probe in inputs]
    graph = graphs.export_graph(model)
    graphs.fuse_attention(graph)
    onnx.save(graph, path)
    check(path, inputs, expected, FLOAT_TOLERANCE)
    if quantise:
        graph = quantise_graph(graph, inputs)
    graphs.clean(graph)
    onnx.save(graph, path)
    try:
        check(path, inputs, expected, QUANTISED_TOLERANCE if quantise else FLOAT_TOLERANCE)
    except ModelError as error:
        if not quantise:
            raise
        raise ModelError(
            f"this checkpoint cannot be quantised ({error}); export it in float, with --no-quantise"
        ) from error


def probes(windows: Windows, vocabulary: int) -> list[dict[str, NDArray[np.int64]]]:
    """Windows of random tokens, from short to as long as the model reads; the same in every run."""
    import numpy as np

    from answerer.windows import Context

    random = np.random.default_rng(0)
    longest = windows.max_length - windows.template.length - 8
    made = []
    for tokens in sorted({1, 2, 2 + longest // 5, 1 + longest // 2, longest}):
        ids = random.integers(0, vocabulary, 8 + tokens)
        nothing = np.zeros(tokens, np.int32)
        no = nothing.astype(bool)
        context = Context("", ids[8:], nothing, nothing, no, no)
        made.append(windows.inputs(context, [int(token) for token in ids[:8]], range(tokens)))
    return made


def torch_logits(model: Any, inputs: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
    """Torch's start and end logits of one window: (2, tokens)."""
    import numpy as np
    import torch

    names = (*graphs.input_names(model), "attention_mask")
    with torch.no_grad():
        outputs = model(**{name: torch.from_numpy(inputs[name]) for name in names})
    return np.concatenate([outputs.start_logits.numpy(), outputs.end_logits.numpy()])


def check(
    path: Path,
    inputs: list[dict[str, NDArray[np.int64]]],
    expected: list[NDArray[np.float32]],
    tolerance: float,
) -> None:
    """Compare a graph's logits with torch's.

    Raises:
        ModelError: they differ by more than `tolerance`, relative to their spread.
    """
    import numpy as np

    session = Session(path)
    for probe, logits in zip(inputs, expected, strict=True):
        got = np.concatenate(session.run(probe))
        # Only differences between tokens matter: a softmax ignores a constant.
        centred = logits - logits.mean(axis=1, keepdims=True)
        off = got - logits
        off -= off.mean(axis=1, keepdims=True)
        error = float(np.sqrt((off**2).mean() / max((centred**2).mean(), 1e-12)))
        if not error <= tolerance:
            raise ModelError(
                f"the exported model's logits differ from torch's by {error:.2%} of their spread "
                f"over {logits.shape[1]} tokens (maximum: {tolerance:.2%}); "
                "report it, with the checkpoint's name"
            )
