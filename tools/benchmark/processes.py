"""Run a program and measure it: wall time, CPU time, peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# A program's peak memory counts from that of the process that made it, which Linux keeps over
# execve. So a small one makes it, and reports its figures through a pipe.
LAUNCHER = """
import os, sys, time
begun = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - begun
figures = [wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
os.write(int(sys.argv[1]), repr(figures).encode())
sys.exit(min(255, abs(os.waitstatus_to_exitcode(status))))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one run.

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
        its cost, and what it printed.

    Raises:
        RuntimeError: it failed.
    """
    if core is not None:
        # The child pins itself, before anything that counts cores is loaded.
        command = ["taskset", "--cpu-list", str(core), *command]
    read, write = os.pipe()
    with os.fdopen(read, "rb") as report:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCHER, str(write), *command],
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[write],
        )
        os.close(write)
        printed, complaints = process.communicate()
        figures = report.read()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {complaints.decode()}")
    wall, cpu, memory = json.loads(figures)
    # ru_maxrss: bytes on macOS, KiB elsewhere (getrusage(2)).
    return Cost(wall, cpu, memory * (1 if sys.platform == "darwin" else 1024)), printed.decode()


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.memory for cost in costs)),
    )
