"""One emulated AWS, from its start to its end."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tools.emulator.ecs import EcsTasks
from tools.emulator.faults import NO_FAULTS, Faults
from tools.emulator.lifecycle import Delays, Lifecycle
from tools.emulator.moto_gaps import filled_gaps
from tools.emulator.runtimes import Kind, Program, make_runtime
from tools.emulator.scheduler import Scheduler
from tools.emulator.server import Application, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.emulator.calls import CallLog
    from tools.emulator.task import Task

REGION = "us-east-1"
ACCESS_KEY = "AKIAEMULATEDCLOUD000"
# In a thread, a task mostly calls this process; in a process, it mostly starts Python.
_WORKERS: Mapping[Kind, int] = {"thread": 8, "process": 4, "docker": 4}


class Cloud:
    """The emulated AWS, as a test or a rehearsal uses it; `emulated_cloud` makes one.

    Args:
        url: where the APIs are.
        application: answers them.
        ecs: the tasks.
        lifecycle: moves tasks through their states.
        scheduler: the timer.
    """

    def __init__(
        self,
        url: str,
        application: Application,
        ecs: EcsTasks,
        lifecycle: Lifecycle,
        scheduler: Scheduler,
    ) -> None:
        self.endpoint_url = url
        self.environ = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            # The machine's profile or instance role must not be used.
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        self._application = application
        self._ecs = ecs
        self._lifecycle = lifecycle
        self._scheduler = scheduler

    @property
    def calls(self) -> CallLog:
        """Every call of an API so far."""
        return self._application.calls

    @property
    def crashes(self) -> list[Exception]:
        """Errors of the emulation itself, rather than of its use."""
        return self._application.crashes

    def client_calls(self) -> dict[str, int]:
        """The number of calls of each kind that did not come from tasks."""
        return dict(self.calls.by_kind([self.environ["AWS_ACCESS_KEY_ID"]]))

    def task_calls(self) -> dict[str, int]:
        """The number of calls of each kind that came from tasks."""
        return dict(self.calls.by_kind([task.access_key for task in self.tasks]))

    @property
    def tasks(self) -> list[Task]:
        """Every task so far, in the order of their launches."""
        return self._ecs.all()

    def stop(self, task: Task, stop_code: str, reason: str) -> None:
        """Stop a task as AWS does, for instance for Spot or on a broken host."""
        self._lifecycle.stop(task, stop_code, reason)

    def wait_idle(self, seconds: float = 30.0) -> None:
        """Wait until no task is left that has not stopped.

        Raises:
            TimeoutError: some have not stopped; the message names them.
        """
        deadline = time.monotonic() + seconds
        for task in self.tasks:
            while not task.ended.wait(0.02):
                self._scheduler.check()
                if time.monotonic() < deadline:
                    continue
                left = [f"{task.id} {task.state}" for task in self.tasks if not task.ended.is_set()]
                raise TimeoutError(f"{len(left)} tasks have not stopped: {', '.join(left[:5])}")

    def client(self, service: str) -> Any:
        """A boto3 client for this cloud, independent of the environment of the process."""
        return _session().client(service, endpoint_url=self.endpoint_url)

    def deploy(self, **settings: Any) -> dict[str, str]:
        """Create or update the stack of infra/ with CloudFormation, and return its outputs.

        Args:
            settings: that differ from cdk.json's.
        """
        from tools.emulator.deploy import deploy

        return deploy(self.client("cloudformation"), **settings)


@contextmanager
def emulated_cloud(
    tasks: Kind = "thread",
    faults: Faults = NO_FAULTS,
    *,
    delays: Delays | None = None,
    workers: int | None = None,
    environment: Mapping[str, str] | None = None,
    image: str | None = None,
    program: Program | None = None,
    entry_point: Sequence[str] | None = None,
) -> Iterator[Cloud]:
    """An AWS on this machine, empty at first, gone with everything in it at the end.

    Args:
        tasks: how containers are executed.
        faults: to inject.
        delays: minimal time in each state (default: none).
        workers: containers that run in parallel; further ones wait before RUNNING.
        environment: additional variables for every container, such as `MODEL_DIR`.
        image: to run with Docker instead of the task definition's image.
        program: for threads to call instead of the answerer.
        entry_point: for processes to run instead of the answerer, a command without its arguments.

    Raises:
        RuntimeError: Docker is requested but not installed.
    """
    runtime = make_runtime(
        tasks, workers or _WORKERS[tasks], image=image, program=program, entry_point=entry_point
    )
    _empty_moto()
    scheduler = Scheduler(runtime.workers)
    variables = dict(environment or {})
    lifecycle = Lifecycle(scheduler, runtime, faults, delays or Delays(), variables)
    ecs = EcsTasks(lifecycle, faults)
    application = Application(ecs, faults, lifecycle.revoked)
    server = Server(application)
    cloud = Cloud(server.url, application, ecs, lifecycle, scheduler)
    lifecycle.add_environment(
        {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )
    try:
        with filled_gaps():
            yield cloud
    finally:
        for task in ecs.all():
            lifecycle.destroy(task)
        scheduler.close(seconds=10)
        server.close()
        _empty_moto()
    scheduler.check()


@lru_cache
def _session() -> Any:
    # Once per process: each session reads the descriptions of its services again.
    import boto3

    return boto3.session.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key="emulated", region_name=REGION
    )


def _empty_moto() -> None:
    from moto.core.base_backend import BackendDict  # noqa: F401 - moto wants it loaded first
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
