"""Tasks as containers of Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

from tools.emulator.runtimes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.emulator.task import Task


class DockerRuntime:
    """Runs the task definition's image, with as few resources and permissions as on Fargate.

    Args:
        workers: containers that run in parallel.
        image: to run instead of the task definition's.
    """

    def __init__(self, workers: int, image: str | None = None) -> None:
        docker = shutil.which("docker")
        if docker is None:
            raise RuntimeError("tasks cannot run in Docker: docker is not on PATH")
        self.workers = workers
        self._docker = docker
        self._image = image

    def execute(self, task: Task, environ: Mapping[str, str]) -> Outcome:
        """Run the container to its end, find out how it ended, and remove it."""
        name = self._name(task)
        cpus = min(task.cpu / 1024, os.cpu_count() or 1)
        variables = [f"--env={key}={value}" for key, value in environ.items()]
        try:
            done = self._run(
                "run",
                *(f"--name={name}", "--pull=never", "--network=host", "--read-only"),
                *(f"--cpus={cpus:g}", f"--memory={task.memory}m", "--cap-drop=ALL"),
                *variables,
                self._image or task.definition.image,
                *task.command(),
            )
            if done.returncode == 125:  # docker itself failed: the container did not run
                said = " ".join(done.stdout.split())[:200]
                return Outcome(None, f"CannotPullContainerError: {said}", done.stdout)
            killed = self._run("inspect", "--format={{.State.OOMKilled}}", name).stdout.strip()
            reason = (
                "OutOfMemoryError: Container killed due to memory usage"
                if killed == "true"
                else None
            )
            return Outcome(done.returncode, reason, done.stdout)
        finally:
            self._run("rm", "--force", name)

    def stop(self, task: Task) -> bool:
        """Let Docker send SIGTERM and then SIGKILL."""
        timeout = f"-t={task.definition.stop_timeout:.0f}"
        threading.Thread(
            target=self._run, args=("stop", timeout, self._name(task)), daemon=True
        ).start()
        return True

    def kill(self, task: Task) -> None:
        """SIGKILL."""
        self._run("kill", self._name(task))

    def _name(self, task: Task) -> str:
        return f"qabot-task-{task.id}"

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._docker, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )
