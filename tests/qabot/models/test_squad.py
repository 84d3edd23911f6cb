"""SQuAD's files and measures, against values worked out by the official scripts' rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qabot.errors import UsageError
from qabot.models import squad

if TYPE_CHECKING:
    from pathlib import Path


def squad_file(path: Path, context: str, *entries: dict[str, object]) -> Path:
    data = [{"title": "t", "paragraphs": [{"context": context, "qas": list(entries)}]}]
    path.write_text(json.dumps({"version": "v2.0", "data": data}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat, a dog & an ant.", "cat dog ant"),
        ("U.S.", "us"),
        ("theatre", "theatre"),
        ("A", ""),
        ("Ünïcode—dash", "ünïcode—dash"),
    ],
)
def test_normalise(text: str, normal: str) -> None:
    assert squad.normalise(text) == normal


@pytest.mark.parametrize(
    ("answer", "right", "exact", "f1"),
    [
        ("in 1921", ("1921",), 0, 2 / 3),
        ("the 1921", ("1921", "in 1921"), 1, 1),
        ("1921 1921", ("1921",), 0, 2 / 3),
        ("dog", ("cat",), 0, 0),
        ("", ("",), 1, 1),
        ("the", ("",), 1, 1),
        ("something", ("",), 0, 0),
        ("", ("something",), 0, 0),
    ],
)
def test_measures(answer: str, right: tuple[str, ...], exact: float, f1: float) -> None:
    assert squad.exact_match(answer, right) == exact
    assert squad.f1(answer, right) == pytest.approx(f1)


def test_questions_with_and_without_an_answer(tmp_path: Path) -> None:
    path = squad_file(
        tmp_path / "dev.json",
        "A cat sat.",
        {"id": "1", "question": "Who?", "answers": [{"text": "cat", "answer_start": 2}] * 2},
        {"id": "2", "question": "Why?", "answers": [], "is_impossible": True},
    )
    first, second = squad.read(path)
    assert first == squad.Example("1", "A cat sat.", "Who?", (("cat", 2), ("cat", 2)))
    assert first.texts == ("cat", "cat")
    assert second.texts == ("",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "cannot be read as JSON"),
        ("[1]", "is not a SQuAD file"),
        ('{"data": [{"paragraphs": [{"qas": [{}]}]}]}', "'context'"),
        ('{"data": [{"paragraphs": [{"context": 1, "qas": [{"id": 1, "question": "?"}]}]}]}', "no"),
        ('{"data": []}', "has no questions"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        squad.read(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json"):
        squad.read(tmp_path / "nowhere.json")


def test_answers_in_hugging_face_s_form_and_a_list_of_articles_are_read(tmp_path: Path) -> None:
    entry = {"id": "1", "question": "Who?", "answers": {"text": ["Olaf"], "answer_start": [13]}}
    articles = [{"paragraphs": [{"context": "The baker is Olaf.", "qas": [entry]}]}]
    path = tmp_path / "file.json"
    for raw in ({"data": articles}, articles):
        path.write_text(json.dumps(raw), encoding="utf-8")
        (example,) = squad.read(path)
        assert example.answers == (("Olaf", 13),)


def test_two_questions_of_one_id_are_refused(tmp_path: Path) -> None:
    entry = {"id": "7", "question": "Who?", "answers": []}
    paragraph = {"context": "c", "qas": [entry]}
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [paragraph, paragraph]}]}))
    with pytest.raises(UsageError, match="two questions with the id '7'"):
        squad.read(path)
