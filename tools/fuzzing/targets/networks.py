"""A broken `model.onnx`: its digest tells, and where somebody has put that right the runtime does.

An input is the file. Once it stands beside the digest of a whole one, once beside its own; the second is
tried in a process of its own, since it is native code that reads it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from answerer.errors import ModelError
from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, ModelInfo, digest
from answerer.model import Model
from tools.fuzzing.native import LOADED, REFUSED, Helper
from tools.fuzzing.scratch import Scratch
from tools.fuzzing.target import Target
from tools.fuzzing.targets.models import network, tokenizer_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCRATCH = Scratch()
HELPER = Helper()


def run(data: bytes) -> None:
    """Load one file."""
    folder = SCRATCH.fresh()
    path = folder / MODEL_FILE
    path.write_bytes(network())
    (folder / TOKENIZER_FILE).write_text(tokenizer_json())
    info = ModelInfo(
        name="small", revision=None, quantisation="none", digest=digest(folder), size=len(data) or 1,
        max_length=32, licence="MIT",
    )  # fmt: skip
    (folder / INFO_FILE).write_text(info.to_json())
    path.write_bytes(data)
    if data != network():
        try:
            Model.load(folder, threads=1)
        except ModelError:
            pass
        else:
            raise AssertionError("a file with another digest was loaded")
    ended = HELPER.try_out(path)
    assert ended in (LOADED, REFUSED), f"the process ended with {ended}"


@contextmanager
def around() -> Iterator[None]:
    """A folder and a helper."""
    with ExitStack() as stack:
        stack.enter_context(SCRATCH.around())
        stack.enter_context(HELPER.around())
        yield


def seeds() -> Sequence[bytes]:
    """A whole network, a cut one, none."""
    return [network(), network()[: len(network()) // 2], b"", b"version https://git-lfs"]


TARGET = Target(
    name="networks",
    holds="ModelError before native code reads it; with the digest put right, no process dies",
    run=run,
    seeds=seeds,
    words=[
        "input_ids", "start_logits", "end_logits", "Mod", "Cast", "Loop", "If", "Reshape", "Gather",
        "to", b"\x08\x0a", b"\x3a\x80\x80\x80\x08", b"\x7f\x7f\x7f\x7f", b"\x0a\x00",
    ],
    modules=["answerer.session", "answerer.info"],
    around=around,
    longest=1024,
)  # fmt: skip
