"""Try networks in processes of their own: native code may end one, and only that one.

As a module it is the helper: it imports onnxruntime once, and forks for each file that it is told of.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADED, REFUSED, SURPRISED = 0, 1, 2
_SECONDS = 10  # a network gets
_BYTES = 4 * 2**30  # of address space


class Helper:
    """Tries networks; entered before the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def around(self) -> Iterator[None]:
        """Start the helper, and end it afterwards."""
        path = os.pathsep.join(str(ROOT / part) for part in (".", "scripts", "container"))
        with subprocess.Popen(
            [sys.executable, "-m", "tools.fuzzing.native"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as self._process:
            yield

    def try_out(self, network: Path) -> int:
        """Load a network and run it once: an exit code of this module's, or minus a signal's number."""
        process = self._process
        assert process is not None, "enter `around` first"
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{network}\n")
        process.stdin.flush()
        return int(process.stdout.readline())


def _serve() -> None:
    from answerer.session import import_onnxruntime

    import_onnxruntime()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _try(Path(line.rstrip("\n")))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _try(path: Path) -> None:
    import resource

    import numpy as np

    from answerer.errors import ModelError
    from answerer.session import Session

    code = SURPRISED
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        signal.alarm(_SECONDS)
        ones = np.ones((1, 8), np.int64)
        Session(path).run(dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), ones))
        code = LOADED
    except ModelError:
        code = REFUSED
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
