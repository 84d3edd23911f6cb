"""Docker, for the tools that build and run the image."""

from __future__ import annotations

import shutil
import subprocess

from tools import ROOT


class NoDockerError(Exception):
    """No image can be built or run here; the message says why."""


def docker(*arguments: str) -> str:
    """Run Docker.

    Raises:
        NoDockerError: it is not there, or it refuses.
    """
    if shutil.which("docker") is None:
        raise NoDockerError("docker is not on PATH")
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise NoDockerError(f"docker {arguments[0]}: {lines[-1]}")
    return done.stdout


def build_image(tag: str, base: str | None) -> None:
    """Build the image with the bundled model.

    Args:
        tag: its name.
        base: the image to build on instead of the Dockerfile's own.

    Raises:
        NoDockerError: it cannot be built.
    """
    bases = [] if base is None else ["--build-arg", f"BASE_IMAGE={base}"]
    arguments = ["--build-arg", "MODEL=bundled", *bases, str(ROOT / "container")]
    docker("build", "--quiet", "--network=host", f"--tag={tag}", *arguments)
