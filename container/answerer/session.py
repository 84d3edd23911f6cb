"""The neural network of a model directory: tokens in, logits out.

The only module that touches onnxruntime.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from answerer.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

_TYPES = {"tensor(int64)": "int64", "tensor(int32)": "int32"}


def import_onnxruntime() -> ModuleType:
    """Import onnxruntime with its telemetry off.

    Since 1.29 it sends telemetry from Linux too, and only this variable, set before the import,
    prevents that (https://github.com/microsoft/onnxruntime/issues/27379). Questions are private.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime  # type: ignore[no-any-return]


class Session:
    """One loaded `model.onnx`; its `run` may be called from several threads in parallel.

    Args:
        path: the file.

    Raises:
        ModelError: it cannot be loaded, or is not an extractive question-answering model.
    """

    def __init__(self, path: Path) -> None:
        ort = import_onnxruntime()
        self._ort = ort
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # several runs go on in parallel
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal; everything else is raised, too
        # Where a CPU multiplies 8-bit numbers with saturating 16-bit sums (x86 before VNNI), take
        # the slower instructions that do not: the answers are the same on every CPU.
        options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            # onnxruntime's fused skip-and-normalise is 7 times slower than the two separately
            # (measured with 1.32 on x86-64; docs/models.md).
            self._session = ort.InferenceSession(
                str(path),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["SkipLayerNormFusion"],
                # Otherwise it prints to standard output that it retries the same provider.
                enable_fallback=0,
            )
            nodes = [(node.name, node.type) for node in self._session.get_inputs()]
            outputs = {node.name for node in self._session.get_outputs()}
        except Exception as error:
            # onnxruntime raises a class per status, without a common base; a name that is not
            # UTF-8 is found only when it is read.
            raise ModelError(
                f"{path} cannot be loaded ({error}); export the model again"
            ) from error
        self._inputs: dict[str, str] = {}
        known = ("input_ids", "attention_mask", "token_type_ids")
        for name, kind in nodes:
            if name not in known or kind not in _TYPES:
                raise ModelError(
                    f"{path} wants an input {name} of {kind}, and a question-answering "
                    f"model has only {', '.join(known)} as whole numbers; export the model again"
                )
            self._inputs[name] = _TYPES[kind]
        if not {"start_logits", "end_logits"} <= outputs:
            raise ModelError(
                f"{path} has no start_logits and end_logits, so it cannot find answers in a text; "
                "export a question-answering checkpoint"
            )

    def run(
        self, inputs: Mapping[str, NDArray[np.int64]], options: Any = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The logits of a batch of windows.

        Args:
            inputs: input_ids, attention_mask and token_type_ids, each (windows, tokens); those
                that the model does not have are left out.
            options: from `run_options`, where the run must be stoppable.

        Returns:
            start and end logits, each (windows, tokens).

        Raises:
            ModelError: the model failed on these inputs.
        """
        feeds = {name: inputs[name].astype(kind, copy=False) for name, kind in self._inputs.items()}
        try:
            start, end = self._session.run(["start_logits", "end_logits"], feeds, options)
        except Exception as error:
            raise ModelError(f"the model failed ({error}); export it again") from error
        return start, end

    def run_options(self) -> Any:
        """Options of a `run` that ends early once their `terminate` is set to true."""
        return self._ort.RunOptions()
