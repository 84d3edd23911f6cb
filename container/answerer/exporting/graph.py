"""From a torch module to `model.onnx`: export, fuse, clean."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from answerer.exporting.checkpoint import quiet

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

# The first with the Attention operator, so that attention stays one node.
OPSET = 23

# Inputs that the answerer provides. Not the attention mask: windows are not padded.
INPUTS = ("input_ids", "token_type_ids")
OUTPUTS = ("start_logits", "end_logits")

_FUSED = "com.microsoft"


def export_graph(model: Any) -> ModelProto:
    """Export a question-answering module to ONNX, with any number of windows and tokens.

    Args:
        model: of `transformers.AutoModelForQuestionAnswering`, in evaluation mode.

    Returns:
        a float32 graph from (windows, tokens) token ids, and token types where the model has
        them, to (windows, tokens) start and end logits.
    """
    import torch

    names = input_names(model)

    class Wrapped(torch.nn.Module):
        """Names the outputs, and passes every input by name."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            outputs = self.model(**dict(zip(names, inputs, strict=True)))
            return outputs.start_logits, outputs.end_logits

    example = tuple(torch.ones(2, 9, dtype=torch.int64) for _ in names)
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "torch.export")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with quiet(), torch.no_grad():
            program: Any = torch.onnx.export(
                Wrapped().eval(),
                example,
                input_names=list(names),
                output_names=list(OUTPUTS),
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=(tuple(sizes for _ in names),),
                verbose=False,
            )
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    graph: ModelProto = program.model_proto
    return graph


def input_names(model: Any) -> tuple[str, ...]:
    """The inputs that a model reads: token types only if it has more than one."""
    takes = inspect.signature(model.forward).parameters
    types = getattr(model.config, "type_vocab_size", 0) or 0
    return tuple(
        name for name in INPUTS if name in takes and (name != "token_type_ids" or types > 1)
    )


def fuse_attention(graph: ModelProto) -> None:
    """Replace each plain multi-head attention by onnxruntime's fused kernel, in place.

    `Attention` works on (windows, heads, tokens, size), so that transpositions surround
    it; `com.microsoft.MultiHeadAttention` takes (windows, tokens, heads * size) as it is,
    and never holds the tokens-by-tokens matrix. It is part of onnxruntime's CPU provider on every
    platform (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).

    A node is left as it is unless the usual pattern surrounds it. Its mask is dropped: windows are
    not padded, so there is nothing to mask.
    """
    from onnx import helper

    body = graph.graph
    made_by = {name: node for node in body.node for name in node.output}
    used_by: dict[str, list[NodeProto]] = {}
    for node in body.node:
        for name in node.input:
            used_by.setdefault(name, []).append(node)
    shapes = _shapes(body)
    fused = False
    for node in [node for node in body.node if node.op_type == "Attention"]:
        sources = [_before_heads(name, made_by) for name in node.input[:3]]
        join = _after_heads(node, used_by)
        heads = shapes.get(node.input[0], [None, None])[1]
        plain = _is_plain(node) and len(node.output) == 1
        if not plain or join is None or None in sources or not isinstance(heads, int):
            continue
        scale = {a.name: a.f for a in node.attribute if a.name == "scale"}
        merged = helper.make_node(
            "MultiHeadAttention",
            [source for source in sources if source is not None],
            list(join.output),
            name=f"{node.name}_fused",
            domain=_FUSED,
            num_heads=heads,
            **scale,
        )
        place = next(index for index, other in enumerate(body.node) if other is join)
        body.node.remove(join)
        body.node.insert(place, merged)
        fused = True
    if fused:
        graph.opset_import.append(helper.make_opsetid(_FUSED, 1))
        _prune(body)


def _shapes(body: GraphProto) -> dict[str, list[int | None]]:
    return {
        value.name: [
            size.dim_value if size.HasField("dim_value") else None
            for size in value.type.tensor_type.shape.dim
        ]
        for value in body.value_info
    }


def _is_plain(node: NodeProto) -> bool:
    """Whether an Attention node is neither causal nor caps its scores."""
    values = {a.name: a for a in node.attribute}
    causal = "is_causal" in values and values["is_causal"].i
    capped = "softcap" in values and values["softcap"].f
    past = any(node.input[4:6])
    return not (causal or capped or past)


def _before_heads(name: str, made_by: dict[str, NodeProto]) -> str | None:
    """The (windows, tokens, hidden) tensor that was split into the heads of tensor `name`."""
    swap = made_by.get(name)
    if swap is None or swap.op_type != "Transpose" or _permutation(swap) != [0, 2, 1, 3]:
        return None
    split = made_by.get(swap.input[0])
    return split.input[0] if split is not None and split.op_type == "Reshape" else None


def _after_heads(node: NodeProto, used_by: dict[str, list[NodeProto]]) -> NodeProto | None:
    """The Reshape that joins the heads again, where nothing else uses them."""
    for kind in ("Transpose", "Reshape"):
        users = used_by.get(node.output[0], [])
        if len(users) != 1 or users[0].op_type != kind:
            return None
        node = users[0]
        if kind == "Transpose" and _permutation(node) != [0, 2, 1, 3]:
            return None
    return node


def _permutation(node: NodeProto) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == "perm"), [])


def _prune(body: GraphProto) -> None:
    """Remove the nodes and weights that nothing uses."""
    outputs = {value.name for value in body.output}
    while True:
        used = outputs.union(*(node.input for node in body.node))
        idle = [node for node in body.node if used.isdisjoint(node.output)]
        if not idle:
            break
        for node in idle:
            body.node.remove(node)
    for weight in [weight for weight in body.initializer if weight.name not in used]:
        body.initializer.remove(weight)


def clean(graph: ModelProto) -> None:
    """Remove what is not needed to run, in place: notes, stack traces with paths, inner shapes."""
    for part in [graph, graph.graph, *graph.graph.node, *graph.graph.initializer]:
        part.doc_string = ""
        del part.metadata_props[:]
    for value in [*graph.graph.input, *graph.graph.output]:
        value.doc_string = ""
        del value.metadata_props[:]
    del graph.graph.value_info[:]
