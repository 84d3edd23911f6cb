"""Common faults for tests, to use directly or to combine."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from qabot.deployment import fargate_limits as fargate
from tools.emulator.faults import ApiError, Faults, Refuse, TaskFault
from tools.emulator.task import TASK_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tools.emulator.calls import Call
    from tools.emulator.faults import Reaction
    from tools.emulator.task import Task

THROTTLED = ApiError("ThrottlingException", "Rate exceeded")
NEVER_STARTED = TaskFault(
    starts=False,
    containers=False,
    stop_code="TaskFailedToStart",
    stopped_reason="Timeout waiting for network interface provisioning to complete.",
)
IMAGE_NOT_PULLED = TaskFault(
    starts=False,
    stop_code="TaskFailedToStart",
    stopped_reason=(
        "CannotPullContainerError: The task cannot pull the image from the registry: "
        "manifest unknown"
    ),
    reason="CannotPullContainerError: manifest unknown",
)
OUT_OF_MEMORY = TaskFault(
    stop_code="EssentialContainerExited",
    stopped_reason="OutOfMemoryError: Container killed due to memory usage",
    exit_code=137,
    reason="OutOfMemoryError: Container killed due to memory usage",
)
SPOT_INTERRUPTED = TaskFault(
    stop_code="SpotInterruption", stopped_reason="Your Spot Task was interrupted.", graceful=True
)
CRASHED = TaskFault(
    stop_code="EssentialContainerExited",
    stopped_reason="Essential container in task exited",
    exit_code=1,
)
HANGS = TaskFault(hangs=True, seconds=None)


class TaskFaults(Faults):
    """Makes some tasks fail.

    Args:
        choose: returns the fault of a task, or `None`, for the task and its number from 1.
    """

    def __init__(self, choose: Callable[[Task, int], TaskFault | None]) -> None:
        self._choose = choose
        self._lock = threading.Lock()
        self._count = 0

    def on_start(self, task: Task) -> TaskFault | None:
        """The chosen fault."""
        with self._lock:
            self._count += 1
            number = self._count
        return self._choose(task, number)


class Allowed(Faults):
    """Callers may use only some actions; tasks have their own role.

    Args:
        actions: as in a policy, such as `ecs:RunTask`; `None` for all.
    """

    def __init__(self, actions: Collection[str] | None = None) -> None:
        self.actions = actions
        self.denied: list[str] = []

    def on_call(self, call: Call) -> Reaction | None:
        """Deny other actions."""
        task = call.access_key.startswith(TASK_KEY)
        if self.actions is None or task or call.kind in self.actions:
            return None
        self.denied.append(call.kind)
        message = f"User: somebody is not authorized to perform: {call.kind}"
        return Refuse(ApiError("AccessDeniedException", message, 400))


class Bucket:
    """A token bucket.

    Args:
        burst: the most tokens.
        rate: tokens added per second.
        clock: seconds.
    """

    def __init__(
        self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._tokens, self._then = burst, clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token; `False` if there are none."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._then) * self._rate)
            self._then = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class AccountLimits(Faults):
    """Throttles calls above the rate limits of an account.

    Args:
        clock: seconds; a faster clock makes a faster cloud.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        def bucket(burst: float, rate: float) -> Bucket:
            return Bucket(burst, rate, clock)

        reads = bucket(fargate.READ_BURST, fargate.READS_PER_SECOND)
        modifies = bucket(fargate.MODIFY_BURST, fargate.MODIFIES_PER_SECOND)
        rate = fargate.RUN_TASK_CALLS_PER_SECOND
        self._calls = {
            "ecs:DescribeTasks": [reads],
            "ecs:ListTasks": [reads],
            "ecs:StopTask": [modifies],
            "ecs:RunTask": [modifies, bucket(rate, rate)],
        }
        self._launches = {
            spot: bucket(fargate.LAUNCH_BURST, fargate.LAUNCHES_PER_SECOND)
            for spot in (True, False)
        }
        self.throttled = 0

    def on_call(self, call: Call) -> Reaction | None:
        """Throttle calls above the rates of the API."""
        if all(bucket.take() for bucket in self._calls.get(call.kind, ())):
            return None
        self.throttled += 1
        return Refuse(THROTTLED)

    def on_launch(self, parameters: Mapping[str, Any]) -> ApiError | None:
        """Throttle launches above their rate, separately for Spot and on demand."""
        strategy = parameters.get("capacityProviderStrategy") or [{}]
        spot = strategy[0].get("capacityProvider") == "FARGATE_SPOT"
        if self._launches[spot].take():
            return None
        self.throttled += 1
        return THROTTLED
