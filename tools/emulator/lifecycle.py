"""The states of a task, from its launch to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.emulator.faults import Faults, TaskFault
    from tools.emulator.runtimes import Outcome, Runtime
    from tools.emulator.scheduler import Scheduler
    from tools.emulator.task import Task

ESSENTIAL = "Essential container in task exited"
FAILED_TO_START = "TaskFailedToStart"
SIGTERM_CODE = 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """The minimal duration of each state, seconds; on Fargate, half a minute or more in total.

    Args:
        provisioning: until the network interface exists.
        pending: until the image is pulled.
        deprovisioning: from the container's end until the task is stopped.
    """

    provisioning: float = 0.0
    pending: float = 0.0
    deprovisioning: float = 0.0


class Lifecycle:
    """Moves tasks through their states.

    Args:
        scheduler: the clock and the workers.
        runtime: executes containers.
        faults: to inject.
        delays: of the states.
        environment: additional variables for every container.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        runtime: Runtime,
        faults: Faults,
        delays: Delays,
        environment: Mapping[str, str],
    ) -> None:
        self._scheduler = scheduler
        self._runtime = runtime
        self._faults = faults
        self._delays = delays
        self._environment = dict(environment)
        # Credentials of tasks that have ended.
        self.revoked: set[str] = set()

    def add_environment(self, variables: Mapping[str, str]) -> None:
        """Add variables to every container that starts from now on."""
        self._environment.update(variables)

    def destroy(self, task: Task) -> None:
        """End a task immediately, because the cloud ends."""
        with task.lock:
            task.desired = "STOPPED"
        self.revoked.add(task.access_key)
        self._runtime.kill(task)

    def launch(self, task: Task) -> None:
        """Begin."""
        self._scheduler.after(self._delays.provisioning, lambda: self._pull(task))

    def stop(self, task: Task, stop_code: str, reason: str) -> None:
        """Ask a task to stop, as StopTask and Spot do; no effect if it was asked before or has ended."""
        with task.lock:
            if task.desired == "STOPPED":
                return
            self._announce(task, stop_code, reason)
            running = task.state == "RUNNING"
        if running and self._runtime.stop(task):
            return  # it ends by itself, and then `_run` continues
        self._end(task, SIGTERM_CODE if running else None, None)

    def _pull(self, task: Task) -> None:
        if task.move("PENDING", "pullStartedAt", "connectivityAt"):
            self._scheduler.after(self._delays.pending, lambda: self._start(task))

    def _start(self, task: Task) -> None:
        if task.desired == "STOPPED":
            return
        fault = self._faults.on_start(task)
        if fault is None:
            self._scheduler.work(lambda: self._run(task, None))
            return
        if not fault.starts:
            task.shows_containers = fault.containers
            self._later(fault, lambda: self._fail(task, fault))
        elif fault.hangs or (fault.seconds == 0 and not fault.finishes):
            task.move("RUNNING", "pullStoppedAt", "startedAt")
            self._later(fault, lambda: self._fail(task, fault))
        else:
            self._scheduler.work(lambda: self._run(task, fault))

    def _later(self, fault: TaskFault, step: Callable[[], None]) -> None:
        if fault.seconds is not None:
            self._scheduler.after(fault.seconds, step)

    def _fail(self, task: Task, fault: TaskFault) -> None:
        """End a task by its fault."""
        if fault.graceful:
            self.stop(task, fault.stop_code, fault.stopped_reason)
            return
        with task.lock:
            if task.desired == "STOPPED":
                return
            self._announce(task, fault.stop_code, fault.stopped_reason)
        self.revoked.add(task.access_key)
        self._runtime.kill(task)
        self._end(task, fault.exit_code, fault.reason)

    def _run(self, task: Task, fault: TaskFault | None) -> None:
        """Execute the container; in a worker."""
        with task.lock:
            if task.desired == "STOPPED" or not task.move("RUNNING", "pullStoppedAt", "startedAt"):
                return
        if fault is not None and not fault.finishes:
            self._later(fault, lambda: self._fail(task, fault))
        outcome: Outcome = self._runtime.execute(
            task, {**task.environment(), **self._environment, **_of_task(task, self._environment)}
        )
        task.output += outcome.output
        if fault is not None and fault.finishes:
            self._fail(task, fault)
            return
        with task.lock:
            if task.desired != "STOPPED":
                if outcome.exit_code is None:
                    self._announce(task, FAILED_TO_START, outcome.reason or "")
                else:
                    self._announce(task, "EssentialContainerExited", ESSENTIAL)
        self._end(task, outcome.exit_code, outcome.reason)

    def _announce(self, task: Task, stop_code: str, reason: str) -> None:
        task.desired = "STOPPED"
        task.stop_code = stop_code
        task.stopped_reason = reason
        task.version += 1
        task.stamp("stoppingAt")

    def _end(self, task: Task, exit_code: int | None, reason: str | None) -> None:
        with task.lock:
            started = "startedAt" in task.times
            if not task.move("DEPROVISIONING", *(["executionStoppedAt"] if started else [])):
                return
            self.revoked.add(task.access_key)
            task.exit_code = exit_code
            task.container_reason = reason
        if started:
            _write_log(task)

        def gone() -> None:
            task.attachment = {**task.attachment, "status": "DELETED"}
            task.move("STOPPED", "stoppedAt")
            task.ended.set()

        self._scheduler.after(self._delays.deprovisioning, gone)


def _of_task(task: Task, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that ECS gives a task: its credentials and its metadata endpoint."""
    endpoint = environment["AWS_ENDPOINT_URL"]
    return {
        "AWS_ACCESS_KEY_ID": task.access_key,
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_SESSION_TOKEN": "emulated",
        "ECS_CONTAINER_METADATA_URI_V4": f"{endpoint}/emulated-metadata/v4/{task.id}",
    }


def _write_log(task: Task) -> None:
    """Write the output of a task's container to CloudWatch Logs, as the awslogs driver does."""
    options = task.definition.log_options
    if not options:
        return
    from moto.core.exceptions import ServiceException
    from moto.logs.models import logs_backends

    account = task.arn.split(":")[4]
    backend = logs_backends[account][options["awslogs-region"]]
    group = options["awslogs-group"]
    stream = f"{options['awslogs-stream-prefix']}/{task.definition.container}/{task.id}"
    stamp = int(time.time() * 1000)
    events = [{"timestamp": stamp, "message": line} for line in task.output.splitlines() if line]
    try:
        backend.create_log_stream(group, stream)
        if events:
            backend.put_log_events(group, stream, events)
    except ServiceException:
        # The group is gone: deleting a stack with running tasks loses their logs.
        return
