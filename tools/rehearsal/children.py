"""Child processes that never outlive the rehearsal."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE_SECONDS = 5.0


class ChildError(Exception):
    """A command failed.

    Args:
        command: with its arguments.
        code: its exit code.
    """

    def __init__(self, command: Sequence[str], code: int) -> None:
        super().__init__(f"{' '.join(command)} ended with exit code {code}")
        self.code = code


def run(
    command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], capture: bool = False
) -> str:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        cwd: where it runs.
        environ: its whole environment.
        capture: return its output instead of printing it.

    Raises:
        ChildError: it ended with another exit code than 0.
    """
    process = subprocess.Popen(  # noqa: S603 - commands of ours
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        text=True,
        # Only this process receives Ctrl-C; it ends the group with everything that was started in it.
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate()
    finally:
        _end(process)
    if process.returncode:
        raise ChildError(command, process.returncode)
    return printed or ""


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
