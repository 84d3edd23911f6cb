"""answers/*.md: what a Markdown reader makes of it, whatever the text contains."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from answerer.spans import Span
from qabot.answers.markdown import escape, render, sentence
from qabot.answers.model import NOT_CALIBRATED, Answer, AnswerSet, Entry, Failure
from qabot.console.text import clean
from qabot.questions.parse import Question

# As GitHub reads it: tables, strikethrough, bare links; raw HTML passes, which is the worst case.
GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})

nasty = st.text(
    st.sampled_from("\\`*_{}[]()<>#+-.!|~$&:@=^\"' \n\t\u2028\u202e\x00aA1é😀/;")
    | st.characters(exclude_categories=["Cs"])
)
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "![x](http://e.example/x.png)", "https://e.example", "www.e.example", "a@e.example", "@user",
    "**bold**", "__b__", "~~s~~", "`code`", "# title", "- item", "1. item", "1) item", "+ x", "> q",
    "---", "===", "| a | b |", "&lt;b&gt;", "&#60;b&#62;", "<!-- -->", "--> <b>", "$x$", ":smile:",
    "\\", "\\<b>", "    code", "```\ncode\n```", "[ref]: http://e.example", "a\n\n# b", "#123",
    "<b>", "</b></h2>", "a  \nb", "::error::x", "\u202eevil", "http://e.example/<b>",
]  # fmt: skip


def read(markdown: str) -> str:
    """The text that a reader sees, on one line."""
    rendered = GITHUB.render(markdown)
    return html.unescape(re.sub(r"<[^>]*>", "", rendered)).strip()


def tags(markdown: str) -> set[str]:
    return set(re.findall(r"<\s*/?\s*([a-zA-Z!][^\s>/]*)", GITHUB.render(markdown)))


def seen(text: str) -> str:
    """The text to be read: one line, nothing invisible."""
    return clean(" ".join(text.split()), limit=len(text) + 1)


@given(nasty | st.sampled_from(HOSTILE))
def test_escaped_text_is_read_as_it_is(text: str) -> None:
    assert read(escape(text)) == seen(text)
    assert tags(escape(text)) <= {"p"}


@given(nasty | st.sampled_from(HOSTILE))
def test_escaped_text_fits_a_table_and_a_heading(text: str) -> None:
    table = f"| a |\n| --- |\n| {escape(text)} |\n"
    assert tags(table) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert tags(f"## x{escape(text)}\n") == {"h2"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    page = page_of(context=f"{text} 1921 {text}", answer="1921", question=text, expect=(text,))
    assert tags(page) <= {"!--", "h1", "h2", "p", "a", "blockquote", "strong", "b"}
    assert GITHUB.render(page).count("<a ") == 1  # to the questions
    assert seen(text) in read(page)


def page_of(
    context: str, answer: str, question: str = "q", expect: tuple[str, ...] = (), score: float = 0.9
) -> str:
    start = context.index(answer)
    span = Span(answer, start, start + len(answer), score)
    entry = Entry("id", question, Answer("k", "m", span, (Span("else", 0, 4, 0.1),)))
    asked = Question("questions/a b.yaml", "id", question, context, expect, 1)
    return render(AnswerSet("questions/a b.yaml", (entry,)), {"id": asked})


@given(nasty, nasty.filter(str.strip), nasty)
def test_the_answer_is_bold_inside_its_sentence(before: str, answer: str, behind: str) -> None:
    answer = answer.strip()
    context = f"{before}{answer}{behind}"
    span = Span(answer, len(before), len(before) + len(answer), 0.9)
    entry = Entry("id", "q", Answer("k", "m", span))
    question = Question("questions/a.yaml", "id", "q", context, (), 1)
    rendered = GITHUB.render(render(AnswerSet("questions/a.yaml", (entry,)), {"id": question}))
    quoted = re.search(r"<blockquote>(.*?)</blockquote>", rendered, re.DOTALL)
    assert quoted is not None
    bold = re.search(r"<(strong|b)>(.*?)</\1>", quoted[1], re.DOTALL)
    assert bold is not None
    assert html.unescape(bold[2]).split() == seen(answer).split()


CONTEXT = (
    "First one. He was born on 14. March 1879 in Ulm, Mr. e.g. said. He received the 1921 Nobel "
    'Prize "for his services." Later he left.\n\nA new paragraph'
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1921", ("He received the ", "1921", ' Nobel Prize "for his services."')),
        ("First", ("", "First", " one.")),
        ("one.", ("First ", "one.", "")),
        ("Later", ("", "Later", " he left.")),
        ("paragraph", ("A new ", "paragraph", "")),
    ],
)
def test_the_sentence_of_a_span(answer: str, expected: tuple[str, str, str]) -> None:
    start = CONTEXT.index(answer)
    assert sentence(CONTEXT, Span(answer, start, start + len(answer), 1.0)) == expected


def test_a_sentence_without_end_is_cut() -> None:
    context = "x" * 1000 + " 1921 " + "y" * 1000
    before, answer, behind = sentence(context, Span("1921", 1001, 1005, 1.0))
    assert before.startswith("…x")
    assert answer == "1921"
    assert behind.endswith("y…")
    assert len(before) + len(behind) < 500


def test_japanese_sentences_end_too() -> None:
    context = "最初の文。彼は1921年に受賞した。次の文。"
    start = context.index("1921")
    assert sentence(context, Span("1921", start, start + 4, 1.0)) == (
        "彼は",
        "1921",
        "年に受賞した。",
    )


def test_a_page_says_what_a_person_wants_to_know() -> None:
    page = page_of("He won in 1921. Then", "1921", "When?", ("1921",))
    assert page == (
        "<!-- Written by qabot; change the questions, not this file. -->\n\n"
        "# a b\n\n"
        "Answers to [questions/a b.yaml](../questions/a%20b.yaml).\n\n"
        "## When?\n\n"
        "> He won in **1921**.\n\n"
        "**1921** · score 0.90\n\n"
        "✅ As expected: “1921”\n"
    )


def test_a_doubtful_answer_is_marked() -> None:
    page = page_of("He won in 1921. Then", "1921", expect=("1922",), score=0.2)
    assert "⚠️ Doubtful: it could also be “else”." in page
    assert "❌ Not as expected: “1922”" in page


def test_scores_that_are_not_probabilities_are_marked() -> None:
    def page(*models: str) -> str:
        span = Span("1921", 0, 4, 0.9)
        entries = tuple(Entry(model, "q", Answer("k", model, span)) for model in models)
        return render(AnswerSet("questions/a.yaml", entries), {})

    assert f"yaml).\n\n{NOT_CALIBRATED}\n\n## q" in page("m@1/s2", "m@1/s2-0a1b2c")
    assert NOT_CALIBRATED not in page("m@1/s2-0a1b2c")


def test_a_failure_is_reported() -> None:
    entry = Entry("id", "q", Failure("k", "m", "out-of-memory", "the task was *killed*", 3))
    page = render(AnswerSet("questions/a.yaml", (entry,)), {})
    assert "❌ **No answer** (out-of-memory, tried 3 times): the task was \\*killed\\*" in page
