"""Fault injection: called for each API call, each launch and each start of a task.

`Faults` itself injects nothing. Subclass it and override its methods, which may be called from several
threads in parallel. `tools/emulator/typical_faults.py` has simple ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.emulator.calls import Call
    from tools.emulator.task import Task


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error reply of an API.

    Args:
        code: such as `ThrottlingException`.
        message: in the words of AWS.
        status: of HTTP.
        extra: further members of the error, such as `resourceIds`.
    """

    code: str
    message: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call does nothing and replies with the error."""

    error: ApiError


@dataclass(frozen=True, slots=True)
class LoseReply:
    """The call succeeds, but replies with an error.

    Args:
        error: that the caller receives, such as a gateway's time-out.
    """

    error: ApiError = ApiError("ServerException", "Service Unavailable. Please try again.", 503)


@dataclass(frozen=True, slots=True)
class CutReply:
    """The call succeeds; half of the reply arrives, then the connection closes."""


@dataclass(frozen=True, slots=True)
class LateReply:
    """The call succeeds, and replies late.

    Args:
        seconds: of delay.
    """

    seconds: float


Reaction: TypeAlias = Refuse | LoseReply | CutReply | LateReply


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFault:
    """An end of a task that its container does not cause.

    Args:
        stop_code: of ECS.
        stopped_reason: in the words of ECS.
        starts: whether its container starts at all.
        seconds: after its container has started; 0 ends the task before the container can do
            anything. Without a start, after the launch.
        finishes: let the container run to its end first, and then report this end instead of its
            own.
        exit_code: of the container, `None` for none.
        reason: of the container, `None` for none.
        containers: whether DescribeTasks shows any; of tasks that never started it may not.
        graceful: the container gets SIGTERM and its time, and the exit code is its own.
        hangs: the container does nothing and never ends, until `seconds` have passed or it is
            stopped; `seconds` of `None` means forever.
    """

    stop_code: str = ""
    stopped_reason: str = ""
    starts: bool = True
    seconds: float | None = 0.0
    finishes: bool = False
    exit_code: int | None = None
    reason: str | None = None
    containers: bool = True
    graceful: bool = False
    hangs: bool = False


class Faults:
    """No faults: everything works."""

    def on_call(self, call: Call) -> Reaction | None:
        """Called before each API call that does not come from a task.

        It may also sleep: the caller then waits, as for a slow service.
        """

    def on_launch(self, parameters: Mapping[str, Any]) -> ApiError | list[dict[str, str]] | None:
        """Called for each RunTask that would launch, after its parameters have been checked.

        Args:
            parameters: of the call.

        Returns:
            An error of the call; or the `failures` of a reply without tasks, each with `reason`
            and perhaps `arn` and `detail`; or `None`.
        """

    def on_start(self, task: Task) -> TaskFault | None:
        """Called once per task, before its container would start."""


NO_FAULTS = Faults()
