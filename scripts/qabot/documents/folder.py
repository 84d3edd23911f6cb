"""The files in `documents/`, and which of them a question's globs name."""

from __future__ import annotations

import fnmatch
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.documents.extract import MOST_BYTES, SUFFIXES
from qabot.questions.folder import ContainedFolder, UnreadableFile, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FOLDER = "documents"
MOST_FILES = 100_000


@dataclass(frozen=True, slots=True)
class File:
    """One document.

    Args:
        folder: reads files inside `documents/` only.
        path: the file, as the system names it: ten thousand of them are listed before each search.
        signature: changes when the file does, in almost all cases; see `Index`.
        modified: when it was written, in nanoseconds of Unix time.
    """

    folder: ContainedFolder
    path: str
    signature: str
    modified: int

    def read(self) -> bytes:
        """The whole file.

        Raises:
            UnreadableFile: it is outside of the folder, missing, not a regular file, or too large.
        """
        path = Path(self.path)
        if path.name != printable(path.name):
            raise UnreadableFile("has a name that is not UTF-8", "rename it")
        return self.folder.read(path, MOST_BYTES, "split the file")


def list_files(root: Path) -> dict[str, File]:
    """Every document by its path below `documents/`, in the order of the paths.

    Files whose suffix no reader knows are left out, and so are hidden ones.

    Args:
        root: the repository.
    """
    folder = root / FOLDER
    contained = ContainedFolder(folder)
    found: dict[str, File] = {}
    prefix = len(str(folder)) + 1
    for entry in _entries(folder):
        name = printable(entry.path[prefix:].replace(os.sep, "/"))
        try:
            status = entry.stat()
        except OSError:  # a broken link: reading it reports that
            signature, modified = "", 0
        else:
            signature = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
            modified = status.st_mtime_ns
        found[name] = File(contained, entry.path, signature, modified)
        if len(found) == MOST_FILES:
            break
    return {name: found[name] for name in sorted(found)}


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.lower().endswith(SUFFIXES):
                        yield entry
        except OSError:
            continue


def check_glob(glob: str) -> None:
    """Refuse an invalid glob.

    Args:
        glob: as a person wrote it.

    Raises:
        UnreadableFile: why, and what to do.
    """
    parts = glob.split("/")
    if glob.startswith("/") or "\\" in glob or "\0" in glob or re.match(r"[A-Za-z]:", glob):
        raise UnreadableFile("is not a relative path with '/'", f"give a path below {FOLDER}/")
    if ".." in parts:
        raise UnreadableFile(f"leaves {FOLDER}/", f"put the document into {FOLDER}/")


def select(names: Iterable[str], globs: Iterable[str]) -> list[str]:
    """The documents that at least one glob matches, in their order.

    Args:
        names: paths below `documents/`.
        globs: `*` and `?` match within a name, `**` any folders, a folder's name all that is in it.
    """
    patterns = [_parts(glob) for glob in globs]
    # Where the names in a folder continue in each pattern; None where a pattern names the folder.
    folders: dict[str, list[set[int]] | None] = {}
    selected = []
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder not in folders:
            parts = _parts(folder)
            reached = [_advanced(_skipping({0}, each), parts, each) for each in patterns]
            folders[folder] = None if _at_end(reached, patterns) else reached
        starts = folders[folder]
        if starts is None:
            selected.append(name)
            continue
        parts = _parts(last)
        ends = [_advanced(start, parts, each) for start, each in zip(starts, patterns, strict=True)]
        if _at_end(ends, patterns):
            selected.append(name)
    return selected


def collection(files: Mapping[str, File], globs: Iterable[str]) -> dict[str, File]:
    """The files that globs name, by path relative to the repository.

    Args:
        files: what `list_files` gives.
        globs: of a question.
    """
    return {f"{FOLDER}/{name}": files[name] for name in select(files, globs)}


def some_names(names: Iterable[str]) -> str:
    """Some names of documents, for a message.

    Args:
        names: paths below `documents/`.
    """
    found = list(names)
    if not found:
        return f"put documents ({', '.join(SUFFIXES)}) into {FOLDER}/"
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"there are: {', '.join(found[:5])}{more}"


def _parts(path: str) -> list[str]:
    path = path if path.isascii() else unicodedata.normalize("NFC", path)
    return [part for part in path.split("/") if part not in ("", ".")]


def _at_end(reached: list[set[int]], patterns: list[list[str]]) -> bool:
    """Whether one of the patterns is matched."""
    return any(len(each) in positions for positions, each in zip(reached, patterns, strict=True))


def _advanced(positions: set[int], names: list[str], pattern: list[str]) -> set[int]:
    """The positions in a pattern after some names of a path; with its end once a folder matches."""
    for name in names:
        if len(pattern) in positions:
            break
        positions = _skipping(
            {
                position + (pattern[position] != "**")
                for position in positions
                if pattern[position] == "**" or fnmatch.fnmatchcase(name, pattern[position])
            },
            pattern,
        )
    return positions


def _skipping(positions: set[int], pattern: list[str]) -> set[int]:
    """The positions in a pattern, and those that a `**` for no folder leads to."""
    found = set(positions)
    for position in positions:
        while position < len(pattern) and pattern[position] == "**":
            position += 1
            found.add(position)
    return found
