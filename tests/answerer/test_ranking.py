from __future__ import annotations

import pytest

from answerer.ranking import Ranking, best, terms


def test_a_passage_with_the_question_s_words_is_first() -> None:
    passages = ["The ferry left Bergen.", "The captain was Nils Hagen.", "It rained all day."]
    scores = Ranking(passages).scores("Who was the captain of the ferry from Bergen?")
    assert best(scores, 5) == [0, 1]


def test_a_rare_word_counts_for_more_than_a_common_one() -> None:
    towns = ["Arden", "Belton", "Corby", "Dunham"]
    passages = [
        f"Report of the mayor. The mayor of {town} spoke, said the mayor." for town in towns
    ]
    scores = Ranking(passages).scores("Who is the mayor of Corby?")
    assert best(scores, 1) == [2]


def test_function_words_rank_nothing() -> None:
    ranking = Ranking(["What is it? How many were there?", "The house is red."])
    assert best(ranking.scores("What is the colour of it?"), 5) == []


def test_equal_scores_keep_the_order_of_the_text() -> None:
    assert best([0.0, 1.0, 2.0, 1.0], 3) == [2, 1, 3]


def test_no_passages_and_no_words_have_no_scores() -> None:
    assert Ranking([]).scores("Who?") == []
    assert Ranking(["…", ""]).scores("Captain?") == [0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The year", "the YEARS"),
        ("vaccination", "vaccinated"),
        ("Straße", "STRASSE"),
        ("phở", "pho\u031b\u0309"),
        ("café", "cafe"),
        ("ﬁnance", "finances"),
        ("किताब", "किताब"),
    ],
)
def test_forms_of_a_word_are_one_term(text: str, other: str) -> None:
    assert terms(text) == terms(other)


def test_scripts_without_spaces_give_pairs_of_characters() -> None:
    assert terms("東京都 is 大") == ["東京", "京都", "is", "大"]
    passages = ["船長はニルスです。", "天気は雨でした。"]
    assert best(Ranking(passages).scores("船長は誰ですか"), 1) == [0]
    assert best(Ranking(["กัปตันชื่อนิลส์", "ฝนตกทั้งวัน"]).scores("ใครคือกัปตัน"), 1) == [0]


def test_numbers_and_names_with_marks_are_terms() -> None:
    assert terms("In 1921, O'Neil's co-op") == ["in", "1921", "o", "neil", "s", "co", "op"]


def test_that_few_words_are_missing_says_little() -> None:
    ranking = Ranking(["He received the 1921 Nobel Prize."])
    assert ranking.overlaps("Who was it?") == [1.0], "no word to look for"
    assert ranking.overlaps("In what year?") == [1 / 2]
    assert ranking.overlaps("Which year, month and day of the prize?") == [2 / 5]
