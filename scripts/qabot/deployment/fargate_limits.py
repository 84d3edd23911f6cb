"""Sizes, limits and prices of Fargate, each with its source, and arithmetic with them.

Nothing here calls AWS; the stack, the engine and `qabot plan` all use these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Architecture = Literal["x86_64", "arm64"]
ARCHITECTURES: Final[tuple[Architecture, ...]] = ("x86_64", "arm64")


def _gib(first: int, last: int, step: int = 1) -> tuple[int, ...]:
    """Memory sizes in MiB from `first` to `last` GiB, both included."""
    return tuple(gib * 1024 for gib in range(first, last + 1, step))


# CPU units (1024 are one vCPU) and the task memory, MiB, that may go with them.
# https://docs.aws.amazon.com/AmazonECS/latest/userguide/task-cpu-memory-error.html
SIZES: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {
        256: (512, *_gib(1, 2)),
        512: _gib(1, 4),
        1024: _gib(2, 8),
        2048: _gib(4, 16),
        4096: _gib(8, 30),
        8192: _gib(16, 60, 4),
        16384: _gib(32, 120, 8),
    }
)


def next_size(cpu: int, memory: int) -> tuple[int, int] | None:
    """The smallest CPU and memory with more memory than this; CPU grows only when it has to.

    Args:
        cpu: CPU units, a key of `SIZES`.
        memory: MiB, need not be a valid size itself.

    Returns:
        CPU units and MiB, or `None` at the top of the table.
    """
    larger = (
        (units, size)
        for units, sizes in SIZES.items()
        for size in sizes
        if units >= cpu and size > memory
    )
    return min(larger, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per hour.

    Args:
        vcpu: one vCPU (1024 CPU units).
        gib: one GiB of memory.
    """

    vcpu: float
    gib: float


# us-east-1, Linux, on demand, read in 2026. Other regions cost more, some by half.
# https://aws.amazon.com/fargate/pricing/
PRICES: Final[Mapping[Architecture, Price]] = MappingProxyType(
    {
        "x86_64": Price(vcpu=0.04048, gib=0.004445),
        "arm64": Price(vcpu=0.03238, gib=0.00356),
    }
)
PRICE_REGION: Final = "us-east-1"
# "up to 70%": the most that Spot saves; its price moves. Same page.
SPOT_SAVES_AT_MOST: Final = 0.70
# Each task has a public address while it runs; instead of a NAT gateway.
# https://aws.amazon.com/vpc/pricing/ (public IPv4 address, in use)
IPV4_USD_PER_HOUR: Final = 0.005
# Billed by the second from the start of the image download, one minute at least. Fargate's page.
MINIMUM_BILLED_SECONDS: Final = 60

# From RunTask until the container runs: 30 to 45 s are normal for an image of some hundred
# megabytes, and about three quarters of that is the download, which is billed.
# https://aws.amazon.com/blogs/containers/reducing-aws-fargate-startup-times-with-zstd-compressed-container-images
STARTUP_SECONDS: Final = 40.0
BILLED_STARTUP_SECONDS: Final = 30.0
# Loading the model and answering one context of ordinary length, on one vCPU: 0.6 to 1.3 s measured
# on a 2-core machine, rounded up for slower hosts.
ANSWER_SECONDS: Final = 3.0
# Each further question of the same task: 34 ms measured on one core with the tutorial's size of model
# and a short context (docs/benchmark.md: 59 per second on two), and three calls to the table; rounded
# up for longer contexts and slower hosts.
FURTHER_SECONDS: Final = 0.5

# How fast an account may launch: token buckets, one per region, separate for on demand and Spot.
# https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
LAUNCH_BURST: Final = 100
LAUNCHES_PER_SECOND: Final = 20.0
RUN_TASK_CALLS_PER_SECOND: Final = 20.0
# Describe* and List* of tasks share one bucket, RunTask and StopTask another.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
READ_BURST: Final = 100
READS_PER_SECOND: Final = 20.0
MODIFY_BURST: Final = 100
MODIFIES_PER_SECOND: Final = 40.0

# The longest JSON of `overrides`; https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
OVERRIDES_MOST_CHARACTERS: Final = 8192


def billed_seconds(seconds: float) -> float:
    """The seconds that Fargate bills for a task, download included."""
    return max(float(MINIMUM_BILLED_SECONDS), seconds)


def answer_seconds(questions: int) -> float:
    """Seconds from a container's start until its last answer is written."""
    return ANSWER_SECONDS + (questions - 1) * FURTHER_SECONDS


def tasks_for(questions: int, questions_per_task: int) -> int:
    """The number of tasks for some questions."""
    return -(-questions // questions_per_task)


def cost(
    cpu: int,
    memory: int,
    seconds: float,
    architecture: Architecture = "x86_64",
    *,
    tasks: int = 1,
    spot: bool = False,
) -> float:
    """US dollars in us-east-1 for some tasks: vCPU, memory and public address.

    Args:
        cpu: CPU units of one task.
        memory: MiB of one task.
        seconds: duration of one task, from the start of the image download.
        architecture: of the processor.
        tasks: number of such tasks.
        spot: use the lowest Spot price. Do not use it for a limit: without Spot capacity, a task may
            run on demand.
    """
    price = PRICES[architecture]
    hourly = cpu / 1024 * price.vcpu + memory / 1024 * price.gib
    if spot:
        hourly *= 1 - SPOT_SAVES_AT_MOST
    return tasks * billed_seconds(seconds) / 3600 * (hourly + IPV4_USD_PER_HOUR)


def run_cost(
    size: tuple[int, int], tasks: int, questions_per_task: int, architecture: Architecture
) -> float:
    """The most that some tasks cost if nothing fails: US dollars, on demand, in us-east-1.

    Args:
        size: CPU units and MiB of a task.
        tasks: how many.
        questions_per_task: questions that each answers.
        architecture: of the processor.
    """
    seconds = BILLED_STARTUP_SECONDS + answer_seconds(questions_per_task)
    return cost(*size, seconds, architecture, tasks=tasks)


def launch_seconds(tasks: int) -> float:
    """Seconds to launch some tasks with default quotas, from a full bucket."""
    by_call = tasks / RUN_TASK_CALLS_PER_SECOND
    by_bucket = max(0, tasks - LAUNCH_BURST) / LAUNCHES_PER_SECOND
    return max(by_call, by_bucket)


def run_seconds(questions: int, max_tasks: int, questions_per_task: int = 1) -> float:
    """Seconds that a run takes, about.

    Args:
        questions: number of questions.
        max_tasks: the most tasks in flight.
        questions_per_task: questions that a task answers.
    """
    if questions <= 0:
        return 0.0
    tasks = tasks_for(questions, questions_per_task)
    each = STARTUP_SECONDS + answer_seconds(min(questions, questions_per_task))
    in_flight = min(tasks, max_tasks)
    # In the steady state, either the launch rate or the limit on tasks in flight decides.
    return each + max(launch_seconds(tasks), (tasks - in_flight) * each / in_flight)


def describe_sizes(memories: Sequence[int]) -> str:
    """Memory sizes in words, such as `2048, 3072 … 8192 in steps of 1024`."""
    if len(memories) <= 4:
        return ", ".join(map(str, memories))
    step = memories[2] - memories[1]
    return f"{memories[0]}, {memories[1]} … {memories[-1]} in steps of {step}"
