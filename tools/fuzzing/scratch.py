"""A scratch repository, empty for every input of a target."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scratch:
    """Holds the folder of one process."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    @contextmanager
    def around(self) -> Iterator[None]:
        """Make the folder, and remove it afterwards."""
        self._folder = Path(tempfile.mkdtemp(prefix="qabot-fuzz-"))
        try:
            yield
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def fresh(self) -> Path:
        """An empty repository with only `questions/`."""
        assert self._folder is not None, "enter `around` first"
        root = self._folder / "repository"
        shutil.rmtree(root, ignore_errors=True)
        (root / "questions").mkdir(parents=True)
        return root


def write(root: Path, name: str, content: bytes) -> None:
    """Write a file or a link of any name, always below `root`.

    Args:
        root: an existing folder.
        name: parts separated by `/`; `..` and names that the file system refuses are left out.
        content: `-> TARGET` makes a link.
    """
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..", ".")]
    path = root.joinpath(*parts)
    try:
        if path == root or not path.resolve().is_relative_to(root.resolve()):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith(b"-> "):
            path.symlink_to(content[3:].decode("utf-8", "surrogateescape"))
        else:
            path.write_bytes(content)
    except (OSError, ValueError, RuntimeError):
        return  # a name that is too long or contains NUL; a folder in its place; a link to itself
