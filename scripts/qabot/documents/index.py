"""The index of a set of documents: their passages, and the search for those that share words.

It is one SQLite file with an FTS5 table, in a cache directory or, without one, in memory. Documents
that changed are read again and the others left as they are; the same documents give the same
results whatever order they came in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

import answerer.ranking as lexical
from qabot.documents.passage import Passage, cut
from qabot.errors import Problem, UsageError
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qabot.documents.folder import File
    from qabot.documents.reader import Reader

# Passages that the index gives the ranking to choose from.
_CANDIDATES = 40
# Ranking a match takes a microsecond. Beyond this many, a passage with one of the question's common
# terms is ranked only where it has another of its terms too.
_MOST_MATCHES = 4_000
# A file that was written in the last moments can change again without a sign (git's "racy" files).
_RACY_NANOSECONDS = 2_000_000_000
_BUSY_SECONDS = 60.0

# Counts are rounded to these, times a power of ten.
ROUND_NUMBERS = (1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0, 10.0)

_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, signature TEXT NOT NULL,
    digest TEXT NOT NULL, unit TEXT NOT NULL, what TEXT, todo TEXT
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, number INTEGER NOT NULL,
    start INTEGER NOT NULL, length INTEGER NOT NULL, headings TEXT NOT NULL,
    places TEXT NOT NULL, text TEXT NOT NULL, fingerprint INTEGER NOT NULL
);
CREATE INDEX by_document ON passages (document);
CREATE INDEX by_text ON passages (fingerprint);
CREATE VIRTUAL TABLE words USING fts5(terms, content='', tokenize='ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
CREATE TABLE totals (passages INTEGER NOT NULL, length INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0);
"""


