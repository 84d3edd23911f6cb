"""The index of documents: what a search finds, and that its history leaves no trace."""

from __future__ import annotations

import os
import random
import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.documents.folder import check_glob, collection, list_files, select
from qabot.documents.index import Index
from qabot.documents.library import Library
from qabot.documents.reader import Reader
from qabot.errors import UsageError
from qabot.questions.folder import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.errors import Problem
    from tests.conftest import Repository

QUESTION = "How many days of leave are there?"


def found(
    root: Path, globs: list[str], question: str = QUESTION, cache: Path | None = None
) -> list[str]:
    """The texts that a search finds, best first."""
    problems: list[Problem] = []
    with Library(root, problems.append, cache) as library:
        passages = library.search(globs, question, 5)
    assert problems == []
    return [passage.text for passage, _ in passages]


def test_the_best_passage_comes_first_with_its_place(repository: Repository) -> None:
    repository.write("documents/h/travel.md", "# Travel\n\nBy train, in days.\n")
    repository.write("documents/h/leave.md", "# Leave\n\n## Yearly\n\nThere are 28 days.\n")
    with Library(repository.root, lambda _: None) as library:
        (passage, score), *others = library.search(["h/*"], QUESTION, 5)
    assert passage.document == "documents/h/leave.md"
    assert passage.headings == ("Leave", "Yearly")
    assert passage.place(passage.text.index("28")) == 5
    assert score > others[0][1] > 0


def test_the_same_text_is_found_once_and_its_places_all(repository: Repository) -> None:
    for name in "bac":
        repository.write(f"documents/{name}.md", "There are 28 days of leave.")
    repository.write("documents/d.md", "Leave the room.")
    with Library(repository.root, lambda _: None) as library:
        found = [passage for passage, _ in library.search(["**"], QUESTION, 5)]
        same = [found[0], *library.index(["**"]).copies(found[0])]
    assert [passage.document for passage in found] == ["documents/a.md", "documents/d.md"]
    assert [p.document for p in same] == ["documents/a.md", "documents/b.md", "documents/c.md"]


def test_a_question_sees_only_the_documents_that_it_names(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("documents/h/leave.md", "There are 28 days of leave.")
    repository.write("documents/old/leave.md", "There are 20 days of leave.")
    for cache in (None, tmp_path / "cache"):
        assert found(repository.root, ["h/**"], cache=cache) == ["There are 28 days of leave."]
        assert len(found(repository.root, ["**"], cache=cache)) == 2


def test_a_changed_document_is_read_again_and_a_removed_one_forgotten(
    repository: Repository, tmp_path: Path
) -> None:
    file = repository.write("documents/a.md", "There are 28 days of leave.")
    other = repository.write("documents/b.md", "Leave the room.")
    path = tmp_path / "index.sqlite"

    def update() -> tuple[int, int]:
        index = Index(path)
        with Reader() as reader:
            change = index.update(collection(list_files(repository.root), ["**"]), reader)
        index.close()
        return change

    assert update() == (2, 0)
    assert update() == (0, 0)
    # A file that was written a moment ago is looked at, whatever its time says.
    status = file.stat()
    file.write_text("There are 29 days of leave.")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert update() == (1, 0)
    other.unlink()
    assert update() == (0, 1)
    # A fresh checkout changes every time and nothing else.
    os.utime(file, ns=(0, 0))
    assert update() == (0, 0)
    assert found(repository.root, ["**"]) == ["There are 29 days of leave."]


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_the_history_of_an_index_changes_no_result(chance: random.Random) -> None:
    import tempfile
    from pathlib import Path

    words = [
        "leave",
        "days",
        "train",
        "hotel",
        "ticket",
        "boss",
        "form",
        "week",
        "month",
        "sick",
        "home",
        "office",
    ]

    def text() -> str:
        return "\n\n".join(
            " ".join(chance.choices(words, k=chance.randint(3, 9))) for _ in range(3)
        )

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "documents").mkdir()
        cache = root / "cache"
        for _ in range(4):
            for number in chance.sample(range(12), 5):
                file = root / f"documents/{number}.md"
                if file.exists() and chance.random() < 0.4:
                    file.unlink()
                else:
                    file.write_text(text())
            question = " ".join(chance.sample(words, 3))
            with Library(root, lambda _: None, cache) as old, Library(root, lambda _: None) as new:
                assert old.search(["**"], question, 4) == new.search(["**"], question, 4)


