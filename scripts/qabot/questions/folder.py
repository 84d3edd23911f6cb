"""Read files that people wrote, only inside one folder."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from qabot.errors import QabotError


class UnreadableFile(QabotError):
    """A file cannot be read.

    Args:
        what: what is wrong with it; follows its name.
        todo: what to do about it.
    """

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}; {todo}")
        self.what = what
        self.todo = todo


class ContainedFolder:
    """Reads regular files of limited size inside one folder, with links resolved.

    Args:
        folder: nothing outside it is read.
    """

    def __init__(self, folder: Path) -> None:
        self._name = folder.name
        self._folder = Path(os.path.realpath(folder))

    def resolve(self, start: Path, name: str) -> Path:
        """The file that a relative path names.

        Args:
            start: the folder that the path is relative to.
            name: the path in a question file.

        Raises:
            UnreadableFile: it is not a relative path, or leaves the folder.
        """
        if "\\" in name or name.startswith("/") or "\0" in name or re.match(r"[A-Za-z]:", name):
            raise UnreadableFile("is not a relative path with '/'", "give a path from this folder")
        path = Path(os.path.realpath(start / name))
        if not path.is_relative_to(self._folder):
            raise UnreadableFile(f"leaves {self._name}/", f"put the text into {self._name}/")
        return path

    def read(self, path: Path, most: int, todo: str) -> bytes:
        """A file's bytes.

        Args:
            path: the file.
            most: bytes at most.
            todo: what to do when it is larger.

        Raises:
            UnreadableFile: it is outside, missing, not a regular file, or too large.
        """
        if not Path(os.path.realpath(path)).is_relative_to(self._folder):
            raise UnreadableFile(
                f"is a link that leaves {self._name}/", "put the file itself there"
            )
        try:
            with open(path, "rb", opener=_open) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise UnreadableFile("is not a file", "put a file there")
                if status.st_size > most:
                    size, limit = status.st_size / 2**20, most / 2**20
                    raise UnreadableFile(f"is {size:,.1f} MiB (maximum: {limit:,.0f})", todo)
                return file.read(most)
        except FileNotFoundError:
            raise UnreadableFile(
                "does not exist", "check the name, including upper and lower case"
            ) from None
        except OSError as error:
            raise UnreadableFile(f"cannot be read: {error.strerror}", "make it readable") from None


def printable(name: str) -> str:
    """A file's name, also where it is not UTF-8."""
    return name.encode("utf-8", "replace").decode()


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a FIFO would wait forever for its writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
