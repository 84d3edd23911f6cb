"""Searches `documents/` for the passages that fit a question."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Self

from qabot.cache import in_cache
from qabot.documents.folder import File, check_glob, collection, list_files, some_names
from qabot.documents.index import Index
from qabot.documents.reader import Reader
from qabot.errors import UsageError
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qabot.documents.passage import Passage
    from qabot.errors import Problem


class Library:
    """The documents of a repository; use it in a `with` statement.

    Each set of globs has its own index, so that the result for a question depends only on the documents
    that it names.

    Args:
        root: the repository.
        warn: called with each document that cannot be read, once.
        cache: the folder for the indexes; None keeps them in memory. See `cache_folder`.
    """

    def __init__(
        self, root: Path, warn: Callable[[Problem], None], cache: Path | None = None
    ) -> None:
        self._root = root
        self._warn = warn
        self._cache = cache
        self._files: dict[str, File] | None = None
        self._indexes: dict[tuple[str, ...], Index] = {}
        self._reader = Reader()
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()
        self._reader.close()

    def search(self, globs: Sequence[str], question: str, most: int) -> list[tuple[Passage, float]]:
        """The passages that fit a question best, best first, each with its score.

        Args:
            globs: which documents.
            question: any text.
            most: how many passages at most.
        """
        return self.index(globs).search(question, most)

    def index(self, globs: Sequence[str]) -> Index:
        """The index of the documents that globs name, up to date.

        Args:
            globs: paths below `documents/`, with `*`, `?` and `**`.
        """
        name = tuple(sorted(set(globs)))
        index = self._indexes.get(name)
        if index is None:
            if self._files is None:
                self._files = list_files(self._root)
            path = self._cache and self._cache / f"{_digest(*name)}.sqlite"
            index = Index(path)
            self._indexes[name] = index
            index.update(collection(self._files, name), self._reader)
            for problem in index.problems():
                if problem.path not in self._warned:
                    self._warned.add(problem.path)
                    self._warn(problem)
        return index


def check_globs(root: Path, globs: Sequence[str]) -> None:
    """Refuse globs on a command line that match no document.

    Args:
        root: the repository.
        globs: as a person wrote them.

    Raises:
        UsageError: one is not a path below `documents/`, or matches nothing.
    """
    files = list_files(root)
    for glob in globs:
        try:
            check_glob(glob)
        except UnreadableFile as error:
            raise UsageError(f"'{glob}' {error.what}; {error.todo}") from None
        if not collection(files, [glob]):
            raise UsageError(f"'{glob}' matches no document; {some_names(files)}")


def cache_folder(root: Path) -> Path:
    """The folder of a repository's indexes between runs; it may be deleted at any time.

    Args:
        root: the repository.
    """
    return in_cache("documents", _digest(os.path.realpath(root)))


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:16]
