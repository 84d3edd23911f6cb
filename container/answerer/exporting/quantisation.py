"""Weights in 8 bits, and the scales that keep their logits near those of 32.

Every step before the last changes nothing in float: it moves factors from one side of a product to the
other, so that numbers that share a scale are of similar size. docs/models.md has what each gains.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from answerer.session import import_onnxruntime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import GraphProto, ModelProto, NodeProto

# Instead of a peak of zero, which nothing can be divided by.
_SMALLEST_PEAK = np.float32(1e-6)


def quantise_graph(
    graph: ModelProto, probes: Sequence[Mapping[str, NDArray[np.int64]]]
) -> ModelProto:
    """Quantise the weights of matrix products and embeddings to signed bytes.

    One scale per column (channel); activations are quantised dynamically. `answerer.session` has CPUs
    whose fast instructions would saturate on such weights use exact ones.

    Args:
        graph: of `answerer.exporting.graph`, in float32; it is changed.
        probes: what the graph is run on, to see how large its activations are: input_ids and
            token_type_ids of a window each, (1, tokens).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    peaks = _scale_tables(graph.graph)
    _balance_channels(graph, probes)
    _scale_tokens(graph.graph)
    with tempfile.TemporaryDirectory() as folder:
        plain, quantised = Path(folder, "plain.onnx"), Path(folder, "quantised.onnx")
        onnx.save(graph, plain)
        noisy = logging.getLogger()
        disabled = noisy.manager.disable
        logging.disable(logging.WARNING)
        try:
            quantize_dynamic(
                plain,
                quantised,
                op_types_to_quantize=["MatMul", "Gather"],
                per_channel=True,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=peaks,
                # Tensors of onnxruntime's own operators, whose type cannot be inferred.
                extra_options={
                    "MatMulConstBOnly": True,
                    "DefaultTensorType": onnx.TensorProto.FLOAT,
                },
            )
        finally:
            logging.disable(disabled)
        return onnx.load(quantised)


def _scale_tables(body: GraphProto) -> list[str]:
    """Scale each row of an embedding to [-1, 1], and undo that after the look-up, in place.

    onnxruntime quantises a table with one scale, which the largest of its rows decides.

    Returns:
        the names of the nodes that look up the scales, which stay in float.
    """
    from onnx import helper

    tables = _matrices(body)
    elsewhere = {name for node in body.node if not _looks_up_rows(node) for name in node.input}
    made = []
    for node in [node for node in body.node if _looks_up_rows(node)]:
        table, result = node.input[0], node.output[0]
        if table not in tables or table in elsewhere:
            continue
        peaks = _peaks(tables[table], axis=1)
        _set(body, table, tables[table] / peaks)
        _set(body, f"{table}_peaks", peaks[:, 0])
        _set(body, "last_axis", np.array([-1]))
        unit, peak, column = (f"{result}_row{step}" for step in ("", "_peak", "_peak_column"))
        node.output[0] = unit
        steps = [
            helper.make_node("Gather", [f"{table}_peaks", node.input[1]], [peak], name=peak),
            helper.make_node("Unsqueeze", [peak, "last_axis"], [column], name=column),
            helper.make_node("Mul", [unit, column], [result], name=f"{result}_whole"),
        ]
        _insert(body, node, steps, after=True)
        made.append(peak)
    return made


def _looks_up_rows(node: NodeProto) -> bool:
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
    return node.op_type == "Gather" and axis == 0


def _balance_channels(graph: ModelProto, probes: Sequence[Mapping[str, NDArray[np.int64]]]) -> None:
    """Divide the channels of normalised activations by factors, and multiply the weights, in place.

    A channel's factor is the root of its peak over its weights' peak: both sides of the product
    then need a similar share of the 8 bits (Xiao et al., SmoothQuant, 2022, equation 4 with alpha
    0.5, https://arxiv.org/abs/2211.10438). Only what a LayerNormalization gives, whose large channels
    are the same in every text, even in the random one of the probes.
    """
    from onnx import helper

    body = graph.graph
    matrices = _matrices(body)
    normalised = {n.output[0] for n in body.node if n.op_type == "LayerNormalization"}
    uses = Counter(name for node in body.node for name in node.input)
    users: dict[str, list[NodeProto]] = {}
    for product in _products(body):
        tensor, matrix = product.input
        if tensor in normalised and uses[matrix] == 1:
            users.setdefault(tensor, []).append(product)
    for tensor, peaks in _channel_peaks(graph, list(users), probes).items():
        weights = [matrices[product.input[1]] for product in users[tensor]]
        largest = _peaks(np.hstack(weights), axis=1)[:, 0]
        factors: NDArray[np.float32] = np.sqrt(np.maximum(peaks, _SMALLEST_PEAK) / largest)
        balanced = f"{tensor}_balanced"
        _set(body, f"{tensor}_shares", np.float32(1) / factors)
        share = helper.make_node("Mul", [tensor, f"{tensor}_shares"], [balanced], name=balanced)
        _insert(body, users[tensor][0], [share])
        for product, matrix in zip(users[tensor], weights, strict=True):
            _set(body, product.input[1], matrix * factors[:, None])
            product.input[0] = balanced


