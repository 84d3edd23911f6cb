"""No cut inside of a character as people see it, and none inside of a word."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer.edges import whole_characters, whole_words

CLUSTERS = [
    "a", "é", "e\u0301", "o\u031b\u0309", "漢", "が", "か\u3099", "ｶ\uff9e",
    "क्ष", "कि", "กำ", "ก็", "ต้",
    "한", "\u1112\u1161\u11ab", "👩\u200d👩\u200d👧", "👍🏽", "🇯🇵", "🇳🇴", "❤\ufe0f", "\r\n",
    "שָׁ", "بِّ", "1\ufe0f\u20e3",
    "🏴\U000e0067\U000e0062\U000e007f", "த்", "\u0600١",
]  # fmt: skip


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_cluster_is_never_cut(cluster: str) -> None:
    text = f"x {cluster} y"
    whole = (2, 2 + len(cluster))
    for start in range(*whole):
        for end in range(start + 1, whole[1] + 1):
            assert whole_characters(text, start, end) == whole
            assert whole_words(text, start, end) == whole


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("Ask Ines Duarte.", "es Duarte", "Ines Duarte"),
        ("Ask Ines Duarte.", "Ines Dua", "Ines Duarte"),
        ("In 1903 he", "90", "1903"),
        ("set max_tokens to", "tokens", "max_tokens"),
        ("die Straße nach", "stra", "Straße"),
        ("за входом", "ход", "входом"),
        ("एक किताब है", "ताब", "किताब"),
        ("nai\u0308ve men", "ve", "nai\u0308ve"),
        ("می\u200cخواهم", "خواهم", "می\u200cخواهم"),
        ("in\u00adfor\u00admal", "for", "in\u00adfor\u00admal"),
        # The second part of these is a word, or a particle, of its own.
        ("Einstein's prize", "Einstein", "Einstein"),
        ("twenty-one", "one", "one"),
        ("漢字です", "漢字", "漢字"),
        ("ภาษาไทย", "ไทย", "ไทย"),
        ("2024年", "2024", "2024"),
        ("서울에서", "서울", "서울"),
        ("a" * 200, "a", "a"),  # no word is as long
    ],
)
def test_a_word_is_never_cut(text: str, part: str, whole: str) -> None:
    start = text.lower().index(part.lower())
    first, last = whole_words(text, start, start + len(part))
    assert text[first:last] == whole


@given(st.lists(st.sampled_from([cluster for cluster in CLUSTERS if cluster != "\r\n"])))
def test_a_part_between_clusters_stays_as_it_is(clusters: list[str]) -> None:
    text = "|".join(["", *clusters, ""])
    place = 0
    for cluster in clusters:
        part = (place + 1, place + 1 + len(cluster))
        assert whole_words(text, *part) == part
        place = part[1]


@given(st.text(min_size=1), st.data())
def test_widening_twice_changes_nothing(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    wide = whole_words(text, start, end)
    assert wide[0] <= start < end <= wide[1]
    assert whole_words(text, *wide) == wide == whole_characters(text, *wide)
    assert (
        wide[1] == len(text)
        or unicodedata.category(text[wide[1]])[0] != "M"
        or (unicodedata.category(text[wide[1] - 1]) in ("Cc", "Zl", "Zp"))
    )
