"""Question files: every shape, and every mistake with its place and what to do."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from answerer.info import read_info
from qabot.models.bundled import BUNDLED
from qabot.questions import schema as fields
from qabot.questions.parse import Question, least_tokens, slug
from qabot.questions.read import read_questions
from tests.conftest import Repository


def problems(repository: Repository) -> list[str]:
    return [str(problem) for problem in read_questions(repository.root).problems]


def questions(repository: Repository) -> list[Question]:
    found = read_questions(repository.root)
    assert found.problems == ()
    return [question for question_set in found.sets for question in question_set.questions]


def test_a_mapping_with_a_context(repository: Repository) -> None:
    repository.write(
        "questions/team/a.yaml",
        "context: |\n  Some text.\nquestions:\n"
        "  - What is it?\n"
        "  - id: own\n    question: ' And this? '\n    context: Another text.\n"
        "    expect: [1921, text]\n",
    )
    first, second = questions(repository)
    assert first == Question(
        "questions/team/a.yaml", "what-is-it", "What is it?", "Some text.\n", (), 4
    )
    assert second.id == "own"
    assert second.question == "And this?"
    assert second.context == "Another text."
    assert second.expect == ("1921", "text")
    assert second.line == 5


def test_a_question_that_the_text_must_not_answer(repository: Repository) -> None:
    repository.write(
        "questions/a.yaml",
        "context: c\nquestions:\n- {question: q, expect_no_answer: true}\n"
        "- {question: r, expect_no_answer: false}\n",
    )
    assert [question.expect_no_answer for question in questions(repository)] == [True, False]
    repository.write(
        "questions/a.yaml",
        "context: c\nquestions:\n- {question: q, expect_no_answer: 'yes'}\n"
        "- {question: r, expect_no_answer: true, expect: [x]}\n",
    )
    wrong_type, both = problems(repository)
    assert "'expect_no_answer' is neither true nor false; write true or false" in wrong_type
    assert "both 'expect' and 'expect_no_answer'; remove one" in both


def test_a_plain_list_in_yaml_and_json(repository: Repository) -> None:
    entries = [{"context": "c 😀", "question": "q?"}, {"context": "d", "question": "q?"}]
    repository.write("questions/a.json", json.dumps(entries))
    repository.write("questions/b.yml", "- {context: c, question: q}\n")
    found = questions(repository)
    assert [(item.source, item.id, item.context) for item in found] == [
        ("questions/a.json", "q", "c 😀"),
        ("questions/a.json", "q-2", "d"),
        ("questions/b.yml", "q", "c"),
    ]


def test_context_files(repository: Repository) -> None:
    repository.write("questions/docs/long.txt", b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    repository.write("questions/team/near.txt", "near")
    repository.write(
        "questions/team/a.yaml",
        "context_file: ../docs/long.txt\nquestions:\n- q\n- {question: r, context_file: near.txt}\n",
    )
    first, second = questions(repository)
    assert first.context == "one\ntwo\nthree\n"
    assert second.context == "near"


def test_line_ends_and_byte_order_marks_change_nothing(repository: Repository) -> None:
    text = "context: |\n  Zeile 1\n  Zeile 2\nquestions:\n  - 日本語は？\n"
    repository.write("questions/a.yaml", text)
    repository.write("questions/b.yaml", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    first, second = questions(repository)
    assert first.context == second.context == "Zeile 1\nZeile 2\n"
    assert first.id == second.id == "日本語は"


def test_other_files_are_left_alone(repository: Repository) -> None:
    for name in ("notes.md", ".hidden.yaml", ".git/x.yaml", "schema.json", "text.txt"):
        repository.write(f"questions/{name}", "not: [a question file")
    assert questions(repository) == []


def test_ids_are_unique_and_stay_when_a_slug_meets_them(repository: Repository) -> None:
    repository.write(
        "questions/a.yaml",
        "context: c\nquestions:\n- Who?\n- who\n- {id: who-2, question: WHO!}\n- '???'\n- 'who?'\n",
    )
    assert [question.id for question in questions(repository)] == [
        "who",
        "who-3",
        "who-2",
        "question",
        "who-4",
    ]


# Each file, and the problems it must give: line, column, part of what is wrong, part of what to do.
MISTAKES: dict[str, tuple[str, list[tuple[int, int, str, str]]]] = {
    "empty file": ("", [(1, 1, "no questions", "add one")]),
    "only a comment": ("# nothing\n", [(1, 1, "no questions", "add one")]),
    "text": ("just text\n", [(1, 1, "text instead of questions", "questions:")]),
    "no questions": ("context: c\n", [(1, 1, "no 'questions'", "list below")]),
    "questions no list": ("context: c\nquestions: q\n", [(2, 12, "is not a list", "- ")]),
    "empty list": ("context: c\nquestions: []\n", [(2, 12, "no questions", "add one")]),
    "unknown key": (
        "contxt: c\nquestions:\n- {question: q, context: c, qestion: r}\n",
        [(1, 1, "'contxt'", "did you mean 'context'?"), (3, 29, "'qestion'", "'question'?")],
    ),
    "unknown key like none": (
        "context: c\nquestions: [q]\nxyzzy: 1\n",
        [(3, 1, "'xyzzy'", "the keys are context, context_file, documents, questions")],
    ),
    "duplicate key": (
        "context: c\ncontext: d\nquestions: [q]\n",
        [(2, 1, "'context' is already in line 1", "remove one")],
    ),
    "both contexts": (
        "context: c\ncontext_file: x.txt\nquestions: [q]\n",
        [(1, 1, "both 'context' and 'context_file'", "remove one")],
    ),
    "no context": (
        "questions:\n- q\n- question: r\n",
        [(2, 3, "no context", "context:"), (3, 3, "no context", "context:")],
    ),
    "bare text in a plain list": ("- q\n", [(1, 3, "no context", "context:")]),
    "no question": ("- context: c\n", [(1, 3, "no 'question'", "write")]),
    "empty strings": (
        'context: "  "\nquestions:\n- ""\n- {question: }\n-\n',
        [
            (1, 10, "'context' is empty", "write"),
            (3, 3, "the question is empty", "write"),
            (4, 14, "'question' is empty", "write"),
            (5, 2, "the question is empty", "write"),
        ],
    ),
    "not text": (
        "context: c\nquestions:\n- 12\n- true\n- {question: [q]}\n- [q]\n- {question: {a: b}}\n",
        [
            (3, 3, "a number, not text", "quotes"),
            (4, 3, "true or false, not text", "quotes"),
            (5, 14, "a list instead of text", "text itself"),
            (6, 3, "a list where a question", "question itself"),
            (7, 14, "a mapping instead of text", "text itself"),
        ],
    ),
    "ids": (
        "context: c\nquestions:\n- {id: a b, question: q}\n- {id: x, question: r}\n"
        "- {id: x, question: s}\n- {id: ../x, question: t}\n- {id: -x, question: u}\n",
        [
            (3, 8, "'a b'", "letters"),
            (5, 3, "the id 'x' is already used in line 4", "another"),
            (6, 8, "'../x'", "letters"),
            (7, 8, "'-x'", "letters"),
        ],
    ),
    "expect": (
        "context: c\nquestions:\n- {question: q, expect: x}\n- {question: r, expect: []}\n"
        "- {question: s, expect: ['']}\n",
        [
            (3, 25, "'expect' is not a list", "brackets"),
            (4, 25, "'expect' is empty", "remove"),
            (5, 26, "is empty", "remove"),
        ],
    ),
    "too long": (
        f"context: c\nquestions:\n- {'x' * 2001}\n- {{id: {'x' * 101}, question: q}}\n",
        [
            (3, 3, "2,001 characters (maximum: 2,000)", "shorten"),
            (4, 8, "101 characters", "shorten"),
        ],
    ),
    "context files": (
        "questions:\n"
        "- {question: q, context_file: ../../secret.txt}\n"
        "- {question: q, context_file: /etc/passwd}\n"
        "- {question: q, context_file: 'C:\\secret.txt'}\n"
        "- {question: q, context_file: 'a\\b.txt'}\n"
        "- {question: q, context_file: missing.txt}\n"
        "- {question: q, context_file: link.txt}\n"
        "- {question: q, context_file: loop.txt}\n"
        "- {question: q, context_file: fifo.txt}\n"
        "- {question: q, context_file: latin1.txt}\n"
        "- {question: q, context_file: blank.txt}\n"
        "- {question: q, context_file: folder}\n"
        "- {question: q, context_file: huge.txt}\n"
        '- {question: q, context_file: "a\\0b.txt"}\n',
        [
            (2, 31, "leaves questions/", "into questions/"),
            (3, 31, "not a relative path", "from this folder"),
            (4, 31, "not a relative path", "from this folder"),
            (5, 31, "not a relative path", "from this folder"),
            (6, 31, "does not exist", "upper and lower case"),
            (7, 31, "leaves questions/", "into questions/"),
            (8, 31, "", ""),
            (9, 31, "not a file", "put a file"),
            (10, 31, "not UTF-8 (line 2, column 4)", "as UTF-8"),
            (11, 31, "is empty", "write"),
            (12, 31, "", ""),
            (13, 31, "(maximum: 8)", "shorter"),
            (14, 31, "not a relative path", "from this folder"),
        ],
    ),
    "alias bomb": (
        "a: &a [lol, lol]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
        [(2, 8, "repeats a list", "write it out")],
    ),
}


@pytest.fixture
def traps(repository: Repository) -> Repository:
    """A repository with everything that a context_file should not be."""
    repository.write("secret.txt", "secret")
    (repository.root / "questions/link.txt").symlink_to(repository.root / "secret.txt")
    (repository.root / "questions/loop.txt").symlink_to("loop.txt")
    os.mkfifo(repository.root / "questions/fifo.txt")
    repository.write("questions/latin1.txt", b"abc\nca\xc3\xa9\xe9")
    repository.write("questions/blank.txt", " \n\n")
    (repository.root / "questions/folder").mkdir()
    with (repository.root / "questions/huge.txt").open("wb") as file:
        file.truncate(100 * 2**20)
    return repository


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_reported_with_its_place(traps: Repository, name: str) -> None:
    text, expected = MISTAKES[name]
    traps.write("questions/bad.yaml", text)
    traps.write("questions/good.yaml", "context: c\nquestions: [q]\n")
    found = read_questions(traps.root)
    assert [question_set.source for question_set in found.sets] == ["questions/good.yaml"]
    reported = [
        (problem.line, problem.column, problem.what, problem.todo) for problem in found.problems
    ]
    assert len(reported) == len(expected), reported
    for (line, column, what, todo), problem in zip(expected, reported, strict=True):
        assert problem[:2] == (line, column), problem
        assert what in problem[2]
        assert todo in problem[3]


def test_a_problem_reads_as_file_line_column_what_and_what_to_do(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: c\nquestions: [q]\nquestion: r\n")
    assert problems(repository) == [
        "questions/a.yaml:3:1: unknown key 'question'; did you mean 'questions'?"
    ]


def test_mistakes_of_all_files_are_reported_together(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: [\n")
    repository.write("questions/b/c.json", '[{"question": "q", "context": "c"},]')
    repository.write("questions/d.yaml", b"context: caf\xe9\n")
    assert [problem.split(": ")[0] for problem in problems(repository)] == [
        "questions/a.yaml:2:1", "questions/b/c.json:1:36", "questions/d.yaml:1:13",
    ]  # fmt: skip


def test_files_that_cannot_be_read(repository: Repository) -> None:
    with repository.write("questions/huge.yaml", "").open("wb") as file:
        file.truncate(100 * 2**20)
    (repository.root / "questions/zero.yaml").symlink_to("/dev/zero")
    os.mkfifo(repository.root / "questions/fifo.yaml")
    tracemalloc.start()
    reported = problems(repository)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reported == [
        "questions/fifo.yaml: is not a file; put a file there",
        "questions/huge.yaml: is 100.0 MiB (maximum: 10); split the file",
        "questions/zero.yaml: is a link that leaves questions/; put the file itself there",
    ]
    assert peak < 2**20


def test_a_file_name_that_is_not_utf8(repository: Repository) -> None:
    path = os.fsencode(repository.root) + b"/questions/caf\xe9.yaml"
    try:
        Path(os.fsdecode(path)).write_text("context: c\nquestions: [q]\n")
    except OSError:
        pytest.skip("this file system does not accept such a name")
    assert problems(repository) == ["questions/caf?.yaml: its name is not UTF-8; rename it"]


def test_a_file_name_that_is_too_long_is_reported(repository: Repository) -> None:
    for name in ("é" * 115 + ".yaml", "x" * 251 + ".yml"):
        repository.write(f"questions/{name}", "context: c\nquestions: [q]\n")
    assert problems(repository) == [
        f"questions/{'x' * 251}.yml: its name has 255 bytes (maximum: 235); rename it"
    ]


def test_files_whose_answers_would_meet(repository: Repository) -> None:
    for name in ("a.yaml", "a.json", "b.yaml", "sub/a.yaml"):
        repository.write(f"questions/{name}", '[{"context": "c", "question": "q"}]')
    found = read_questions(repository.root)
    assert [question_set.source for question_set in found.sets] == [
        "questions/b.yaml",
        "questions/sub/a.yaml",
    ]
    assert [str(problem) for problem in found.problems] == [
        "questions/a.yaml: its answers would overwrite those of questions/a.json; rename it"
    ]


def test_half_a_surrogate_pair_is_reported(repository: Repository) -> None:
    repository.write("questions/a.json", '[{"context": "c", "question": "\\ud83d"}]')
    assert "half a surrogate pair" in problems(repository)[0]


def test_ten_thousand_questions_are_the_most(repository: Repository) -> None:
    many = "context: c\nquestions:\n" + "- q\n" * (fields.MAX_QUESTIONS + 1)
    repository.write("questions/a.yaml", many)
    assert problems(repository) == [
        "questions/a.yaml:10003:3: 10,001 questions in one file (maximum: 10,000); split the file"
    ]


@given(st.text())
def test_a_slug_is_an_id(question: str) -> None:
    import re

    name = slug(question)
    assert re.fullmatch(fields.ID_PATTERN, name)
    assert 1 <= len(name) <= 60


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*fields.QUESTION_FIELDS, "questions", "x"]), inner),
))  # fmt: skip
def test_no_data_breaks_the_validator(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    repository = Repository(tmp_path_factory.mktemp("any"))
    repository.write("questions/a.json", json.dumps(value))
    found = read_questions(repository.root)
    assert bool(found.sets) != bool(found.problems)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "context: c\nquestions:\n  - Which is right: 3 or 1?\n",
            ["3:5: 'Which is right: …' is read as a key and its value, not as a question; "
             "put text that contains ': ' in quotes"],
        ),
        (
            "context: c\nquestions:\n  - question:Who is it?\n",
            ["3:5: no space after 'question:'; write a space after the colon"],
        ),
    ],
)  # fmt: skip
def test_a_colon_in_a_question_is_explained(
    repository: Repository, text: str, problems: list[str]
) -> None:
    repository.write("questions/a.yaml", text)
    found = read_questions(repository.root).problems
    assert [str(problem) for problem in found] == [f"questions/a.yaml:{each}" for each in problems]


def test_files_that_nobody_reads_are_listed(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context_file: used.txt\nquestions: [Who?]\n")
    repository.write("elsewhere/b.yaml", "context: c\nquestions: [Who?]\n")
    others = ("list.jsonl", "sub/list.csv", "c.ymal", "b.yaml.txt", ".hidden", "x.md")
    for name in ("used.txt", *others):
        repository.write(f"questions/{name}", "text")
    (repository.root / "questions/team").symlink_to("../elsewhere")
    questions = read_questions(repository.root)
    assert questions.unread == (
        "questions/b.yaml.txt", "questions/c.ymal", "questions/list.jsonl", "questions/sub/list.csv",
        "questions/team",
    )  # fmt: skip
    assert str(questions.unread_note()).startswith("not read: questions/b.yaml.txt, ")
    assert read_questions(repository.root / "elsewhere").unread_note() is None


def test_a_question_that_the_model_has_no_room_for_is_a_mistake(repository: Repository) -> None:
    repository.write("questions/a.yaml", f"context: c\nquestions: [{'日本国憲法' * 72}？]\n")
    (problem,) = read_questions(repository.root).problems
    assert "at least 361 tokens long (maximum: 285)" in str(problem)


_TOKENIZER = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))


def test_the_limit_is_the_bundled_model_s() -> None:
    window = read_info(BUNDLED).max_length
    assert window - 3 - window // 4 == fields.MAX_QUESTION_TOKENS


@given(
    st.text(st.characters(codec="utf-8"))
    | st.text("日本国がのアン、。 ab-'é한국สวัสดี😀_\u3099", max_size=300)
)
def test_tokens_are_never_counted_too_many(text: str) -> None:
    tokens = _TOKENIZER.encode(text, add_special_tokens=False).ids
    assert least_tokens(text) <= len(tokens)


@pytest.mark.parametrize(
    ("documents", "line", "what", "todo"),
    [
        ('["h/*.md", "x/*"]', 1, "'x/*' matches no document", "there are: h/a.md"),
        ('["../secret.md"]', 1, "'../secret.md' leaves documents/", "put the document into"),
        ('["/etc/*"]', 1, "'/etc/*' is not a relative path", "below documents/"),
        ('"h/*"', 1, "'documents' is not a list", "put it in brackets"),
        ("[]", 1, "'documents' is empty", "write an item"),
        ('["h/*"]\ncontext: c', 1, "both 'context' and 'documents'", "remove one"),
    ],
)
def test_a_mistake_in_documents_is_reported_on_its_line(
    traps: Repository, documents: str, line: int, what: str, todo: str
) -> None:
    traps.write("documents/h/a.md", "text")
    traps.write("questions/bad.yaml", f"documents: {documents}\nquestions: [q]\n")
    (problem,) = read_questions(traps.root).problems
    assert (problem.line, what in problem.what, todo in problem.todo) == (line, True, True), problem


def test_documents_at_the_top_or_at_a_question(traps: Repository) -> None:
    traps.write("documents/h/a.md", "text")
    traps.write("documents/b.pdf", "%PDF-")
    traps.write(
        "questions/good.yaml",
        "documents: [h]\nquestions:\n- one\n- question: two\n  documents: ['*.pdf']\n"
        "- question: three\n  context: c\n",
    )
    found = read_questions(traps.root)
    assert not found.problems
    (questions,) = [read.questions for read in found.sets if read.source == "questions/good.yaml"]
    assert [(q.documents, q.context) for q in questions] == [
        (("h",), ""),
        (("*.pdf",), ""),
        ((), "c"),
    ]