def _channel_peaks(
    graph: ModelProto, tensors: list[str], probes: Sequence[Mapping[str, NDArray[np.int64]]]
) -> dict[str, NDArray[np.float32]]:
    """The largest size of each channel of some (windows, tokens, channels) tensors in the probes."""
    import onnx
    from onnx import helper

    if not tensors:
        return {}
    observed = onnx.ModelProto()
    observed.CopyFrom(graph)
    kind = onnx.TensorProto.FLOAT
    observed.graph.output.extend(helper.make_tensor_value_info(t, kind, None) for t in tensors)
    session = import_onnxruntime().InferenceSession(observed.SerializeToString())
    inputs = [node.name for node in session.get_inputs()]
    runs = [session.run(tensors, {name: probe[name] for name in inputs}) for probe in probes]
    return {
        tensor: np.max([np.abs(values).max(axis=(0, 1)) for values in found], axis=0)
        for tensor, found in zip(tensors, zip(*runs, strict=True), strict=True)
    }


def _scale_tokens(body: GraphProto) -> None:
    """Scale each token to [-1, 1] before a matrix product, and undo that after it, in place.

    onnxruntime quantises activations with one scale for a whole tensor, so that a few large tokens
    leave the others few steps. A row of a product depends only on one row of its left side, so
    scaling rows changes nothing in float and gives every token all steps in 8 bits. It costs about a
    fifth more time, and a window's result then hardly depends on the rest of its batch.
    """
    from onnx import helper

    _set(body, "last_axis", np.array([-1]))
    _set(body, "smallest_peak", _SMALLEST_PEAK)
    peaks: dict[str, str] = {}
    for product in _products(body):
        tensor, result = product.input[0], product.output[0]
        if tensor not in peaks:
            peaks[tensor] = f"{tensor}_peak"
            names = [f"{tensor}_{step}" for step in ("size", "top", "peak", "unit")]
            size, top, peak, unit = names
            steps = [
                helper.make_node("Abs", [tensor], [size], name=size),
                helper.make_node("ReduceMax", [size, "last_axis"], [top], name=top),
                helper.make_node("Max", [top, "smallest_peak"], [peak], name=peak),
                helper.make_node("Div", [tensor, peak], [unit], name=unit),
            ]
            _insert(body, product, steps)
        product.input[0] = f"{tensor}_unit"
        product.output[0] = f"{result}_unit_rows"
        back = [product.output[0], peaks[tensor]]
        undo = helper.make_node("Mul", back, [result], name=f"{result}_back")
        _insert(body, product, [undo], after=True)


def _matrices(body: GraphProto) -> dict[str, NDArray[np.float32]]:
    """The weights with two dimensions."""
    from onnx import TensorProto, numpy_helper

    return {
        weight.name: numpy_helper.to_array(weight)
        for weight in body.initializer
        if len(weight.dims) == 2 and weight.data_type == TensorProto.FLOAT
    }


def _peaks(matrix: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """The largest size along an axis, which stays; never zero."""
    peaks: NDArray[np.float32] = np.abs(matrix).max(axis=axis, keepdims=True)
    return np.maximum(peaks, _SMALLEST_PEAK)


def _products(body: GraphProto) -> list[NodeProto]:
    """The products of activations and a matrix of weights."""
    weights = _matrices(body)
    return [node for node in body.node if node.op_type == "MatMul" and node.input[1] in weights]


def _set(
    body: GraphProto, name: str, values: NDArray[np.float32] | NDArray[np.int64] | np.float32
) -> None:
    """Give a weight new values, or add one."""
    from onnx import numpy_helper

    made = numpy_helper.from_array(np.asarray(values), name)
    known = next((weight for weight in body.initializer if weight.name == name), None)
    if known is None:
        body.initializer.append(made)
    else:
        known.CopyFrom(made)


def _insert(
    body: GraphProto, beside: NodeProto, nodes: list[NodeProto], *, after: bool = False
) -> None:
    place = next(index for index, node in enumerate(body.node) if node is beside) + after
    for node in reversed(nodes):
        body.node.insert(place, node)
