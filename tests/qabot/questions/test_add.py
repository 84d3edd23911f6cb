"""A question asked by hand: the file reads back as it was asked, and overwrites none."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.errors import UsageError
from qabot.questions.add import add_question
from qabot.questions.read import read_questions
from tests.conftest import Repository

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(texts, texts.filter(lambda text: len(text) < 2000))
def test_any_text_reads_back(
    tmp_path_factory: pytest.TempPathFactory, context: str, question: str
) -> None:
    repository = Repository(tmp_path_factory.mktemp("asked"))
    source = add_question(repository.root, context, question)
    assert source.startswith("questions/asked/")
    questions = read_questions(repository.root)
    assert questions.problems == ()
    (found,) = questions.sets[0].questions
    assert found.question == question.replace("\r\n", "\n").strip() or "\r" in question
    assert found.context == context.replace("\r\n", "\n").replace("\r", "\n")
    shutil.rmtree(repository.root)


def test_no_file_is_overwritten(repository: Repository) -> None:
    first = add_question(repository.root, "c", "Who?")
    assert add_question(repository.root, "c", "Who?") == first == "questions/asked/who.yaml"
    assert add_question(repository.root, "d", "Who?") == "questions/asked/who-2.yaml"
    assert 'context: "c"' in repository.read(first)


@pytest.mark.parametrize(
    ("context", "question", "said"),
    [
        (" ", "q", "the context is empty"),
        ("c", "\n", "the question is empty"),
        ("c", "q" * 2001, "2,001 characters \\(maximum: 2,000"),
        ("c\ud83d", "q", "half a surrogate pair"),
    ],
)
def test_what_cannot_be_asked_is_reported(
    repository: Repository, context: str, question: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        add_question(repository.root, context, question)


def test_a_path_in_a_question_leads_nowhere(repository: Repository) -> None:
    source = add_question(repository.root, "c", "../../etc/passwd; rm -rf /")
    assert source == "questions/asked/etc-passwd-rm-rf.yaml"


def test_a_file_system_without_links_will_do(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    first = add_question(repository.root, "c", "Who?")
    assert add_question(repository.root, "d", "Who?") == "questions/asked/who-2.yaml"
    assert 'context: "c"' in repository.read(first)
    assert len(repository.files("questions")) == 2


def test_a_question_in_the_longest_letters_becomes_a_file_that_can_be_read(
    repository: Repository,
) -> None:
    for context in ("c", "d"):
        add_question(repository.root, context, "\U00020000" * 100)
    found = read_questions(repository.root)
    assert found.problems == ()
    assert len(found.sets) == 2
