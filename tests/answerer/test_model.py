"""The bundled model, by the code path of every engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerer.errors import InputError, ModelError
from answerer.info import digest
from answerer.model import Model

BUNDLED = Path(__file__).parents[2] / "container/model"

EINSTEIN = (
    "Albert Einstein (14 March 1879 – 18 April 1955) was a German-born theoretical physicist who "
    "developed the theory of relativity, one of the two pillars of modern physics (alongside "
    "quantum mechanics). His work is also known for its influence on the philosophy of science. He "
    "is best known to the general public for his mass–energy equivalence formula E = mc2, which "
    "has been dubbed the world's most famous equation. He received the 1921 Nobel Prize in Physics "
    "for his services to theoretical physics, and especially for his discovery of the law of the "
    "photoelectric effect, a pivotal step in the development of quantum theory."
)
MOMOTARO = (
    "A giant peach was flowing in the river. She picked it up and brought it home. Later, a "
    "healthy baby was born from the peach. She named the baby Momotaro."
)
YEAR = "In what year did Einstein win the Nobel prize ?"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(BUNDLED)


def test_bundled_model_is_the_one_its_info_describes(model: Model) -> None:
    assert model.info.name == "qabot-minilm-l6-squad"
    assert model.info.licence == "CC-BY-SA-4.0"
    assert digest(BUNDLED) == model.info.digest


def test_year_of_the_nobel_prize(model: Model) -> None:
    (span,) = model.answer(EINSTEIN, YEAR)
    assert (span.answer, span.start, span.end) == ("1921", 431, 435)
    assert span.score > 0.9


def test_reason_of_the_nobel_prize(model: Model) -> None:
    (span,) = model.answer(EINSTEIN, "Why did Einstein win the Nobel prize ?")
    assert "his services to theoretical physics" in span.answer


def test_name_of_the_baby(model: Model) -> None:
    (span,) = model.answer(MOMOTARO, "What is the name of the baby?")
    assert span.answer == "Momotaro"
    assert span.score > 0.5


def test_alternatives_come_best_first_and_apart(model: Model) -> None:
    spans = model.answer(EINSTEIN, YEAR, top_k=5)
    assert len(spans) == 5
    assert spans == sorted(spans, key=lambda span: -span.score)
    covered = [place for span in spans for place in range(span.start, span.end)]
    assert len(covered) == len(set(covered)), "two alternatives overlap"


def test_answers_of_many_are_those_of_each(model: Model) -> None:
    pairs = [(EINSTEIN, YEAR), (MOMOTARO, "What was flowing?"), (EINSTEIN, " "), ("", "What?")] * 5
    outcomes = dict(model.answer_all(pairs))
    assert sorted(outcomes) == list(range(len(pairs)))
    for index, (context, question) in enumerate(pairs):
        outcome = outcomes[index]
        if isinstance(outcome, InputError):
            assert outcome.kind == ("empty-question" if context else "empty-context")
        else:
            assert outcome == model.answer(context, question)
    assert sum(isinstance(outcome, InputError) for outcome in outcomes.values()) == 10


def test_missing_directory_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="qabot model export"):
        Model.load(tmp_path)
