"""The last lines that a task has logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qabot.aws.clients import Clients
    from qabot.aws.stack import Stack

LINES = 15
# More logs than this do not help to understand a run in which everything fails.
_MOST_TAILS = 20


class Logs:
    """The log of a stack's tasks.

    Args:
        clients: of AWS.
        stack: the stack.
    """

    def __init__(self, clients: Clients, stack: Stack) -> None:
        self._clients = clients
        self._stack = stack
        self._left = _MOST_TAILS

    def tail(self, arn: str) -> str:
        """The last lines of a task's log; empty where there is none, or it cannot be read.

        Args:
            arn: of the task.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        if not self._left:
            return ""
        self._left -= 1
        stack, id_ = self._stack, arn.rpartition("/")[2]
        try:
            events = self._clients.logs.get_log_events(
                logGroupName=stack.log_group,
                logStreamName=f"{stack.log_stream_prefix}/{stack.container}/{id_}",
                limit=LINES,
                startFromHead=False,
            )["events"]
        except (BotoCoreError, ClientError):
            return ""  # a task that never ran has no log; a missing log must not end the run
        return "\n".join(event.get("message", "").rstrip("\n") for event in events)
