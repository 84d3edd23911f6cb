"""Fault injection: called for each API call, each launch and each start of a task.

`Faults` itself injects nothing. Subclass it and override what should go wrong; every method may
be called from several threads at once. `tools/emulator/typical_faults.py` has simple ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.emulator.calls import Call
    from tools.emulator.task import Task


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as an API answers it.

    Args:
        code: such as `ThrottlingException`.
        message: as AWS words it.
        status: of HTTP.
        extra: further members of the error, such as `resourceIds`.
    """

    code: str
    message: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call does nothing and answers the error."""

    error: ApiError


@dataclass(frozen=True, slots=True)
class LoseReply:
    """The call does what it should, and then answers an error as though it had not.

    Args:
        error: what the caller sees, such as a gateway's time-out.
    """

    error: ApiError = ApiError("ServerException", "Service Unavailable. Please try again.", 503)


@dataclass(frozen=True, slots=True)
class CutReply:
    """The call does what it should; half of the reply arrives, then the connection closes."""


@dataclass(frozen=True, slots=True)
class LateReply:
    """The call does what it should, and answers late.

    Args:
        seconds: how late.
    """

    seconds: float


def _same(members: dict[str, Any]) -> dict[str, Any]:
    return members


@dataclass(frozen=True, slots=True, kw_only=True)
class Alter:
    """A call whose content is JSON does something else, or answers something else.

    Args:
        request: makes other parameters of those that came.
        reply: makes another answer of the one that was given.
    """

    request: Callable[[dict[str, Any]], dict[str, Any]] = _same
    reply: Callable[[dict[str, Any]], dict[str, Any]] = _same


Reaction: TypeAlias = Refuse | LoseReply | CutReply | LateReply | Alter


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFault:
    """How a task ends other than by itself.

    Args:
        stop_code: as ECS names it.
        stopped_reason: as ECS words it.
        starts: whether its container starts at all.
        seconds: after its container has started; 0 ends the task before the container can do
            anything. Without a start, after the launch.
        finishes: let the container come to its end first, whatever it writes, and only then report
            this end in place of its own.
        exit_code: of the container, `None` for none.
        reason: of the container, `None` for none.
        containers: whether DescribeTasks shows any; of tasks that never started it may not.
        graceful: the container gets SIGTERM and its time, and the exit code is its own.
        hangs: the container does nothing and never ends, until `seconds` have passed or it is
            stopped; `seconds` of `None` is for ever.
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
        """Asked before each call of any API that comes from outside.

        It may also sleep: the caller then waits, as for a slow service.
        """

    def on_launch(self, parameters: Mapping[str, Any]) -> ApiError | list[dict[str, str]] | None:
        """Asked at each RunTask that would launch, after its parameters were found right.

        Args:
            parameters: of the call.

        Returns:
            An error of the call; or the `failures` of an answer without tasks, each with `reason`
            and perhaps `arn` and `detail`; or `None`.
        """

    def on_start(self, task: Task) -> TaskFault | None:
        """Asked once for each task, before its container would start."""


NO_FAULTS = Faults()
