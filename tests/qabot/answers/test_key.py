"""Keys: what they are made of, and that nothing else changes them."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from qabot.answers.key import Keys

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts, texts)
def test_a_key_is_the_hash_of_canonical_json(model: str, context: str, question: str) -> None:
    document = {"context": context, "model": model, "question": question}
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    keys = Keys(model)
    for _ in range(2):  # the second time from the shared part
        assert keys.key(context, question) == hashlib.sha256(canonical.encode()).hexdigest()


def test_every_part_counts() -> None:
    different = {
        Keys(model).key(context, question)
        for model in ("m", "n")
        for context in ("c", "d")
        for question in ("q", "r")
    }
    assert len(different) == 8
