"""Questions about documents, from the files to the answers: asked, placed, and asked again."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

import pytest

from qabot.cli import main
from qabot.documents.choose import choose
from qabot.documents.extract import extract
from qabot.questions.read import read_questions
from qabot.run.plan import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.errors import Problem
    from qabot.run.plan import Plan
    from tests.conftest import Repository

LEAVE = """\
# The handbook

## Annual leave

Every employee has 28 days of annual leave in a year.

## Sick leave

Whoever is ill calls the office before nine o'clock.
"""
QUESTIONS = """\
documents: ["h/*"]
questions:
- id: days
  question: How many days of annual leave does every employee have in a year?
- id: ill
  question: When does an employee who is ill call the office?
"""


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def answer(repository: Repository) -> None:
    assert main(["--root", str(repository.root), "answer"]) == 0


def fields(
    repository: Repository, path: str = "answers/leave.yaml"
) -> dict[str, dict[str, object]]:
    """Each entry of an answers file by its id."""
    entries: dict[str, dict[str, object]] = {}
    for entry in repository.read(path).split("\n- ")[1:]:
        pairs = (line.strip().split(": ", 1) for line in entry.splitlines() if ": " in line)
        found = {name: json.loads(value) for name, value in pairs}
        entries[found["id"]] = found
    return entries


def plan(root: Path) -> Plan:
    problems: list[Problem] = []
    questions = choose(root, read_questions(root), problems.append)
    assert (questions.problems, problems) == ((), [])
    return make_plan(root, questions, "model")


def test_an_answer_says_where_it_is(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("documents/h/other.md", "# Travel\n\nTrips are booked by the office.\n")
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    capsys.readouterr()
    entry = fields(repository)["days"]
    assert "28" in str(entry["answer"])
    assert (entry["document"], entry["line"]) == ("documents/h/leave.md", 5)
    assert entry["heading"] == ["The handbook", "Annual leave"]
    text = extract(LEAVE.encode(), "leave.md").text
    start, end = entry["start"], entry["end"]
    assert isinstance(start, int)
    assert isinstance(end, int)
    assert text[start:end] == entry["answer"]
    assert main(["--root", str(repository.root), "list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[0])["result"]["span"]
    assert (listed["start"], listed["end"], listed["answer"]) == (start, end, entry["answer"])
    page = repository.read("answers/leave.md")
    assert "](../documents/h/leave.md?plain=1#L5) · The handbook › Annual leave" in page
    assert re.search(r"> Every employee has .*28.* in a year\.", page)


def test_nothing_is_asked_again_where_only_places_move(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    before = fields(repository)["days"]
    repository.write(
        "documents/h/leave.md", LEAVE.replace("# The handbook\n", "# The handbook\n\n\n")
    )
    repository.write("documents/h/png.md", "# Pictures\n\nA picture is a file.\n")
    answer(repository)
    after = fields(repository)["days"]
    assert after == before | {"line": 7}
    capsys.readouterr()
    repository.write("documents/h/leave.md", "# Welcome\n\nThis is what we all agreed.\n\n" + LEAVE)
    answer(repository)
    assert "nothing to ask" in "".join(capsys.readouterr())
    moved = len("Welcome\n\nThis is what we all agreed.\n\n")
    start, end = before["start"], before["end"]
    assert isinstance(start, int)
    assert isinstance(end, int)
    after = fields(repository)["days"]
    assert after == before | {"line": 9, "start": start + moved, "end": end + moved}
    first = repository.files("answers")
    answer(repository)
    assert repository.files("answers") == first


def test_what_a_removed_document_said_is_removed(repository: Repository) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("documents/h/travel.md", "# Travel\n\nTrips are booked by the office.\n")
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    assert fields(repository)["days"]["document"] == "documents/h/leave.md"
    (repository.root / "documents/h/leave.md").unlink()
    answer(repository)
    assert "documents/h/leave.md" not in repository.read("answers/leave.yaml")
    assert "28" not in str(fields(repository)["days"]["answer"])


def test_documents_that_say_the_same_are_all_named(repository: Repository) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("documents/h/copy.md", LEAVE)
    repository.write(
        "documents/h/short.md",
        "# In short\n\nEvery employee has 28 days of annual leave in a year. Ask the office.\n",
    )
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    entry = fields(repository)["days"]
    also = entry["also"]
    assert isinstance(also, list)
    named = {entry["document"], *(place["document"] for place in also)}
    assert named == {f"documents/h/{name}.md" for name in ("leave", "copy", "short")}
    assert {place["line"] for place in also} <= {3, 5}


def test_documents_that_contradict_each_other_are_both_shown(repository: Repository) -> None:
    repository.write("documents/h/new.md", LEAVE)
    repository.write("documents/h/old.md", LEAVE.replace("28", "20"))
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    entry = fields(repository)["days"]
    alternatives = entry["alternatives"]
    assert isinstance(alternatives, list)
    found = {(entry["document"], entry["answer"], entry["line"])}
    found |= {(other["document"], other["answer"], other["line"]) for other in alternatives}
    assert ("documents/h/new.md", "28", 5) in found
    assert ("documents/h/old.md", "20", 5) in found
    page = repository.read("answers/leave.md")
    assert "](../documents/h/new.md?plain=1#L5)" in page
    assert "](../documents/h/old.md?plain=1#L5)" in page


def test_ask_prints_the_answer_and_its_place(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    question = "How many days of annual leave does every employee have in a year?"
    ask = ["--root", str(repository.root), "ask"]
    for arguments in (["--documents", "h/*", question], [question, "--documents", "h/*"]):
        assert main([*ask, *arguments]) == 0
        assert re.fullmatch(
            r".*28.* \([01]\.\d\d\)  documents/h/leave.md:5\n", capsys.readouterr().out
        )
    assert main([*ask, "--json", "--documents", "h/*", question]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["heading"] == ["The handbook", "Annual leave"]
    assert found["line"] == 5
    text = extract(LEAVE.encode(), "leave.md").text
    assert text[found["start"] : found["end"]] == found["answer"]
    main(["--root", str(repository.root), "search", "--json", question])
    passage = json.loads(capsys.readouterr().out.splitlines()[0])
    assert text[passage["start"] : passage["end"]] == passage["text"]
    assert main([*ask, "--documents", "h/*", "a context", question]) == 2
    assert "--documents replaces CONTEXT" in capsys.readouterr().err
    assert main([*ask, "--documents", "x/*", question]) == 2
    assert "'x/*' matches no document; there are: h/leave.md" in capsys.readouterr().err


def test_the_page_shows_the_place(repository: Repository, tmp_path: Path) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    assert main(["--root", str(repository.root), "site", "--out", str(tmp_path / "site")]) == 0
    page = (tmp_path / "site/index.html").read_text("utf-8")
    assert "documents/h/leave.md:5" in page
    assert "The handbook › Annual leave" in page
    assert "Out of date" not in page


def test_documents_and_contexts_in_one_file(repository: Repository) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write(
        "questions/leave.yaml",
        "context: The office is in Bergen.\nquestions:\n- id: where\n  question: Where is the office?\n"
        "- id: days\n  question: How many days of leave are there?\n  documents: [h]\n",
    )
    answer(repository)
    entries = fields(repository)
    assert "document" not in entries["where"]
    assert entries["days"]["document"] == "documents/h/leave.md"


def test_a_document_that_cannot_be_read_is_named_and_the_others_answer(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    repository.write("documents/h/old.txt", "Leave".encode("utf-16"))
    repository.write("questions/leave.yaml", QUESTIONS)
    answer(repository)
    assert "documents/h/old.txt: is UTF-16, not UTF-8" in capsys.readouterr().err
    (repository.root / "documents/h/leave.md").unlink()
    assert main(["--root", str(repository.root), "answer"]) == 2
    assert "questions/leave.yaml:3: none of the documents 'h/*' can be read" in (
        capsys.readouterr().err
    )


def test_one_sentence_edited_asks_exactly_what_it_can_touch(repository: Repository) -> None:
    chance = random.Random(7)
    words = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "rstnlp"]

    def sentence(*extra: str) -> str:
        return " ".join([*chance.choices(words, k=9), *extra]).capitalize() + "."

    texts = {}
    for number in range(500):
        topic = f"t{number:03}"
        parts = [f"## Part {part}\n\n{sentence(topic)} {sentence(topic)}" for part in range(3)]
        texts[f"documents/d{number}.md"] = "\n\n".join([f"# About {topic}", *parts])
    for path, text in texts.items():
        repository.write(path, text)
    asked = [f"t{number:03} {' '.join(chance.choices(words, k=3))}" for number in range(200)]
    repository.write(
        "questions/q.yaml",
        'documents: ["**"]\nquestions:\n' + "".join(f"- What is {each}?\n" for each in asked),
    )
    before = plan(repository.root)
    edited = "documents/d17.md"
    first = texts[edited].split("\n\n")[2]
    repository.write(edited, texts[edited].replace(first, f"{first} {sentence('t017')}"))
    after = plan(repository.root)

    def by_question(made: Plan) -> dict[str, tuple[str, set[str]]]:
        return {
            question.question: (key, {passage.text for passage in question.passages})
            for planned in made.sets
            for question, key in planned.questions
        }

    changed = {
        question
        for question, (key, _) in by_question(after).items()
        if key != by_question(before)[question][0]
    }
    # What can be touched: the questions for which the edited passage was read, or is now.
    old, new = (
        {text for text in texts if first in text}
        for texts in (
            {text for _, found in by_question(made).values() for text in found}
            for made in (before, after)
        )
    )
    touched = {
        question
        for made, edited_texts in ((before, old), (after, new))
        for question, (_, found) in by_question(made).items()
        if found & edited_texts
    }
    assert touched
    assert changed == touched
    assert len(touched) < 20


def test_a_pull_request_shows_the_answers_that_it_alters_and_fails_a_broken_expectation(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository.write("documents/h/leave.md", LEAVE)
    expecting = QUESTIONS.replace("in a year?\n", 'in a year?\n  expect: ["28"]\n')
    repository.write("questions/leave.yaml", expecting)
    answer(repository)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    preview = ["--root", str(repository.root), "preview"]

    # A change that alters no answer.
    repository.write("documents/h/leave.md", LEAVE + "\nEverybody is welcome.\n")
    assert main(preview) == 0
    assert "Answers that change" not in summary.read_text("utf-8")

    repository.write("documents/h/leave.md", LEAVE.replace("28 days", "31 days"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    capsys.readouterr()
    assert main(preview) == 1
    printed = "".join(capsys.readouterr())
    assert "::error file=questions/leave.yaml,line=3" in printed
    assert "expected: 28" in printed
    table = summary.read_text("utf-8").split("### Answers that change")[1]
    (row,) = [line for line in table.splitlines() if line.startswith("| ❌ How many days")]
    assert row.endswith(r"| 28 | 31 | documents/h/leave.md\:5 |")

    # It passes again once the expectation is changed.
    repository.write("questions/leave.yaml", expecting.replace('"28"', '"31"'))
    assert main(preview) == 0
