"""The bundled model, by the code path of every engine."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, processors

from answerer.errors import InputError, ModelError
from answerer.info import digest
from answerer.model import Model
from answerer.windows import Windows
from tests.tutorial import EINSTEIN, MOMOTARO, YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from answerer.windows import Context

    MakeModel = Callable[..., Path]

# Where offsets break: combining marks, joined emoji, right-to-left, NUL, marks without width.
HARD = [
    *"aé 👩שם\x00\ufeff\u2028\u3000漢字ﬁİ\r\n🇯🇵.1",
    "e\u0301",
    "\u202e",
    "born in 1921",
    "👩\u200d👩",
]

BUNDLED = Path(__file__).parents[2] / "container/model"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(BUNDLED)


def test_bundled_model_is_the_one_its_info_describes(model: Model) -> None:
    assert model.info.name == "qabot-minilm-l6-squad"
    assert model.info.licence == "CC-BY-SA-4.0"
    assert digest(BUNDLED) == model.info.digest


def test_a_file_of_the_right_size_with_other_content_is_not_loaded(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx or tokenizer\.json does not match"):
        Model.load(tmp_path)


def test_year_of_the_nobel_prize(model: Model) -> None:
    (span,) = model.answer(EINSTEIN, YEAR)
    assert (span.answer, span.start, span.end) == ("1921", 431, 435)
    assert span.score > 0.9


def test_reason_of_the_nobel_prize(model: Model) -> None:
    (span,) = model.answer(EINSTEIN, "Why did Einstein win the Nobel prize ?")
    assert "services to theoretical physics" in span.answer


def test_name_of_the_baby(model: Model) -> None:
    (span,) = model.answer(MOMOTARO, "What is the name of the baby?")
    assert span.answer == "Momotaro"
    assert span.score > 0.5


@pytest.mark.parametrize("context", ["Rome", "It is Rome."])
@pytest.mark.parametrize("question", ["Who?", "How many eggs are in a dozen?", "Where is it?"])
def test_a_few_words_are_never_sure(model: Model, context: str, question: str) -> None:
    (span,) = model.answer(context, question)
    assert span.score < 1 - 1e-3


def test_a_text_about_something_else_does_not_say(model: Model) -> None:
    none, *others = model.answer(EINSTEIN, "How many days of leave are there in a year?", top_k=3)
    assert not none.found
    assert none.score > 0.5
    assert len(others) == 2
    assert all(EINSTEIN[span.start : span.end] == span.answer != "" for span in others)
    assert all(span.score < 0.5 for span in others)


def test_letters_keep_their_marks(model: Model) -> None:
    text = unicodedata.normalize("NFD", "The dish is called phở. The chef is Lê.")
    answers = [
        model.answer(text, question)[0].answer
        for question in ("What is the dish called?", "Who is the chef?")
    ]
    assert [unicodedata.normalize("NFC", answer) for answer in answers] == ["phở", "Lê"]


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


@settings(max_examples=60)
@given(
    context=st.lists(st.sampled_from(HARD), min_size=1, max_size=80).map("".join),
    question=st.sampled_from(["שלום?", "👩‍👩‍👧", "What is 漢字?", "\x00?", "[SEP] [MASK]"]),
)
def test_answer_is_the_part_of_the_context_at_its_offsets(
    model: Model, context: str, question: str
) -> None:
    try:
        spans = model.answer(context, question, top_k=4)
    except InputError:
        return
    assert spans
    for span in spans:
        assert context[span.start : span.end] == span.answer
        assert span.answer.strip() == span.answer
        assert 0 <= span.score <= 1
    assert all(span.found for span in spans[1:])
    covered = [place for span in spans for place in range(span.start, span.end)]
    assert len(covered) == len(set(covered)), "two alternatives overlap"


def test_a_context_that_nobody_sees_says_so(model: Model) -> None:
    with pytest.raises(InputError) as caught:
        model.answer("\x01\u200b", "What?")
    assert caught.value.kind == "context-without-tokens"


def test_answer_deep_in_a_long_context(model: Model) -> None:
    dull = "Nothing of note happened in the village on that day. "
    context = dull * 60 + EINSTEIN + " " + dull * 60
    (span,) = model.answer(context, YEAR)
    assert span.answer == "1921"
    assert span.start == len(dull) * 60 + 431


def test_megabyte_is_searched_whole(
    tmp_path: Path, make_model: MakeModel, word_level: Tokenizer
) -> None:
    # The network only looks a token up, so that this is the time of everything around it.
    logits = np.zeros((1004, 2))
    logits[word_level.token_to_id("w777")] = 9
    model = Model.load(make_model(tmp_path / "model", word_level, logits, max_length=384))
    filler = "w1 w22 w333 " * 50_000
    context = filler + "w777" + " " + filler[:400_000]
    assert len(context) > 1_000_000
    (span,) = model.answer(context, "w5 ?")
    assert (span.answer, span.start) == ("w777", len(filler))


def test_pairs_are_taken_a_few_ahead_and_no_more(model: Model) -> None:
    taken = itertools.count()
    pairs = ((MOMOTARO, f"Who is number {next(taken)}?") for _ in itertools.repeat(None))
    answers = model.answer_all(pairs)
    for _ in range(3):
        next(answers)
    assert next(taken) <= 3 + 4 * model.threads
    answers.close()


def test_closing_ends_the_threads(model: Model) -> None:
    answers = model.answer_all((EINSTEIN * 40, YEAR) for _ in itertools.repeat(None))
    next(answers)
    assert any(thread.name == "answerer" for thread in threading.enumerate())
    begun = time.monotonic()
    answers.close()
    assert time.monotonic() - begun < 2
    assert not any(thread.name == "answerer" for thread in threading.enumerate())


def test_error_of_the_callers_iterator_reaches_the_caller(model: Model) -> None:
    def pairs() -> Iterator[tuple[str, str]]:
        yield MOMOTARO, "Who?"
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        list(model.answer_all(pairs()))
    assert not any(thread.name == "answerer" for thread in threading.enumerate())


def test_questions_about_one_context_share_its_tokens(
    tmp_path: Path, make_model: MakeModel, word_level: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    plain = Windows.context

    def counted(windows: Windows, text: str) -> Context:
        seen.append(text)
        return plain(windows, text)

    monkeypatch.setattr(Windows, "context", counted)
    model = Model.load(make_model(tmp_path / "model", word_level, np.zeros((1004, 2))))
    one, other = "w1 w2 w3", "w4 w5"
    pairs = [(one, f"w{number} ?") for number in range(5)] + [(other, "w1 ?"), (one, "w9 ?")]
    assert len(list(model.answer_all(pairs))) == 7
    model.answer(str(b"w1 w2 w3", "ascii"), "w7 ?")
    assert seen == [one, other]


def test_the_first_token_is_the_null_of_a_model_that_has_one(
    tmp_path: Path, make_model: MakeModel, word_level: Tokenizer
) -> None:
    logits = np.zeros((1004, 2))
    logits[word_level.token_to_id("[CLS]")] = 5
    logits[word_level.token_to_id("w7")] = 9
    for name, null, found in [("with", True, False), ("without", False, True)]:
        model = Model.load(make_model(tmp_path / name, word_level, logits, null=null))
        assert model.answer("w1 w2 w7", "w3 ?")[0].answer == "w7"
        assert model.answer("w1 w2 w3", "w3 ?")[0].found is found


def test_a_null_without_a_token_for_it_is_named(
    tmp_path: Path, make_model: MakeModel, word_level: Tokenizer
) -> None:
    bare = Tokenizer.from_str(word_level.to_str())
    bare.post_processor = processors.TemplateProcessing(
        single="$A [SEP]", pair="$A [SEP] $B:1", special_tokens=[("[SEP]", 2)]
    )
    folder = make_model(tmp_path / "model", bare, np.zeros((1004, 2)), null=True)
    with pytest.raises(ModelError, match="no token before the question.*export the model again"):
        Model.load(folder)


def test_failing_network_is_one_error(
    tmp_path: Path, make_model: MakeModel, word_level: Tokenizer
) -> None:
    model = Model.load(make_model(tmp_path / "model", word_level, np.full((1004, 2), np.nan)))
    with pytest.raises(ModelError, match="not finite numbers"):
        model.answer("w1 w2", "w3 ?")
    with pytest.raises(ModelError, match="not finite numbers"):
        list(model.answer_all([("w1 w2", "w3 ?")] * 9))


def test_byte_level_tokenizer_from_end_to_end(
    tmp_path: Path,
    make_model: MakeModel,
    byte_level: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("answerer.model.MAX_ANSWER_TOKENS", 4)
    logits = np.zeros((byte_level.get_vocab_size(), 2))
    # The four bytes of the emoji, apart from what other characters are made of.
    for token in byte_level.encode("😀").ids[1:]:
        logits[token] = 5
    model = Model.load(make_model(tmp_path / "model", byte_level, logits))
    context = "é\u0301 שלום " * 9 + "😀" + " \x00漢字"
    (span,) = model.answer(context, "why ?")
    assert (span.answer, span.start) == ("😀", context.index("😀"))


INTERRUPTED = """
import itertools, sys
from pathlib import Path
from answerer.model import Model

model = Model.load(Path(sys.argv[1]))
text = "She named the baby Momotaro. " * 400
for index, spans in model.answer_all((text, "Who?") for _ in itertools.repeat(None)):
    print(index, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_interrupt_ends_the_process_immediately() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(BUNDLED)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(BUNDLED.parent)},
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert time.monotonic() - begun < 3
    assert said.rstrip().endswith("KeyboardInterrupt"), "a crash while it ends"