def test_common_terms_are_searched_too_where_nothing_else_matches(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qabot.documents.index._MOST_MATCHES", 3)
    for number in range(9):
        repository.write(f"documents/{number}.md", f"Days {number} x")
    repository.write("documents/leave.md", "Leave days")
    repository.write("documents/more.md", "Leave alone")
    assert found(repository.root, ["**"], "leave days")[0] == "Leave days"
    assert len(found(repository.root, ["**"], "days")) == 5
    assert len(found(repository.root, ["**"], "leave days")) == 5


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, None])
def test_a_damaged_cache_is_made_again(
    content: bytes | None, repository: Repository, tmp_path: Path
) -> None:
    repository.write("documents/a.md", "There are 28 days of leave.")
    cache = tmp_path / "cache"
    found(repository.root, ["**"], cache=cache)
    (file,) = cache.iterdir()
    if content is None:  # by another version of the program
        with sqlite3.connect(file) as database:
            database.execute("UPDATE version SET text = 'x'")
        database.close()
    else:
        file.write_bytes(content)
    assert found(repository.root, ["**"], cache=cache) == ["There are 28 days of leave."]


def test_a_cache_that_cannot_be_written_is_done_without(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("documents/a.md", "There are 28 days of leave.")
    (tmp_path / "file").write_text("not a folder")
    assert found(repository.root, ["**"], cache=tmp_path / "file" / "cache")


def test_a_document_that_cannot_be_read_is_reported_each_time_and_the_others_read(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("documents/a.md", "There are 28 days of leave.")
    repository.write("documents/b.md", "Leave".encode("utf-16"))
    for _ in range(2):
        problems: list[Problem] = []
        with Library(repository.root, problems.append, tmp_path / "cache") as library:
            assert len(library.search(["**"], QUESTION, 5)) == 1
            assert len(library.search(["*.md"], QUESTION, 5)) == 1
        assert [str(problem) for problem in problems] == [
            "documents/b.md: is UTF-16, not UTF-8; save it as UTF-8"
        ]


def test_a_link_that_leads_out_is_not_followed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("There are 99 days of leave.")
    repository.write("documents/a.md", "There are 28 days of leave.")
    (repository.root / "documents/b.md").symlink_to(tmp_path / "secret.md")
    (repository.root / "documents/c").symlink_to(tmp_path)
    problems: list[Problem] = []
    with Library(repository.root, problems.append) as library:
        assert len(library.search(["**"], QUESTION, 5)) == 1
    assert [problem.what for problem in problems] == ["is a link that leaves documents/"]


def test_a_name_that_is_not_utf8_is_reported(repository: Repository) -> None:
    repository.write("documents/a.md", "There are 28 days of leave.")
    try:
        (repository.root / os.fsdecode(b"documents/b\xff.md")).write_text("Leave")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    problems: list[Problem] = []
    with Library(repository.root, problems.append) as library:
        assert len(library.search(["**"], QUESTION, 5)) == 1
    assert [str(problem) for problem in problems] == [
        "documents/b?.md: has a name that is not UTF-8; rename it"
    ]


def test_an_sqlite_without_fts5_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qabot.documents.index._SCHEMA", "CREATE VIRTUAL TABLE w USING fts99(x)")
    with pytest.raises(UsageError, match="FTS5"):
        Index()


@pytest.mark.parametrize("question", ["", "?", "the of and", '" OR *', "NEAR(a b)", "\0 \ud800"])
def test_any_question_can_be_searched(question: str, repository: Repository) -> None:
    repository.write("documents/a.md", "There are 28 days of leave.")
    assert found(repository.root, ["**"], question) == []


def test_scripts_without_spaces_are_searched(repository: Repository) -> None:
    repository.write("documents/a.md", "休暇は年に二十八日あります。")
    repository.write("documents/b.md", "出張は電車で行きます。")
    assert found(repository.root, ["**"], "休暇は何日ですか")[0] == "休暇は年に二十八日あります。"


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("*.md", ["a.md"]),
        ("**/*.md", ["a.md", "h/b.md", "h/x/c.md"]),
        ("h", ["h/b.md", "h/d.pdf", "h/x/c.md"]),
        ("h/", ["h/b.md", "h/d.pdf", "h/x/c.md"]),
        ("h/*", ["h/b.md", "h/d.pdf", "h/x/c.md"]),
        ("h/*.md", ["h/b.md"]),
        ("h/**/*.md", ["h/b.md", "h/x/c.md"]),
        ("./h/d.???", ["h/d.pdf"]),
        ("**", ["a.md", "h/b.md", "h/d.pdf", "h/x/c.md"]),
        ("H/*", []),
        ("[ah]*", ["a.md", "h/b.md", "h/d.pdf", "h/x/c.md"]),
    ],
)
def test_globs(glob: str, names: list[str]) -> None:
    assert select(["a.md", "h/b.md", "h/d.pdf", "h/x/c.md"], [glob]) == names


@pytest.mark.parametrize("glob", ["../a.md", "h/../../a", "/etc/*", "C:/x", "a\\b", "a\0"])
def test_a_glob_stays_inside(glob: str) -> None:
    with pytest.raises(UnreadableFile):
        check_glob(glob)


def test_a_glob_of_many_stars_is_fast() -> None:
    name = "/".join(["a" * 50] * 20)
    assert select([name], ["**/" * 200 + "*a" * 30 + "b"]) == []
