from __future__ import annotations

import unicodedata

import pytest

from qabot.answers.model import contains_one

NFD = unicodedata.normalize("NFD", "José Peña of Madrid")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NFD, "José Peña"),
        ("José Peña", unicodedata.normalize("NFD", "josé")),
        ("the  STRASSE\n1", "straße 1"),
        ("ﬁrst", "first"),
        ("１９２１年", "1921"),
        ("10\u00a0km", "10 km"),
        ("photo\u00adelectric", "photoelectric"),
        ("a\u200bb\ufeff", "ab"),
        ("well\u2011known", "well-known"),
    ],
)
def test_what_looks_the_same_is_expected(answer: str, expected: str) -> None:
    assert contains_one(answer, [expected])


@pytest.mark.parametrize(
    ("answer", "expected"), [("Jose", "José"), ("1921", "1922"), ("ab", "a b")]
)
def test_what_looks_different_is_not(answer: str, expected: str) -> None:
    assert not contains_one(answer, [expected])
