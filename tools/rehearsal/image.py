"""The image of container/ with the bundled model, for the duration of a rehearsal."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.rehearsal.children import ChildError, run
from tools.rehearsal.scratch import ROOT
from tools.rehearsal.steps import step

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "qabot-answerer:rehearsal"


class ImageError(Exception):
    """Tasks cannot run in Docker here; the message says why and what to do."""


@contextmanager
def built_image(wanted: bool, base: str | None) -> Iterator[str | None]:
    """Build the image, and remove it at the end of the block; Docker keeps its build cache.

    Args:
        wanted: whether to build one.
        base: the image to build on instead of the Dockerfile's own.

    Yields:
        Its name, or `None` if none is wanted.

    Raises:
        ImageError: Docker is missing, or cannot build the image.
    """
    if not wanted:
        yield None
        return
    docker = shutil.which("docker")
    if docker is None:
        raise ImageError(
            "docker is not on PATH. Install Docker, or leave --tasks docker out: "
            "tasks are then processes."
        )
    bases = [] if base is None else ["--build-arg", f"BASE_IMAGE={base}"]
    environ = dict(os.environ)
    try:
        with step("docker build"):
            run(
                [
                    *(docker, "build", "--quiet", "--network=host", f"--tag={NAME}"),
                    *("--build-arg", "MODEL=bundled", *bases, "container"),
                ],
                cwd=ROOT,
                environ=environ,
                output=subprocess.PIPE,
            )
    except ChildError as error:
        raise ImageError(
            f"The image could not be built; see docker's output above ({error}). "
            "Is its engine running (docker info), and can it reach the base image (--base-image)?"
        ) from error
    try:
        yield NAME
    finally:
        run(
            [docker, "image", "rm", "--force", NAME],
            cwd=ROOT,
            environ=environ,
            output=subprocess.PIPE,
            allowed=(0, 1),
        )
