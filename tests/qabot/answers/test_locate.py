"""Where an answer is in a document: offsets in its extracted text, whatever was read of it."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer.edges import whole_words
from answerer.passages import BREAK
from answerer.spans import Span
from qabot.answers.locate import find_places
from qabot.answers.model import Answer, AnswerSet, Entry
from qabot.answers.yaml_file import parse, render
from qabot.documents.choose import joined
from qabot.documents.extract import extract
from qabot.documents.extracted import Extracted
from qabot.documents.passage import Passage, cut
from qabot.questions.parse import Question
from tests.qabot.documents import made

# Words that readers and cuts can get wrong: marks that belong to the letter before them, an emoji of
# several characters, a form feed, letters without spaces between them.
WORDS = [
    "Leave",
    "28",
    "days.",
    "e\u0301\u0323",
    "👩\u200d🚀",
    "a\fb",
    "長い。",
    "x\u00a0y",
    "**z**",
    "<b>",
]
PLAIN = ["Leave", "28", "days.", "(one)", "née", "\\"]


def in_format(suffix: str, paragraphs: list[str]) -> bytes:
    """A document of some paragraphs."""
    if suffix == "pdf":
        return made.pdf(
            [[text[i : i + 80] for i in range(0, len(text), 80)] for text in paragraphs]
        )
    if suffix == "docx":
        # XML has no form feeds.
        return made.docx(
            "".join(made.paragraph(escape(text.replace("\f", " "))) for text in paragraphs)
        )
    if suffix == "html":
        return "\n".join(f"<h2>Part</h2>\n<p>{escape(text)}" for text in paragraphs).encode()
    return "\n\n".join(f"## Part\n\n{text}" for text in paragraphs).encode()


def asked(passages: list[Passage], copies: list[Passage] | None = None) -> Question:
    """A question for which some passages are read."""
    copied = tuple(copies or ())
    read = tuple(passages)
    return Question("q.yaml", "q", "?", joined(read), (), 1, False, ("*",), read, copied)


def answered(question: Question, start: int, end: int) -> Entry:
    """The entry of an answers file, read back, for an answer that was found in what was read."""
    span = Span(question.context[start:end], start, end, 0.25)
    result = Answer("key", "model", span, (span,))
    entry = Entry("q", "?", result, find_places(question, result))
    read = parse(render(AnswerSet("q.yaml", (entry,))))
    assert read == AnswerSet("q.yaml", (entry,))
    return read.entries[0]


def passages_of(name: str, data: bytes) -> tuple[Extracted, list[Passage]]:
    extracted = extract(data, name)
    return extracted, list(cut(f"documents/{name}", extracted))


@pytest.mark.parametrize("suffix", ["md", "txt", "html", "pdf", "docx"])
@given(st.data())
def test_offsets_count_in_the_text_of_the_document(suffix: str, data: st.DataObject) -> None:
    words = st.sampled_from(PLAIN if suffix == "pdf" else WORDS)
    paragraph = st.lists(words, min_size=1, max_size=400).map(" ".join)
    paragraphs = data.draw(st.lists(paragraph, min_size=1, max_size=3))
    extracted, passages = passages_of(f"a.{suffix}", in_format(suffix, paragraphs))
    _, others = passages_of("b.txt", b"Something else.")
    read = data.draw(st.permutations([*passages, *others]))
    question = asked(read)
    number = data.draw(st.sampled_from([i for i, each in enumerate(read) if each not in others]))
    first = sum(len(passage.text) + len(BREAK) for passage in read[:number])
    length = len(read[number].text)
    begin = data.draw(st.integers(0, length - 1))
    last = data.draw(st.integers(begin + 1, length))
    # As the reader does: an answer cuts no character that people see.
    start, end = whole_words(question.context, first + begin, first + last)
    entry = answered(question, start, end)
    assert isinstance(entry.result, Answer)
    for place in (*entry.places.answer, *entry.places.alternatives):
        assert place.document == f"documents/a.{suffix}"
        assert extracted.text[place.start : place.end] == entry.result.span.answer
        assert whole_words(extracted.text, place.start, place.end) == (place.start, place.end)


def test_an_answer_that_is_there_twice_is_found_again_at_its_place() -> None:
    text = "In May it is 28 days.\n\nIn June it is 28 days."
    _, passages = passages_of("a.txt", text.encode())
    second = text.rindex("28")
    entry = answered(asked(passages), second, second + 2)
    assert entry.places.answer[0].start == second
    # Something is added above; what is read stays the same.
    longer = "28 days is what many have. " * 30
    extracted, moved = passages_of("a.txt", f"{longer}\n\n{text}".encode())
    question = asked([passage for passage in moved if passage.text == text])
    (place,) = find_places(question, entry.result).answer
    assert place.start == second + len(longer.strip()) + 2
    assert place.number == 5
    assert extracted.text[place.start :] == "28 days."


def test_another_document_has_its_own_offsets() -> None:
    text = "It was 30 once. Everybody has 28\ndays of leave. Ask."
    _, own = passages_of("a.txt", text.encode())
    extracted, other = passages_of(
        "b.txt", b"There are 28 rooms here. Everybody has 28 days\nof leave. Nobody asks."
    )
    question = asked(own, other)
    start = question.context.index("28\ndays")
    entry = answered(question, start, start + len("28\ndays"))
    place, also = entry.places.answer
    assert (place.start, place.end) == (start, start + 7)
    assert (also.document, also.number) == ("documents/b.txt", 1)
    assert extracted.text[also.start : also.end] == "28 days"
    assert also.start > extracted.text.index("Everybody")
