"""Child processes that never outlive the rehearsal."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    output: int | None = None,
    allowed: Sequence[int] = (0,),
) -> str:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        cwd: where it runs.
        environ: its whole environment.
        output: `subprocess.PIPE` to capture its output (default: it prints to our stdout).
        allowed: exit codes that are not failures.

    Returns:
        Its stdout, if captured.

    Raises:
        ChildError: it ended with another exit code.
    """
    with _group(command, cwd, environ, output) as process:
        printed, _ = process.communicate()
        if process.returncode not in allowed:
            raise ChildError(command, process.returncode)
        return printed or ""


@contextmanager
def _group(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str], output: int | None
) -> Iterator[subprocess.Popen[str]]:
    """A process in its own group, which is ended at the end of the block."""
    process = subprocess.Popen(  # noqa: S603 - commands of ours
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        text=True,
        # Only this process receives Ctrl-C; it ends the group with everything that was started in it.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


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