class Index:
    """The passages of some documents.

    Args:
        path: the file; None for one in memory. A damaged one, or one by another version of this
            program, is made again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._database = self._open()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def update(self, files: Mapping[str, File], reader: Reader) -> tuple[int, int]:
        """Bring the index up to date.

        Args:
            files: every document that it should hold, by path relative to the repository.
            reader: reads those that are new or changed.

        Returns:
            How many documents were read, and how many are gone.
        """
        database = self._database
        with database:
            database.execute("BEGIN IMMEDIATE")
            stored = {
                path: (id_, signature, digest)
                for id_, path, signature, digest in database.execute(
                    "SELECT id, path, signature, digest FROM documents"
                )
            }
            read = 0
            for path, file in files.items():
                id_, signature, digest = stored.get(path, (None, "", ""))
                if signature == file.signature:
                    continue
                read += self._refresh(path, file, reader, id_, digest)
            gone = [id_ for path, (id_, _, _) in stored.items() if path not in files]
            for id_ in gone:
                self._remove(id_)
        return read, len(gone)

    def problems(self) -> list[Problem]:
        """The documents that could not be read, and why."""
        rows = self._database.execute(
            "SELECT path, what, todo FROM documents WHERE what IS NOT NULL ORDER BY path"
        )
        return [Problem(path, 0, 0, what, todo) for path, what, todo in rows]

    def search(self, question: str, most: int) -> list[tuple[Passage, float]]:
        """The passages that fit a question best, best first, each with its score.

        Passages with the same text count as one: the first, by path and place.

        Args:
            question: any text.
            most: how many at most.
        """
        asked = sorted(lexical.content_terms(question))
        frequency = self._frequencies(asked)
        asked = [term for term in asked if frequency[term]]
        if not asked:
            return []
        candidates = _distinct(self._candidates(asked, frequency, most))
        texts = [_searched(passage.headings, passage.text) for passage in candidates]
        scores = lexical.Ranking(texts, self._statistics(frequency)).scores(question)
        order = sorted(
            range(len(candidates)),
            key=lambda i: (-round(scores[i], 6), candidates[i].document, candidates[i].number),
        )
        return [(candidates[i], scores[i]) for i in order[:most] if scores[i] > 0]

    def passages(self) -> Iterator[Passage]:
        """Every passage, by path and place."""
        return self._passages("1 ORDER BY path, number")

    def first(self, most: int) -> list[Passage]:
        """The first passages, by path and place; passages with the same text count as one.

        Args:
            most: how many at most.
        """
        found = self._passages("1 ORDER BY path, number LIMIT 1000")
        return _distinct(found)[:most]

    def copies(self, passage: Passage) -> list[Passage]:
        """Other passages with exactly the same text, by path and place.

        Args:
            passage: of this index.
        """
        found = self._passages("fingerprint = ?", (_fingerprint(passage.text),))
        return sorted(
            (other for other in found if other.text == passage.text and other != passage),
            key=lambda other: (other.document, other.number),
        )

    def _refresh(self, path: str, file: File, reader: Reader, id_: int | None, digest: str) -> int:
        """Read a document that may have changed; gives 1 where it has."""
        unit, what, todo = "", None, None
        passages: Iterable[Passage] = ()
        try:
            data = file.read()
            found = hashlib.sha256(data).hexdigest()
            if id_ is not None and found == digest:
                # Only the time changed, as a fresh checkout does.
                self._database.execute(
                    "UPDATE documents SET signature = ? WHERE id = ?", (_settled(file), id_)
                )
                return 0
            extracted = reader.read(path, data)
            unit, passages = extracted.unit, cut(path, extracted)
        except UnreadableFile as error:
            found, what, todo = "", error.what, error.todo
        if id_ is not None:
            self._remove(id_)
        cursor = self._database.execute(
            "INSERT INTO documents (path, signature, digest, unit, what, todo) VALUES (?,?,?,?,?,?)",
            (path, _settled(file), found, unit, what, todo),
        )
        self._add(cursor.lastrowid or 0, passages)
        return 1

    def _add(self, document: int, passages: Iterable[Passage]) -> None:
        count = total = 0
        for passage in passages:
            words = lexical.terms(_searched(passage.headings, passage.text))
            cursor = self._database.execute(
                "INSERT INTO passages (document, number, start, length, headings, places, text, "
                "fingerprint) VALUES (?,?,?,?,?,?,?,?)",
                (
                    document,
                    passage.number,
                    passage.start,
                    len(words),
                    json.dumps(passage.headings, ensure_ascii=False),
                    json.dumps(passage.places),
                    passage.text,
                    _fingerprint(passage.text),
                ),
            )
            self._database.execute(
                "INSERT INTO words (rowid, terms) VALUES (?, ?)",
                (cursor.lastrowid, " ".join(words)),
            )
            count += 1
            total += len(words)
        self._count(count, total)

    def _remove(self, document: int) -> None:
        rows = self._database.execute(
            "SELECT id, headings, text, length FROM passages WHERE document = ?", (document,)
        ).fetchall()
        for id_, headings, text, _ in rows:
            # To delete from a table without content, FTS5 needs the old terms.
            words = " ".join(lexical.terms(_searched(json.loads(headings), text)))
            self._database.execute(
                "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)", (id_, words)
            )
        self._database.execute("DELETE FROM passages WHERE document = ?", (document,))
        self._database.execute("DELETE FROM documents WHERE id = ?", (document,))
        self._count(-len(rows), -sum(length for _, _, _, length in rows))

    def _count(self, passages: int, length: int) -> None:
        self._database.execute(
            "UPDATE totals SET passages = passages + ?, length = length + ?", (passages, length)
        )

    def _frequencies(self, asked: list[str]) -> dict[str, int]:
        """How many passages hold each term."""
        frequency = dict.fromkeys(asked, 0)
        for term in asked:
            row = self._database.execute(
                "SELECT doc FROM vocabulary WHERE term = ?", (term,)
            ).fetchone()
            frequency[term] = row[0] if row else 0
        return frequency

    def _statistics(self, frequency: Mapping[str, int]) -> lexical.Statistics:
        passages, length = self._database.execute("SELECT passages, length FROM totals").fetchone()
        # Rounded, so that a change to one document moves no score that it has no word in common with.
        return lexical.Statistics(
            _rounded(passages), _rounded(length / max(1, passages)), frequency
        )

    def _candidates(
        self, asked: list[str], frequency: Mapping[str, int], most: int
    ) -> list[Passage]:
        """The passages that the index ranks first: enough that `most` of them differ."""
        query = _query(asked, frequency)
        every = " OR ".join(map(_quoted, asked))
        limit = max(_CANDIDATES, most)
        while True:
            rows = self._database.execute(
                "SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
                (query, limit + 1),
            ).fetchall()
            if len(rows) > limit:
                # Which of equals come first depends on the index's history: take none of the last.
                last = rows.pop()[1]
                rows = [row for row in rows if row[1] < last - 1e-9 * abs(last)]
                complete = False
            else:
                complete = True
            ids = ",".join(str(id_) for id_, _ in rows)
            found = list(self._passages(f"passages.id IN ({ids})"))
            if len({passage.text for passage in found}) >= most:
                return found
            if complete and query == every:
                return found
            if complete:
                query = every
            else:
                limit *= 2

    def _passages(self, where: str, values: tuple[int, ...] = ()) -> Iterator[Passage]:
        rows = self._database.execute(
            "SELECT path, number, start, passages.text, headings, unit, places "  # noqa: S608
            f"FROM passages JOIN documents ON documents.id = document WHERE {where}",
            values,
        )
        for path, number, start, text, headings, unit, places in rows:
            yield Passage(
                path,
                number,
                start,
                text,
                tuple(json.loads(headings)),
                unit,
                tuple((offset, place) for offset, place in json.loads(places)),
            )

    def _open(self) -> sqlite3.Connection:
        version = _version()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(sqlite3.DatabaseError):
                    return self._prepared(self._path, version)
                # It is only a cache: damaged, or in use for longer than anybody should wait.
                self._path.unlink(missing_ok=True)
                with contextlib.suppress(sqlite3.DatabaseError):
                    return self._prepared(self._path, version)
        try:
            return self._prepared(None, version)
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"this Python's SQLite cannot search text ({error}); use one that has FTS5, as those "
                "of python.org do"
            ) from error

    def _prepared(self, path: Path | None, version: str) -> sqlite3.Connection:
        database = sqlite3.connect(path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # After a power failure, at worst the cache is made again.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA journal_mode = MEMORY")
            with database:
                database.execute("BEGIN IMMEDIATE")
                tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
                if "version" not in tables:
                    for statement in _SCHEMA.split(";"):
                        database.execute(statement)
                    database.execute("CREATE TABLE version (text TEXT)")
                    database.execute("INSERT INTO version VALUES (?)", (version,))
            (found,) = database.execute("SELECT text FROM version").fetchone()
            if found != version:
                raise sqlite3.DatabaseError("by another version")
        except BaseException:
            database.close()
            raise
        return database


def _distinct(passages: Iterable[Passage]) -> list[Passage]:
    first: dict[str, Passage] = {}
    for passage in sorted(passages, key=lambda passage: (passage.document, passage.number)):
        first.setdefault(passage.text, passage)
    return list(first.values())


def _searched(headings: Iterable[str], text: str) -> str:
    """The text of a passage for ranking: with its headings, which name its subject."""
    # A passage that begins with its heading has it already.
    return "\n".join([*(heading for heading in headings if not text.startswith(heading)), text])


def _query(asked: list[str], frequency: Mapping[str, int]) -> str:
    """The FTS5 query for passages with a question's terms."""
    order = sorted(asked, key=lambda term: (frequency[term], term))
    matches = 0
    alone: list[str] = []
    for term in order:
        matches += frequency[term]
        if alone and matches > _MOST_MATCHES:
            break
        alone.append(_quoted(term))
    common = list(map(_quoted, order[len(alone) :]))
    pairs = [
        f"({term} AND ({' OR '.join(common[number + 1 :])}))"
        for number, term in enumerate(common[:-1])
    ]
    return " OR ".join([*alone, *pairs])


def _fingerprint(text: str) -> int:
    """64 bits of a text's digest, as SQLite's integers are."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _rounded(number: float) -> int:
    """The nearest of 1, 1.3, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8, 10, 13 and so on."""
    if number <= 1:
        return 1
    step = 1
    while number >= 10 * step:
        step *= 10
    return round(step * min(ROUND_NUMBERS, key=lambda each: abs(each - number / step)))


def _settled(file: File) -> str:
    """The signature to store; none where the file may change again within the clock's tick."""
    return file.signature if time.time_ns() - file.modified > _RACY_NANOSECONDS else ""


def _version() -> str:
    """Changes with the code that decides what an index holds."""
    sha = hashlib.sha256(sqlite3.sqlite_version.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sha.update(path.read_bytes())
    sha.update(Path(lexical.__file__).read_bytes())
    return sha.hexdigest()
