from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer import contexts
from answerer.errors import InputError


@given(st.text())
def test_a_context_survives_packing(text: str) -> None:
    id_, data = contexts.pack(text)
    assert contexts.is_id(id_)
    assert contexts.unpack(id_, data) == text


@given(st.binary())
def test_any_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|SHA-256|Error"):
        contexts.unpack("context#0", data)


def test_a_cut_context_is_refused() -> None:
    id_, data = contexts.pack("Momotaro " * 1000)
    with pytest.raises(ValueError, match="cut off"):
        contexts.unpack(id_, data[:-5])


def test_a_megabyte_of_words_fits_into_an_item() -> None:
    # Words of a small vocabulary in random order compress about as well as English does.
    words = random.Random(1)
    vocabulary = ["".join(words.choices("etaoinshrdlu", k=6)) for _ in range(3000)]
    text = " ".join(words.choices(vocabulary, k=150_000))
    assert len(text) > 1_000_000
    _, data = contexts.pack(text)
    assert len(data) < 400 * 1024


def test_what_does_not_fit_is_an_error_that_says_how_much_it_is() -> None:
    noise = random.Random(1).randbytes(400 * 1024).hex()
    with pytest.raises(InputError, match="819,200 bytes") as caught:
        contexts.pack(noise)
    assert caught.value.kind == "context-too-large"


def test_half_a_character_is_an_error() -> None:
    with pytest.raises(InputError, match="offset 2") as caught:
        contexts.pack("ab\ud83d")
    assert caught.value.kind == "not-unicode"


def test_a_bomb_is_neither_made_nor_unpacked() -> None:
    with pytest.raises(InputError):
        contexts.pack("x" * (contexts.MAX_TEXT_BYTES + 1))
    bomb = zlib.compress(b"x" * (contexts.MAX_TEXT_BYTES + 1))
    with pytest.raises(ValueError, match="too large"):
        contexts.unpack("context#0", bomb)
