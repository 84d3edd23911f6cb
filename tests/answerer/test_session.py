"""Loading a network, which must not send anything."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from answerer.errors import ModelError
from answerer.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "container/model"


def identity(path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Path:
    """Write a network that gives its first input back under each of the names."""
    shape = ["windows", "tokens"]
    graph = helper.make_graph(
        [helper.make_node("Cast", [inputs[0]], [name], to=TensorProto.FLOAT) for name in outputs],
        "identity",
        [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
    )
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return path


def test_only_what_the_network_reads_is_fed(tmp_path: Path) -> None:
    path = identity(tmp_path / "model.onnx", ["input_ids"], ["start_logits", "end_logits"])
    ids = np.array([[5, 7]])
    start, end = Session(path).run({"input_ids": ids, "token_type_ids": ids * 0})
    assert start.tolist() == end.tolist() == [[5, 7]]


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        (["input_ids", "pixels"], ["start_logits", "end_logits"], "wants an input pixels"),
        (["input_ids"], ["logits"], "cannot find answers in a text"),
    ],
    ids=["inputs", "outputs"],
)
def test_other_networks_are_refused(
    tmp_path: Path, inputs: list[str], outputs: list[str], said: str
) -> None:
    path = identity(tmp_path / "model.onnx", inputs, outputs)
    with pytest.raises(ModelError, match=said):
        Session(path)


def test_broken_file_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded"):
        Session(path)
    assert capfd.readouterr() == ("", ""), "the error is said once, by whoever catches it"


def test_what_cannot_be_read_at_all_is_said_once_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = identity(tmp_path / "model.onnx", ["input_ids"], ["start_logits", "end_logits"])
    path.write_bytes(path.read_bytes().replace(b"input_ids", b"input_i\xf8s"))
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded"):
        Session(path)
    assert capfd.readouterr() == ("", ""), "standard output is for answers"


def test_failure_while_running_is_a_model_error(tmp_path: Path) -> None:
    path = identity(tmp_path / "model.onnx", ["input_ids"], ["start_logits", "end_logits"])
    with pytest.raises(ModelError, match="the model failed"):
        Session(path).run({"input_ids": np.zeros((1, 2, 3), np.int64)})


# Kills the process on socket(2), whoever calls it: a filter of the Linux kernel's, which a Python
# audit hook cannot replace, because onnxruntime's own threads call no Python.
NO_SOCKETS = """
import ctypes, platform, struct, sys

number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
load, same, give = (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0)
program = [load, same, (*give, 0x80000000), (*give, 0x7FFF0000)]
packed = b"".join(struct.pack("HBBI", *line) for line in program)

class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

libc = ctypes.CDLL(None, use_errno=True)
filter_ = Filter(len(program), packed)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(filter_), 0, 0):
    sys.exit(77)
"""

ANSWER = f"""
from pathlib import Path
from answerer.model import Model

model = Model.load(Path({str(BUNDLED)!r}))
print(model.answer("She named the baby Momotaro.", "What is the name of the baby?")[0].answer)
"""


def run_without_sockets(program: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", NO_SOCKETS + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT / "container"), "PATH": ""},
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel takes no seccomp filter, so that nothing can watch system calls")
    return done


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_answering_opens_no_socket() -> None:
    done = run_without_sockets(ANSWER)
    assert (done.returncode, done.stdout) == (0, "Momotaro\n"), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_a_socket_would_have_been_noticed() -> None:
    done = run_without_sockets("import socket; socket.socket(); print('open')")
    assert done.returncode == -31, "SIGSYS"
    assert done.stdout == ""


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    program = """
        import os, sys
        from answerer import session
        assert "onnxruntime" not in sys.modules
        os.environ["ORT_DISABLE_TELEMETRY"] = "0"
        session.import_onnxruntime()
        print(os.environ["ORT_DISABLE_TELEMETRY"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT / "container"), "PATH": ""},
        check=False,
    )
    assert done.stdout == "1\n", done.stderr
