"""Write files in one step: readers find the whole file or none, also after a kill."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Suffix of the files that a killed run leaves; .gitignore lists it.
SUFFIX = ".qabot-tmp"
# Seconds; writing a file takes a fraction of a second.
_LEFT_AFTER = 60


def write(path: Path, data: bytes) -> None:
    """Write a file, replacing what was there.

    Args:
        path: in a folder that exists.
        data: its content.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    with _begun(path, data) as begun:
        begun.replace(path)


def create(path: Path, data: bytes) -> None:
    """Write a file where there is none.

    Args:
        path: in a folder that exists.
        data: its content.

    Raises:
        FileExistsError: something is there.
        OSError: it cannot be written.
    """
    with _begun(path, data) as begun:
        try:
            os.link(begun, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with path.open("xb") as file:
                file.write(data)


@contextlib.contextmanager
def _begun(path: Path, data: bytes) -> Iterator[Path]:
    """Write the content beside its place, under a short name: the file's own may have maximal length."""
    begun = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}")
    try:
        begun.write_bytes(data)
        yield begun
    finally:
        with contextlib.suppress(OSError):
            begun.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the files that killed writes have left below a folder.

    Args:
        folder: need not exist.
    """
    for directory, _, names in os.walk(folder):
        for name in names:
            if name.endswith(SUFFIX):
                path = os.path.join(directory, name)  # noqa: PTH118 - os.walk has text
                with contextlib.suppress(OSError):
                    # A newer one may still be written, by a concurrent run.
                    if time.time() - os.stat(path).st_mtime > _LEFT_AFTER:  # noqa: PTH116
                        os.unlink(path)  # noqa: PTH108
