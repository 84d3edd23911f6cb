"""Features for training: the right window, wrong ones, and their numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerer.windows import Windows
from qabot.models.squad import Example
from tools.training.features import Drawing, Feature, collate, make_batches
from tools.training.recipe import Stage

BUNDLED = Path(__file__).parents[3] / "container/model"
NOTHING = "Nothing happened there. " * 30


def windows(length: int = 64) -> Windows:
    return Windows(BUNDLED / "tokenizer.json", length)


def draw(
    *examples: Example, weight: float = 1, length: int = 64, paragraphs: float = 0, wrong: float = 0
) -> list[Feature]:
    stage = Stage(files={}, wrong_paragraphs=paragraphs, wrong_windows=wrong)
    return Drawing([(examples, weight)], windows(length), stage).epoch("0")


def read(feature: Feature) -> str:
    """The context's part of a feature."""
    ids = feature.inputs["input_ids"][0][feature.context]
    text: str = windows()._tokenizer.decode(ids.tolist())
    return text


def test_the_window_that_holds_the_answer() -> None:
    context = f"{NOTHING}He won it in 1921, in Sweden. {NOTHING}"
    answers = (("1921", context.index("1921")), ("in 1921", context.index("in 1921")))
    (feature,) = draw(Example("1", context, "When did he win it?", answers))
    assert feature.length <= 64
    ids = feature.inputs["input_ids"][0]
    found = {
        windows()._tokenizer.decode(ids[first : last + 1].tolist()) for first, last in feature.spans
    }
    assert found == {"1921", "in 1921"}


def test_the_wrong_window_shares_words_and_holds_no_answer() -> None:
    context = (
        f"{NOTHING}He won it in 1921, in Sweden. {NOTHING}She did win something. "
        f"{NOTHING}In 1921 he did win it. {NOTHING}"
    )
    example = Example("1", context, "When did he win it?", (("1921", context.index("1921")),))
    right, wrong = draw(example, wrong=1)
    assert right.spans
    assert not wrong.spans
    assert "win something" in read(wrong)
    assert "1921" not in read(wrong)


def test_the_wrong_paragraph_is_of_the_same_article() -> None:
    examples = [
        Example("1", "He won it in 1921.", "When was the prize won?", (("1921", 13),), 0),
        Example("2", "The prize of 1921 is gold.", "What is it?", (("gold", 21),), 0),
        Example("3", "The prize is a medal.", "What is it?", (("a medal", 13),), 0),
        Example("4", "No such thing.", "What?", (("thing", 8),), 0),
        Example("5", "The prize is won each year.", "When?", (("each year", 17),), 1),
    ]
    features = draw(*examples, paragraphs=1)
    asked = [feature for feature in features if "was the prize won" in question(feature)]
    assert [read(feature) for feature in asked] == ["he won it in 1921.", "the prize is a medal."]
    assert asked[0].spans
    assert not asked[1].spans


def question(feature: Feature) -> str:
    text: str = windows()._tokenizer.decode(feature.inputs["input_ids"][0].tolist())
    return text.split("[SEP]")[0]


def test_an_unanswerable_question_teaches_the_null() -> None:
    (feature,) = draw(Example("1", "He won it.", "When?", ()))
    assert feature.spans == ()
    batch = collate([feature], ("input_ids",), "0")
    assert (batch["first"].tolist(), batch["last"].tolist()) == ([0], [0])


def test_questions_that_teach_nothing_are_left_out() -> None:
    assert not draw(
        Example("1", "word " * 200, "What?", (("word " * 150, 0),)),  # longer than a window
        Example("2", " ", "What?", (("x", 0),)),
        Example("3", "He won it.", "What?", (("elsewhere", 90),)),
    )


def test_weights_are_shares_and_multiples() -> None:
    examples = [Example(str(n), f"Word {n}.", "What?", (("Word", 0),)) for n in range(400)]
    assert len(draw(*examples, weight=0)) == 0
    assert len(draw(*examples, weight=1)) == 400
    assert len(draw(*examples, weight=2)) == 800
    assert 60 < len(draw(*examples, weight=0.25)) < 140


def test_batches_hold_every_feature_once_and_similar_lengths() -> None:
    examples = [
        Example(str(number), "word " * number + "end", "What?", (("end", 5 * number),))
        for number in range(1, 200)
    ]
    features = draw(*examples, length=384)
    batches = make_batches(features, 8, "1")
    assert sorted(id(feature) for batch in batches for feature in batch) == sorted(
        id(feature) for feature in features
    )
    spread = [
        max(feature.length for feature in batch) - min(feature.length for feature in batch)
        for batch in batches
    ]
    assert max(spread) <= 8
    lengths = [[feature.length for feature in batch] for batch in batches]
    again, other = make_batches(features, 8, "1"), make_batches(features, 8, "2")
    assert lengths == [[feature.length for feature in batch] for batch in again]
    assert lengths != [[feature.length for feature in batch] for batch in other]


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_padding_is_masked_and_only_the_context_is_a_choice(seed: str) -> None:
    features = draw(
        Example("1", "word end", "What?", (("end", 5),)),
        Example("2", "word word word end", "What?", (("end", 15), ("word end", 10))),
    )
    batch = collate(features, ("input_ids", "token_type_ids"), seed)
    short, long = (feature.length for feature in features)
    assert batch["attention_mask"].sum(1).tolist() == [short, long]
    assert batch["input_ids"].shape == (2, long)
    for row, feature in enumerate(features):
        expected = {0, *range(feature.context.start, feature.context.stop)}
        assert set(batch["choices"][row].nonzero().flatten().tolist()) == expected
    spans = zip(batch["first"].tolist(), batch["last"].tolist(), strict=True)
    assert all(span in feature.spans for span, feature in zip(spans, features, strict=True))
