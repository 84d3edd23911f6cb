"""Tokens, offsets and windows, for tokenizers of several kinds and any text."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, processors

from answerer.errors import InputError, ModelError
from answerer.windows import Context, Windows

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLED = Path(__file__).parents[2] / "container/model/tokenizer.json"

# Everything that has broken an offset somewhere: combining marks, joined emoji, right-to-left,
# NUL, a byte-order mark, line separators, a ligature that grows when it is normalised.
HARD = "aé e\u0301 👩\u200d👩 שלום \u202e\x00\ufeff\u2028\xa0\u3000漢字ﬁİ\u1e9e\r\n\t🇯🇵\U0010ffff 1921."
TEXT = st.text(
    st.one_of(st.sampled_from(HARD), st.characters(exclude_categories=["Cs"])), min_size=1
)


@pytest.fixture(scope="session")
def bundled() -> Windows:
    return Windows(BUNDLED, 384)


@pytest.fixture(scope="session")
def bytewise(byte_level: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Windows:
    path = tmp_path_factory.mktemp("bytewise") / "tokenizer.json"
    byte_level.save(str(path))
    return Windows(path, 64)


@pytest.fixture(scope="session")
def wordwise(word_level: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Windows:
    path = tmp_path_factory.mktemp("wordwise") / "tokenizer.json"
    word_level.save(str(path))
    return Windows(path, 32)


def check_offsets(context: Context) -> None:
    """Every span that the search may choose is a part of the text, stripped."""
    text, usable = context.text, (~context.blank).nonzero()[0].tolist()
    assert (context.starts <= context.ends).all()
    assert context.ends.max() <= len(text)
    for first, last in itertools.pairwise(usable):
        for pair in ((first, first), (first, last)):
            start, end = context.stripped(*pair)
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip() != ""


@settings(max_examples=300)
@given(text=TEXT)
def test_offsets_of_both_kinds_of_tokenizers(
    bundled: Windows, bytewise: Windows, text: str
) -> None:
    for windows in (bundled, bytewise):
        context = windows.context(text)
        if len(context.ids):
            check_offsets(context)
    # Of the bytes, every character that is seen has its token.
    covered = {
        place
        for start, end in zip(context.starts, context.ends, strict=True)
        for place in range(start, end)
    }
    missing = {place for place, char in enumerate(text) if not char.isspace()} - covered
    assert not missing, "characters without a token"


def test_template_is_learnt_from_the_tokenizer(
    bundled: Windows, bytewise: Windows, wordwise: Windows
) -> None:
    assert bundled.template.before == [(101, 0)]
    assert bundled.template.between == [(102, 0)]
    assert bundled.template.after == [(102, 1)]
    assert (bundled.template.question_type, bundled.template.context_type) == (0, 1)
    assert bytewise.template.between == [(2, 0), (2, 0)], "RoBERTa puts two </s> between"
    assert wordwise.template.length == 3


@pytest.mark.parametrize("which", ["bundled", "bytewise", "wordwise"])
def test_window_is_what_the_tokenizer_makes_of_the_pair(
    which: str, request: pytest.FixtureRequest
) -> None:
    windows: Windows = request.getfixturevalue(which)
    question, text = "w1 w2 ?", "w3 w4 w5"
    encoding = windows._tokenizer.encode(question, text)
    context, ids = windows.context(text), windows.question(question)
    (window,) = windows.cut(context, ids)
    inputs = windows.inputs(context, ids, window)
    assert inputs["input_ids"].tolist() == [encoding.ids]
    assert inputs["token_type_ids"].tolist() == [encoding.type_ids]
    assert inputs["attention_mask"].tolist() == [encoding.attention_mask]
    place = windows.place(ids, window)
    assert encoding.ids[place] == context.ids.tolist()


def test_special_tokens_in_a_text_are_text(bundled: Windows) -> None:
    context = bundled.context("He wrote [SEP] and [CLS] there.")
    assert not {101, 102} & set(context.ids.tolist())
    assert not {101, 102} & set(bundled.question("What is [SEP] ?"))


def test_template_needs_a_pair(word_level: Tokenizer, tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_str(word_level.to_str())
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A", pair="$B $A", special_tokens=[]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="pair of texts"):
        Windows(tmp_path / "tokenizer.json", 32)


def test_broken_tokenizer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read"):
        Windows(path, 32)


@pytest.mark.parametrize(
    "change",
    [
        # Its Rust panics: the template names a token that the list after it lacks.
        lambda raw: raw["post_processor"].update(special_tokens={}),
        # It raises, because it has no token for an unknown word.
        lambda raw: raw["model"].update(unk_token="[NONE]"),
    ],
)
def test_a_tokenizer_that_fails_on_a_text_is_a_model_error(
    word_level: Tokenizer, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    raw = json.loads(word_level.to_str())
    change(raw)
    (tmp_path / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json .* export the model again"):
        Windows(tmp_path / "tokenizer.json", 32).context("unknown")


@settings(max_examples=100)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    asked=st.integers(1, 21),
)
def test_windows_cover_the_context_and_overlap(
    wordwise: Windows, lengths: list[int], asked: int
) -> None:
    # Words of several tokens each, as pieces of words and bytes are.
    breaks = np.array([place == 0 for length in lengths for place in range(length)])
    tokens = len(breaks)
    nothing = np.zeros(tokens, np.int32)
    context = Context("", nothing.astype(np.int64), nothing, nothing, ~breaks, breaks)
    cut = wordwise.cut(context, [0] * asked)
    assert cut[0].start == 0
    assert cut[-1].stop == tokens
    for window, following in itertools.pairwise(cut):
        assert window.start < following.start <= window.stop, "tokens between two windows"
        assert window.stop < following.stop
    assert all(0 < len(window) <= 32 - 3 - asked for window in cut), "longer than the model reads"


def test_cuts_fall_between_words(bundled: Windows) -> None:
    # Words of several tokens each.
    context = bundled.context("electroencephalography phosphorylation " * 300)
    question = bundled.question("What?")
    cut = bundled.cut(context, question)
    assert len(cut) > 3
    for window in cut[1:]:
        start = context.starts[window.start]
        assert context.text[start - 1] == " ", "a window starts inside of a word"
        assert len(window) <= 384 - 3 - len(question)


def test_tokenisation_of_a_long_text_is_whole(bundled: Windows) -> None:
    text = "word " * 50_000
    context = bundled.context(text)
    assert len(context.ids) == 50_000
    assert (context.starts == 5 * np.arange(50_000)).all()


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("", "empty-question"),
        ("\u00a0\n", "empty-question"),
        ("why \udc00 ?", "not-unicode"),
        ("why " * 286, "question-too-long"),
    ],
    ids=["empty", "blank", "surrogate", "long"],
)
def test_bad_questions(bundled: Windows, question: str, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        bundled.question(question)
    assert caught.value.kind == kind
    assert ";" in caught.value.reason, "it says what to do"


def test_longest_question_leaves_a_quarter_of_the_window(bundled: Windows) -> None:
    ids = bundled.question("why " * 285)
    context = bundled.context("because " * 1000)
    assert all(len(window) <= 384 - 3 - len(ids) for window in bundled.cut(context, ids))
