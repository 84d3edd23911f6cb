"""The image: its size, and the smallest Fargate task that ends within its first minute."""

from __future__ import annotations

import subprocess
import time
import zlib
from typing import TYPE_CHECKING

from qabot.deployment import fargate_limits as fargate
from tools.docker import NoDockerError, docker

if TYPE_CHECKING:
    from collections.abc import Sequence

TAG = "qabot-answerer:benchmark"

# Seconds of the first, always billed minute that pass before the container starts: Fargate's own
# start with an image of this size.
# https://aws.amazon.com/blogs/containers/ (Reducing AWS Fargate startup times with zstd images)
START_SECONDS = 45.0


def sizes(image: str) -> tuple[int, int]:
    """The bytes of an image: unpacked, and packed by gzip as a registry packs it, but as one layer."""
    plain, packer = 0, zlib.compressobj(6, wbits=31)
    compressed = 0
    container = docker("create", image).strip()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            while block := tar.stdout.read(1 << 20):
                plain += len(block)
                compressed += len(packer.compress(block))
    finally:
        docker("rm", container)
    return plain, compressed + len(packer.flush())


def seconds(cpu: int, memory: int, arguments: Sequence[str]) -> float:
    """Run one task under the limits of a Fargate size and return the seconds it took.

    Args:
        cpu: CPU units; 1024 are one vCPU.
        memory: MiB.
        arguments: for `docker run`, after the limits: options, the image, the task's.
    """
    limits = (f"--cpus={cpu / 1024}", f"--memory={memory}m", f"--memory-swap={memory}m")
    begun = time.perf_counter()
    docker("run", "--rm", "--read-only", *limits, *arguments)
    return time.perf_counter() - begun


def smallest(arguments: Sequence[str]) -> tuple[int, int, float]:
    """The cheapest Fargate size at which a task ends within the first minute.

    Returns:
        CPU units, MiB, and the seconds of the container there.

    Raises:
        NoDockerError: none does.
    """
    by_cost = sorted(
        (fargate.cost(cpu, memory, 60), cpu, memory)
        for cpu, memories in fargate.SIZES.items()
        for memory in memories
    )
    for _, cpu, memory in by_cost:
        try:
            took = seconds(cpu, memory, arguments)
        except NoDockerError:
            continue  # such as out of memory
        if took + START_SECONDS < fargate.billed_seconds(0):
            return cpu, memory, took
    raise NoDockerError("no Fargate size lets a task end within the first minute")
