from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from answerer import passages

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_text_of_a_few_windows_is_one_passage() -> None:
    text = "word " * (passages.WHOLE // 5)
    assert passages.cut(text) == [range(len(text))]


@given(st.lists(st.sampled_from(["word", " ", ". ", "\n\n", "。", "x" * 900, "字"]), min_size=1))
def test_passages_cover_a_text_and_overlap(pieces: list[str]) -> None:
    text = "".join(pieces) * 40
    cuts = passages.cut(text)
    assert cuts[0].start == 0
    assert cuts[-1].stop == len(text)
    for before, after in itertools.pairwise(cuts):
        assert before.start < after.start
        assert before.stop < after.stop
        assert after.start <= before.stop - passages.OVERLAP
        assert len(before) <= passages.LENGTH


def test_a_passage_ends_with_a_paragraph_or_else_a_sentence_or_else_a_word() -> None:
    sentence = "The ferry left the town of Bergen at noon with forty guests. "
    text = sentence * 200
    assert all(text[cut.start : cut.stop].endswith(". ") for cut in passages.cut(text)[:-1])
    paragraphs = (sentence * 5 + "\n\n") * 50
    assert all(
        paragraphs[cut.start : cut.stop].endswith("\n\n") for cut in passages.cut(paragraphs)[:-1]
    )
    words = "word " * 2000
    assert all(words[cut.start : cut.stop].endswith(" ") for cut in passages.cut(words)[:-1])


def test_a_form_feed_ends_a_passage() -> None:
    text = "First.\fSecond.\f\f" + "long " * 1000
    found = [text[cut.start : cut.stop] for cut in passages.cut(text)]
    assert found[:3] == ["First.", "Second.", ""]
    assert len(found) > 4
    assert not any("\f" in passage for passage in found)


@given(st.text(st.sampled_from("ab. \f\n"), max_size=6000))
def test_form_feeds_change_nothing_else(text: str) -> None:
    cuts = [cut for part in _parts(text) for cut in part]
    assert passages.cut(text) == cuts


def _parts(text: str) -> Iterator[list[range]]:
    """The pieces of each part of a text, at their places in the whole."""
    start = 0
    for part in text.split("\f"):
        yield [range(cut.start + start, cut.stop + start) for cut in passages.cut(part)]
        start += len(part) + 1
