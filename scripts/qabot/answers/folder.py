"""The folder `answers/`: reading it, and writing to it so that no file is ever half written."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from qabot import atomic_write as in_one_step
from qabot.answers import markdown
from qabot.answers import yaml_file as answers
from qabot.answers.model import AnswerSet
from qabot.errors import AnswersError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qabot.answers.model import Result
    from qabot.questions.parse import Question

FOLDER = "answers"

# Reasons that prevent writing any other file, too.
_GENERAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}


@dataclass(frozen=True, slots=True)
class Stored:
    """An answers file on disk.

    Args:
        path: relative to the repository, with `/`.
        answers: its content; None where the program did not write it.
        pristine: it is byte for byte as the program wrote it.
    """

    path: str
    answers: AnswerSet | None
    pristine: bool

    @property
    def ours(self) -> bool:
        """Whether the program wrote it, even if it was changed since."""
        return self.answers is not None


@dataclass(frozen=True, slots=True)
class Change:
    """The result of writing a set.

    Args:
        changed: a file changed.
        kept: files in its place that the program did not write: where each is kept, and where it
            was; relative to the repository.
    """

    changed: bool
    kept: tuple[tuple[str, str], ...]


def answers_path(source: str) -> str:
    """The answers file of a question file; both relative to the repository, with `/`."""
    return str(PurePosixPath(FOLDER, *PurePosixPath(source).parts[1:]).with_suffix(".yaml"))


def read_all(root: Path) -> dict[str, Stored]:
    """Every answers file, by its path.

    Args:
        root: the repository.
    """
    return {path: _read(root, path) for path in _files(root)}


def results(stored: Iterable[Stored]) -> Iterator[Result]:
    """Every result in some answers files."""
    for file in stored:
        if file.answers is not None:
            yield from (entry.result for entry in file.answers.entries)


def _files(root: Path) -> Iterator[str]:
    for directory, folders, names in os.walk(root / FOLDER):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".yaml") and not name.startswith("."):
                yield Path(directory, name).relative_to(root).as_posix()


def _read(root: Path, path: str) -> Stored:
    try:
        data = (root / path).read_bytes()
    except OSError:
        return Stored(path, None, pristine=False)
    text = data.decode("utf-8", "replace")
    # A full disk leaves an empty file; overwriting it loses nothing.
    parsed = answers.parse(text) if text.strip() else AnswerSet("", ())
    pristine = parsed is not None and answers.render(parsed).encode() == data
    return Stored(path, parsed, pristine)


def write_set(root: Path, answer_set: AnswerSet, questions: Mapping[str, Question]) -> Change:
    """Write a set's answers file and its page, each in one step, unless it is up to date.

    A file at their place that the program did not write is kept beside it, with `.orig` in its name.

    Args:
        root: the repository.
        answer_set: the answers.
        questions: the set's questions by id.

    Raises:
        AnswersError: they cannot be written.
    """
    path = answers_path(answer_set.source)
    page = markdown.render(answer_set, questions)
    return _write_both(root, path, answers.render(answer_set).encode(), page.encode())


def has_page(root: Path, path: str) -> bool:
    """Whether an answers file has its page, written by the program."""
    page = root / page_path(path)
    return page.is_file() and _is_ours(page.read_bytes(), markdown.MARKER.encode())


def copy(source: Path, root: Path, path: str) -> bool:
    """Copy an answers file and its page from one working tree to another.

    Args:
        source: where from.
        root: where to.
        path: the answers file, relative to both.

    Returns:
        Whether one of them changed.

    Raises:
        AnswersError: they cannot be written.
    """
    page = (source / page_path(path)).read_bytes()
    return _write_both(root, path, (source / path).read_bytes(), page).changed


def _write_both(root: Path, path: str, data: bytes, page: bytes) -> Change:
    """Write an answers file and its page, each in one step."""
    changed = False
    kept: list[tuple[str, str]] = []
    for name, content, marker in (
        (path, data, answers.MARKER),
        (page_path(path), page, markdown.MARKER),
    ):
        has_changed, place = _write(root, name, content, marker.encode())
        changed = changed or has_changed
        kept += [(place, name)] if place is not None else []
    return Change(changed, tuple(kept))


def page_path(path: str) -> str:
    """The page of an answers file; both relative to the repository, with `/`."""
    return str(PurePosixPath(path).with_suffix(".md"))


def _write(root: Path, name: str, data: bytes, marker: bytes) -> tuple[bool, str | None]:
    """Write a file in one step: whether it changed, and where a file of somebody else is kept."""
    path = root / name
    kept = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to((root / FOLDER).resolve()):
            raise AnswersError(f"{path.parent} is a link that leaves {FOLDER}/; remove the link")
        before = path.read_bytes() if path.is_file() else b""
        if before == data:
            return False, None
        if before.strip() and not _is_ours(before, marker):
            kept = _keep(root, path)
        in_one_step.write(path, data)
    except OSError as error:
        raise AnswersError(
            f"{name} cannot be written: {error.strerror}", is_general=error.errno in _GENERAL
        ) from error
    return True, kept


def _is_ours(data: bytes, marker: bytes) -> bool:
    """Whether a line of a file begins with a marker; merely mentioning it does not count."""
    return data.startswith(marker) or b"\n" + marker in data


def _keep(root: Path, path: Path) -> str:
    kept = path.with_name(f"{path.stem}.orig{path.suffix}.txt")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.stem}.orig-{number}{path.suffix}.txt")
    path.rename(kept)
    return kept.relative_to(root).as_posix()


def prune(root: Path, paths: Iterable[str], current: Iterable[str]) -> None:
    """Remove answers files, their pages, and the folders that this leaves empty.

    Where the file system ignores case, a file that stays may be one of these by its new name: then it
    is renamed.

    Args:
        root: the repository.
        paths: the answers files, relative to the repository.
        current: the answers files that stay.

    Raises:
        AnswersError: one cannot be removed.
    """
    by_folded_name = {path.casefold(): path for path in current}
    for path in paths:
        name = by_folded_name.get(path.casefold())
        try:
            if name is not None and _is_same_file(root / path, root / name):
                (root / path).rename(root / name)
                if has_page(root, path):
                    (root / page_path(path)).rename(root / page_path(name))
            else:
                _remove(root, path)
        except OSError as error:
            raise AnswersError(f"{path} cannot be removed: {error.strerror}") from error


def _is_same_file(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)


def _remove(root: Path, path: str) -> None:
    # The page first: after a kill, the next run continues by the answers file.
    if has_page(root, path):
        (root / page_path(path)).unlink()
    (root / path).unlink(missing_ok=True)
    for folder in (root / path).parents:
        if folder == root / FOLDER or any(folder.iterdir()):
            break
        folder.rmdir()
