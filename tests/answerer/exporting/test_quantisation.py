"""Small graphs of which one part is far larger than the rest: their bytes keep the others' precision."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from answerer.exporting.quantisation import quantise_graph

ROWS, CHANNELS, OUT = 40, 64, 16
IDS = np.arange(ROWS)[None]


def graph(
    table: NDArray[np.float64], scale: NDArray[np.float64], matrix: NDArray[np.float64]
) -> onnx.ModelProto:
    """A look-up, a product of it, and one after a normalisation: (1, tokens) ids to (1, tokens, OUT)."""
    values = {
        "table": table,
        "scale": scale,
        "bias": np.zeros(CHANNELS),
        "matrix": matrix,
        "other": matrix,
    }
    body = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["embedded"], name="look"),
            helper.make_node("LayerNormalization", ["embedded", "scale", "bias"], ["normal"]),
            helper.make_node("MatMul", ["normal", "matrix"], ["product"], name="product"),
            helper.make_node("MatMul", ["embedded", "other"], ["raw"], name="raw"),
            helper.make_node("Gather", ["positions", "input_ids"], ["place"], name="place"),
        ],
        "small",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, None])],
        [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, None, CHANNELS]),
            helper.make_tensor_value_info("product", TensorProto.FLOAT, [1, None, OUT]),
            helper.make_tensor_value_info("raw", TensorProto.FLOAT, [1, None, OUT]),
            helper.make_tensor_value_info("place", TensorProto.INT64, [1, None, 1]),
        ],
        [
            *(numpy_helper.from_array(v.astype(np.float32), name) for name, v in values.items()),
            numpy_helper.from_array(np.arange(ROWS)[:, None], "positions"),
        ],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def outputs(made: onnx.ModelProto) -> list[NDArray[np.float32]]:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")  # as answerer.session
    session = onnxruntime.InferenceSession(made.SerializeToString(), options)
    found: list[NDArray[np.float32]] = session.run(None, {"input_ids": IDS})
    return found


def median(values: NDArray[np.float32], axis: int | tuple[int, ...]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.median(np.abs(values), axis=axis, keepdims=True)
    return found


@pytest.mark.parametrize("large", ["nothing", "a row of the table", "a channel", "a column"])
def test_what_is_large_costs_the_rest_no_precision(large: str) -> None:
    random = np.random.default_rng(7)
    table = random.normal(size=(ROWS, CHANNELS))
    scale = np.ones(CHANNELS)
    matrix = random.normal(size=(CHANNELS, OUT))
    if large == "a row of the table":
        table[3] *= 1000
    if large == "a channel":
        scale[5] = 100
        matrix[5] /= 100
    if large == "a column":
        matrix[:, 2] *= 1000
    expected = outputs(graph(table, scale, matrix))
    got = outputs(quantise_graph(graph(table, scale, matrix), [{"input_ids": IDS}]))
    for name, value, wanted in zip(("embedded", "product", "raw"), got, expected, strict=False):
        # What is usual in the token and in the channel of each number.
        usual = median(wanted, 2) * median(wanted, 1) / median(wanted, (1, 2))
        error = np.abs(value - wanted) / usual
        assert error.max() < 0.2, f"{name}: {error.max():.1%} where it is worst"
    np.testing.assert_array_equal(got[3], expected[3], "a table of whole numbers is left alone")


def test_weights_that_two_nodes_share_serve_both() -> None:
    random = np.random.default_rng(7)
    weights = {
        "table": random.normal(size=(CHANNELS, CHANNELS)),
        "scale": np.linspace(0.1, 10, CHANNELS),
        "bias": np.zeros(CHANNELS),
    }
    body = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["embedded"], name="look"),
            helper.make_node("MatMul", ["embedded", "table"], ["raw"], name="raw"),
            helper.make_node("LayerNormalization", ["raw", "scale", "bias"], ["normal"]),
            helper.make_node("MatMul", ["normal", "table"], ["product"], name="product"),
        ],
        "shared",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, None])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, CHANNELS])
            for name in ("raw", "product")
        ],
        [numpy_helper.from_array(v.astype(np.float32), name) for name, v in weights.items()],
    )
    made = helper.make_model(body, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    expected = outputs(made)
    for got, wanted in zip(
        outputs(quantise_graph(made, [{"input_ids": IDS}])), expected, strict=True
    ):
        assert np.sqrt(((got - wanted) ** 2).mean()) < 0.05 * wanted.std()
