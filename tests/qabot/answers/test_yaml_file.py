"""answers/*.yaml: written the same always, read by any YAML reader, read back in part when damaged."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from answerer.spans import Span
from qabot.answers.model import Answer, AnswerSet, Entry, Failure, is_doubtful
from qabot.answers.yaml_file import MARKER, parse, render

texts = st.text(st.characters(exclude_categories=["Cs"]))
scores = st.floats(0, 1).map(lambda score: round(score, 4))
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
spans = st.builds(Span, words, st.integers(0, 10**9), st.integers(0, 10**9), scores)
nulls = st.builds(Span, st.just(""), st.just(0), st.just(0), scores)
others = st.lists(spans, max_size=2).map(tuple)
answers = st.builds(Answer, texts, texts, spans | nulls, others).map(
    # Only a doubtful answer, or none, shows what else it could have been.
    lambda answer: (
        answer if is_doubtful(answer) or not answer.span.found else replace(answer, alternatives=())
    )
)
failures = st.builds(
    Failure, texts, texts, texts, texts, st.integers(1, 99), st.booleans(),
    st.dictionaries(texts, texts, max_size=3),
)  # fmt: skip
sets = st.builds(
    AnswerSet,
    texts,
    st.lists(st.builds(Entry, texts, texts, answers | failures), max_size=3).map(tuple),
)


@given(sets)
def test_what_is_written_is_read_back(answer_set: AnswerSet) -> None:
    text = render(answer_set)
    assert parse(text) == answer_set
    assert render(answer_set) == text


@given(sets)
def test_any_yaml_reader_reads_it(answer_set: AnswerSet) -> None:
    for loader in {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}:
        document = yaml.load(render(answer_set), Loader=loader)
        assert document["source"] == answer_set.source
        assert len(document["answers"]) == len(answer_set.entries)
        for written, entry in zip(document["answers"], answer_set.entries, strict=True):
            assert (written["id"], written["question"]) == (entry.id, entry.question)
            if isinstance(entry.result, Answer):
                span = entry.result.span
                if span.found:
                    assert (written["answer"], written["start"], written["end"]) == (
                        span.answer, span.start, span.end,
                    )  # fmt: skip
                else:
                    assert written["answer"] is None
                    assert not {"start", "end"} & set(written)
                assert written["score"] == span.score
            else:
                assert written["error"]["reason"] == entry.result.reason


@given(sets)
def test_nothing_in_it_is_invisible(answer_set: AnswerSet) -> None:
    hidden = "\u202e\u2066\u200f\ufeff\x85\u2028\x7f"
    for character in render(answer_set):
        assert character == "\n" or (character >= " " and character not in hidden)


@given(sets, st.integers(0, 10**6), st.text(max_size=3))
def test_damage_is_read_in_part_and_breaks_nothing(
    answer_set: AnswerSet, at: int, insert: str
) -> None:
    text = render(answer_set)
    at %= len(text) + 1
    for damaged in (text[:at], text[at:], text[:at] + insert + text[at:]):
        parse(damaged)
    # Whole lines from the start, as a full disk leaves them: every entry but the last is as it was.
    kept = parse(text[: text.rfind("\n", 0, at) + 1])
    if kept is not None:
        assert list(kept.entries[:-1]) == list(answer_set.entries[: len(kept.entries[:-1])])


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert parse(text) is None or MARKER in text
    assert parse(f"{MARKER}\n{text}") is not None


EXAMPLE = AnswerSet(
    "questions/einstein.yaml",
    (
        Entry("year", "In what year?", Answer("k1", "m@1/s1", Span("1921", 431, 435, 0.96143))),
        Entry(
            "why",
            'Why did "he" win?',
            Answer("k2", "m@1/s1", Span("a", 0, 1, 0.2), (Span("b", 2, 3, 0.1),)),
        ),
        Entry("who", "Who?", Answer("k4", "m@1/s1", Span("", 0, 0, 0.9), (Span("b", 2, 3, 0.1),))),
        Entry("long", "x", Failure("k3", "m@1/s1", "question-too-long", "no", 2, permanent=True)),
    ),
)


def test_the_format_is_the_one_that_is_promised() -> None:
    assert render(EXAMPLE) == (
        "# Written by qabot from questions/einstein.yaml; change the questions, not this file.\n"
        'source: "questions/einstein.yaml"\n'
        "answers:\n"
        '- id: "year"\n'
        '  question: "In what year?"\n'
        '  answer: "1921"\n'
        "  score: 0.9614\n"
        "  start: 431\n"
        "  end: 435\n"
        '  model: "m@1/s1"\n'
        '  key: "k1"\n'
        '- id: "why"\n'
        '  question: "Why did \\"he\\" win?"\n'
        '  answer: "a"\n'
        "  score: 0.2\n"
        "  start: 0\n"
        "  end: 1\n"
        '  alternatives: [{"answer": "b", "score": 0.1, "start": 2, "end": 3}]\n'
        '  model: "m@1/s1"\n'
        '  key: "k2"\n'
        '- id: "who"\n'
        '  question: "Who?"\n'
        "  answer: null\n"
        "  score: 0.9\n"
        '  alternatives: [{"answer": "b", "score": 0.1, "start": 2, "end": 3}]\n'
        '  model: "m@1/s1"\n'
        '  key: "k4"\n'
        '- id: "long"\n'
        '  question: "x"\n'
        '  error: {"kind": "question-too-long", "reason": "no", "attempts": 2, "permanent": true}\n'
        '  model: "m@1/s1"\n'
        '  key: "k3"\n'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("score: 0.9614", "score: 1.5"), ("score: 0.9614", "score: true"),
        ("score: 0.9614", "score: nan"), ("start: 431", 'start: "431"'), ("start: 431", "start: -1"),
        ('answer: "1921"', 'answer: "\\ud800"'), ('key: "k1"', 'key: "k\\udfff"'),
        ('answer: "1921"', "answer: 1921"), ('answer: "1921"', 'answer: ""'),
        ('answer: "1921"', "answer: nil"), ('key: "k1"', "key: null"), ('id: "year"', "id: year"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_as_written_is_left_out(old: str, new: str) -> None:
    text = render(EXAMPLE).replace(old, new, 1)
    parsed = parse(text)
    assert parsed is not None
    assert [entry.id for entry in parsed.entries] == ["why", "who", "long"]


def test_a_merge_conflict_leaves_what_both_sides_agree_on() -> None:
    text = render(EXAMPLE).replace(
        '  answer: "1921"\n', '<<<<<<< ours\n  answer: "1921"\n=======\n>>>>>>> theirs\n'
    )
    parsed = parse(text)
    assert parsed is not None
    assert len(parsed.entries) == 4
    assert render(parsed) != text


def test_a_file_of_somebody_else_is_none() -> None:
    assert parse("") is None
    assert parse("source: x\nanswers: []\n") is None


def test_evidence_whose_name_yaml_would_not_find_is_left_out() -> None:
    failure = Failure("k", "m@1", "crashed", "no", evidence={"n" * 161: "x"})
    text = render(AnswerSet("questions/a.yaml", (Entry("a", "q", failure),)))
    assert parse(text) == AnswerSet("questions/a.yaml", ())
