"""The three ways to execute a task's container: in a thread, in a process, in Docker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from tools import ROOT
from tools.emulator.output import capture

if TYPE_CHECKING:
    from tools.emulator.task import Task

Kind = Literal["thread", "process", "docker"]
# An image's entry point: takes arguments and environment, returns an exit code.
Program: TypeAlias = Callable[[Sequence[str], Mapping[str, str]], int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a container.

    Args:
        exit_code: `None` when it could not start.
        reason: of the container, in the words of ECS.
        output: its stdout and stderr.
    """

    exit_code: int | None
    reason: str | None = None
    output: str = ""


class Runtime(Protocol):
    """Executes containers; its methods are called from many threads."""

    workers: int

    def execute(self, task: Task, environ: Mapping[str, str]) -> Outcome:
        """Run the container to its end."""

    def stop(self, task: Task, /) -> bool:
        """Send SIGTERM and, after the stop time-out, SIGKILL; `False` if that is impossible."""

    def kill(self, task: Task, /) -> None:
        """Send SIGKILL, if that is possible."""


class ThreadRuntime:
    """Calls the image's program in this process: hundreds of tasks in seconds.

    A thread cannot be killed. The cloud revokes a stopped task's credentials instead, so that
    nothing it still does has an effect.

    Args:
        workers: threads.
        program: to call (default: the answerer's `main`).
    """

    def __init__(self, workers: int, program: Program | None = None) -> None:
        self.workers = workers
        self._program = program

    def execute(self, task: Task, environ: Mapping[str, str]) -> Outcome:
        """Call the program in this thread."""
        program = self._program or _answerer()
        with capture() as written:
            try:
                code = program(task.command(), environ)
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            except Exception:  # noqa: BLE001 - a container that crashes ends with 1 and a traceback
                import traceback

                traceback.print_exc()
                code = 1
        return Outcome(code, output=written())

    def stop(self, _task: Task) -> bool:
        """A thread cannot be stopped."""
        return False

    def kill(self, _task: Task) -> None:
        """A thread cannot be stopped."""


def _answerer() -> Program:
    from answerer.__main__ import main

    return main


class ProcessRuntime:
    """Runs a program with an environment as minimal as a container's.

    Args:
        workers: processes that run in parallel.
        entry_point: the program's command (default: `python -m answerer`).
    """

    def __init__(self, workers: int, entry_point: Sequence[str] | None = None) -> None:
        self.workers = workers
        self._entry_point = entry_point or (sys.executable, "-m", "answerer")
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()

    def execute(self, task: Task, environ: Mapping[str, str]) -> Outcome:
        """Run the process to its end."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        container = str(ROOT / "container")
        # The lock is held while it starts, so that `stop` finds whatever runs.
        with self._lock:
            if task.desired == "STOPPED":
                return Outcome(None)
            process = subprocess.Popen(
                [*self._entry_point, *task.command()],
                cwd=container,
                env={**kept, "PYTHONPATH": container, "PYTHONDONTWRITEBYTECODE": "1", **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Ctrl-C at a terminal is for the rehearsal, not for the tasks.
                start_new_session=True,
            )
            self._processes[task.id] = process
        try:
            output, _ = process.communicate()
        finally:
            with self._lock:
                del self._processes[task.id]
        # Docker reports 128 + N for a process that signal N ended.
        code = process.returncode
        return Outcome(128 - code if code < 0 else code, output=output)

    def stop(self, task: Task) -> bool:
        """SIGTERM now, SIGKILL after the container's stop time-out."""
        with self._lock:
            process = self._processes.get(task.id)
            if process is None:
                return False
            process.terminate()

        def kill_late() -> None:
            if not task.ended.wait(task.definition.stop_timeout):
                self.kill(task)

        threading.Thread(target=kill_late, name="cloud-stop", daemon=True).start()
        return True

    def kill(self, task: Task) -> None:
        """SIGKILL."""
        with self._lock:
            if process := self._processes.get(task.id):
                process.kill()


def make_runtime(
    kind: Kind,
    workers: int,
    *,
    image: str | None = None,
    program: Program | None = None,
    entry_point: Sequence[str] | None = None,
) -> Runtime:
    """Make the runtime of a kind, with the options for that kind.

    Raises:
        RuntimeError: Docker is requested but not installed.
    """
    if kind == "thread":
        return ThreadRuntime(workers, program)
    if kind == "process":
        return ProcessRuntime(workers, entry_point)
    from tools.emulator.docker import DockerRuntime

    return DockerRuntime(workers, image)
