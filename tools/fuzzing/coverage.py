"""Which lines of a target's modules its corpus reaches, by Python's own tracing."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType

    from tools.fuzzing.target import Target


def covered(target: Target, corpus: Iterable[Path]) -> tuple[int, int]:
    """Run a corpus, and count lines inside functions: those that are reached, and all there are.

    Args:
        target: whose modules count.
        corpus: inputs; one that breaks something counts as far as it gets.
    """
    files = [str(import_module(name).__file__) for name in target.modules]
    every = {(file, line) for file in files for line in _lines(file)}
    reached: set[tuple[str, int]] = set()
    wanted = set(files)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in wanted:
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    with target.around():
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            for path in corpus:
                try:
                    target.run(path.read_bytes())
                except Exception:  # noqa: BLE001 - it is among the findings
                    continue
        finally:
            sys.settrace(None)
            threading.settrace(None)
    return len(reached & every), len(every)


def _lines(file: str) -> Iterator[int]:
    """The lines inside the functions of a source file."""
    module = compile(Path(file).read_text(encoding="utf-8"), file, "exec")
    for code in _inside(module):
        if code.co_flags & 0x2:  # CO_NEWLOCALS: a function's body, not a class's
            yield from {
                line for _, _, line in code.co_lines() if line and line > code.co_firstlineno
            }


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield constant
            yield from _inside(constant)
