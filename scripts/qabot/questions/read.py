"""Read and check `questions/`: every file, every mistake, without heavy imports."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from qabot.documents.text_file import read_text
from qabot.errors import Problem, QuestionsError
from qabot.nodes.json import read_json
from qabot.nodes.nodes import DocumentError, decode
from qabot.nodes.yaml import read_yaml
from qabot.questions import schema as fields
from qabot.questions.folder import ContainedFolder, UnreadableFile, printable
from qabot.questions.parse import Question, QuestionFile

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "questions"
SCHEMA_FILE = "schema.json"
# The longest name in bytes: file systems allow 255, and answers/ appends `.orig-2.yaml.txt` to some.
LONGEST_NAME = 235
SUFFIXES = (".yaml", ".yml", ".json")
# The most names of unread files in a note.
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of one file, in its order.

    Args:
        source: the file, relative to the repository, with `/`.
        questions: in the order of the file.
    """

    source: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """The content of `questions/`.

    Args:
        sets: the files without a mistake, by path.
        sources: every question file, with mistakes or without.
        problems: every mistake in every file.
        unread: files that are neither question files nor used by one, and links to folders, which are
            not followed; relative to the repository.
    """

    sets: tuple[QuestionSet, ...]
    sources: tuple[str, ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()

    @property
    def about_documents(self) -> bool:
        """Whether any question is about documents."""
        return any(question.documents for set_ in self.sets for question in set_.questions)

    def unread_note(self) -> str | None:
        """A line about unread files that somebody may expect to be read; None if there are none."""
        if not self.unread:
            return None
        names = ", ".join(self.unread[:_MOST_NAMED])
        more = len(self.unread) - _MOST_NAMED
        return (
            f"not read: {names}{f' and {more} more' if more > 0 else ''} (question files end in "
            f"{', '.join(SUFFIXES)}; a context file is read when a question names it)"
        )


def read_questions(root: Path) -> Questions:
    """Read every question file below `questions/`.

    Args:
        root: the repository.
    """
    reader = _Reader(root / FOLDER, root)
    sets = []
    sources = question_files(root)
    for source in sources:
        question_set = reader.read(root / source, source)
        if question_set is not None:
            sets.append(question_set)
    clashes, problems = _clashes(sources)
    unread = sorted(
        printable(path.relative_to(root).as_posix())
        for path in _other_files(root / FOLDER)
        if Path(os.path.realpath(path)) not in reader.context_files
    )
    return Questions(
        tuple(each for each in sets if each.source not in clashes),
        tuple(sources),
        tuple(sorted([*reader.problems, *problems])),
        tuple(unread),
    )


def question_files(root: Path) -> list[str]:
    """Every question file, relative to the repository, with `/`, in the order of the names.

    Args:
        root: the repository.
    """
    return sorted(path.relative_to(root).as_posix() for path in _files(root / FOLDER))


def read_question_file(path: Path) -> QuestionSet:
    """Read one question file, wherever it is; its context files are in its folder or below it.

    Args:
        path: the file.

    Raises:
        QuestionsError: with every mistake in it.
    """
    reader = _Reader(path.parent)
    question_set = reader.read(path, path.as_posix())
    if question_set is None:
        raise QuestionsError(reader.problems)
    return question_set


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Every path that is not hidden, and whether it is a folder; links to folders are not followed."""
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from ((Path(directory, name), True) for name in folders)
        yield from ((Path(directory, name), False) for name in names if not name.startswith("."))


def _files(folder: Path) -> Iterator[Path]:
    for path, is_folder in _walk(folder):
        if not is_folder and path.suffix.lower() in SUFFIXES and path != folder / SCHEMA_FILE:
            yield path


def _other_files(folder: Path) -> Iterator[Path]:
    """Files that are neither question files nor Markdown, and links to folders."""
    for path, is_folder in _walk(folder):
        if path.is_symlink() if is_folder else path.suffix.lower() not in (*SUFFIXES, ".md"):
            yield path


def _clashes(sources: list[str]) -> tuple[set[str], list[Problem]]:
    """Problems of files whose answers would have the same path, also where case is ignored."""
    first: dict[str, str] = {}
    clashes: set[str] = set()
    problems = []
    for source in sources:
        stem = unicodedata.normalize("NFC", str(PurePosixPath(source).with_suffix(""))).casefold()
        other = first.setdefault(stem, source)
        if other != source:
            clashes |= {other, source}
            problems.append(
                Problem(source, 0, 0, f"its answers would overwrite those of {other}", "rename it")
            )
    return clashes, problems


class _Reader:
    """Reads question files and collects their problems."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._documents: list[str] | None = None
        self._folder = ContainedFolder(folder)
        self._texts: dict[Path, str] = {}
        self.context_files: set[Path] = set()

    def read(self, path: Path, source: str) -> QuestionSet | None:
        """One file's questions; None if it has a mistake."""
        file = QuestionFile(
            source, lambda name: self._context_file(path.parent, name), self._check_glob
        )
        questions: list[Question] = []
        size = len(os.fsencode(path.name))
        if size > LONGEST_NAME:
            what = f"its name has {size} bytes (maximum: {LONGEST_NAME})"
            self.problems.append(Problem(printable(source), 0, 0, what, "rename it"))
            return None
        try:
            source.encode()
            text = decode(self._folder.read(path, fields.MAX_FILE_BYTES, "split the file"))
            root = read_json(text) if path.suffix.lower() == ".json" else read_yaml(text)
            if root is None:
                raise DocumentError(1, 1, "no questions in it", "add one, or remove the file")
            questions = file.read(root)
        except UnicodeEncodeError:
            problem = Problem(printable(source), 0, 0, "its name is not UTF-8", "rename it")
            file.problems.append(problem)
        except UnreadableFile as error:
            file.problems.append(Problem(source, 0, 0, error.what, error.todo))
        except DocumentError as error:
            file.problems.append(Problem(source, error.line, error.column, error.what, error.todo))
        self.problems += file.problems
        return None if file.problems else QuestionSet(source, tuple(questions))

    def _context_file(self, start: Path, name: str) -> str:
        """The text of a context file; read once, however many questions name it."""
        path = self._folder.resolve(start, name)
        self.context_files.add(path)
        if path not in self._texts:
            # A code point has at most four bytes.
            data = self._folder.read(path, 4 * fields.MAX_CONTEXT, "use a shorter text")
            # The same text has the same offsets on every system.
            self._texts[path] = read_text(data, path.name)
        return self._texts[path]

    def _check_glob(self, glob: str) -> None:
        """Raise UnreadableFile for a glob that matches no document."""
        from qabot.documents import folder as documents

        if self._root is None:
            raise UnreadableFile("needs a repository with documents/", "use a context")
        documents.check_glob(glob)
        if self._documents is None:
            self._documents = list(documents.list_files(self._root))
        if not documents.select(self._documents, [glob]):
            raise UnreadableFile("matches no document", documents.some_names(self._documents))
