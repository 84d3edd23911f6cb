"""Run a program and measure it: wall time, CPU time, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took.

    Args:
        wall: seconds from before the process was made until after it had ended.
        cpu: seconds of CPU, user and system.
        memory: peak resident memory, bytes.
    """

    wall: float
    cpu: float
    memory: int


def measure(
    command: Sequence[str], *, environ: Mapping[str, str], core: int | None = None
) -> tuple[Cost, str]:
    """Run a program to its end.

    Args:
        command: program and arguments.
        environ: its whole environment.
        core: the only core that it may use, or `None` for all.

    Returns:
        what it took, and what it printed.

    Raises:
        RuntimeError: it failed.
    """
    if core is not None:
        # The child pins itself, before anything that counts cores is loaded.
        command = ["taskset", "--cpu-list", str(core), *command]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    printed, complaints = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {complaints.decode()}")
    # ru_maxrss: bytes on macOS, KiB elsewhere (getrusage(2)).
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory), printed.decode()


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.memory for cost in costs)),
    )
