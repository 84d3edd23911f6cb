"""The awslogs driver: a task's output becomes a stream of CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.emulator.task import Task


def write_log(task: Task, when: float) -> None:
    """Write the output of a task's container, one event per line.

    Args:
        task: its definition names the stream; without awslogs options nothing is written.
        when: the events' time, seconds since 1970.
    """
    options = task.definition.log_options
    if not options:
        return
    from moto.core.exceptions import ServiceException
    from moto.logs.models import logs_backends

    account = task.arn.split(":")[4]
    backend = logs_backends[account][options["awslogs-region"]]
    group = options["awslogs-group"]
    stream = f"{options['awslogs-stream-prefix']}/{task.definition.container}/{task.id}"
    stamp = int(when * 1000)
    events = [{"timestamp": stamp, "message": line} for line in task.output.splitlines() if line]
    try:
        backend.create_log_stream(group, stream)
        if events:
            backend.put_log_events(group, stream, events)
    except ServiceException:
        # The group is gone: deleting a stack with running tasks loses their logs.
        return
