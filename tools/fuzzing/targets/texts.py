"""Texts in logs, annotations, Markdown, HTML, YAML and file names: they remain text.

An input is up to four texts: a question, the text before its answer, the answer, and the text after it.
"""

from __future__ import annotations

import html
import io
import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import yaml
from markdown_it import MarkdownIt

from answerer.logs import escape as escape_log
from answerer.spans import Span
from qabot.answers import markdown
from qabot.answers import yaml_file as answers
from qabot.answers.model import Answer, AnswerSet, Entry, Failure
from qabot.console.reporter import Reporter
from qabot.console.text import clean, for_log, json_for_log
from qabot.errors import Problem
from qabot.github.links import Links
from qabot.github.publish import message
from qabot.questions.parse import Question, slug
from qabot.site.data import Item, ShownSet
from qabot.site.page import render
from tools.fuzzing.target import Target, as_text, as_unicode, join, split

if TYPE_CHECKING:
    from collections.abc import Sequence

# Like GitHub's Markdown, but raw HTML passes, which is the worst case.
_GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
# linkify-it recognises more links than GitHub does (github.github.com/gfm, 6.9): `//a`, and `a.li`.
_GITHUB.linkify.set({"fuzzy_link": False}).add("//", None)  # type: ignore[union-attr]
_WWW = re.compile(r"(?:^|[\s*_~(])www\.", re.IGNORECASE)
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ANNOTATION = re.compile(r"::error file=([^,:]*),line=3,col=5::([^\r\n]*)\n")
# docs.github.com: keywords close issues, names are notified, `[skip ci]` skips workflows.
_FOR_GITHUB = re.compile(r"[#@\[\]]|GH-[0-9]", re.IGNORECASE)
_PAGE_TAGS = {"h1", "h2", "p", "a", "blockquote", "strong", "b"}


def run(data: bytes) -> None:
    """Write the texts to every output."""
    parts = split(data)
    _logs(as_text(parts[0]))
    question, before, answer, after = (
        *(as_unicode(part) for part in parts[:4]),
        *("x",) * (4 - len(parts[:4])),
    )
    asked = " ".join(question.split()) or "q"
    found = answer.strip() or "1921"
    context = f"{before}{found}{after}"
    span = Span(found, len(before), len(before) + len(found), 0.2)
    reply = Answer("k", "m", span, (Span(after or "b", 0, 1, 0.1),))
    entry = Entry("a", asked, reply)
    failed = Entry(
        "b", asked, Failure("k", "m", "crashed", context, 2, evidence={found[:160]: before})
    )
    known = Question("questions/a.yaml", "a", asked, context, (after or "b",), 1)
    answer_set = AnswerSet("questions/a.yaml", (entry, failed))
    _yaml(answer_set)
    _markdown(answer_set, known)
    _html(asked, known, reply)
    assert slug(question)
    assert "/" not in slug(question)
    assert len(message((f"answers/{slug(question)}.yaml",)).splitlines()) == 1


def _logs(text: str) -> None:
    for line in (clean(text), for_log(text), escape_log(text)):
        line.encode()
        assert len(line.splitlines()) <= 1, line
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line), line
        assert not _BIDI.search(line), line
    # actions/runner, ActionCommand.cs: `::` begins a command after white space, `##[` anywhere.
    assert not for_log(text).lstrip().startswith("::"), text
    assert "##[" not in for_log(text), text
    assert "##[" not in json_for_log(text), text
    whole = not any("\ud800" <= char <= "\udfff" for char in text)
    for indent in (None, 1):
        shown = json_for_log({text: [text]}, indent)
        assert not whole or json.loads(shown) == {text: [text]}
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown if char != "\n")
        assert not _BIDI.search(shown), shown
    said = message((f"answers/{text or 'x'}.yaml",))
    assert not _FOR_GITHUB.search(said), said
    stream = io.StringIO()
    report = Reporter(stream, github=True)
    report.error(Problem(text, 3, 5, text, text))
    assert _ANNOTATION.fullmatch(stream.getvalue()), stream.getvalue()


def _yaml(answer_set: AnswerSet) -> None:
    text = answers.render(answer_set)
    assert answers.parse(text) == answer_set, text
    read = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert [entry["question"] for entry in read["answers"]] == [
        entry.question for entry in answer_set.entries
    ]
    assert not _BIDI.search(text)


def _markdown(answer_set: AnswerSet, question: Question) -> None:
    text = markdown.render(answer_set, {question.id: question})
    assert not _WWW.search(text), text
    page = _GITHUB.render(text)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z!?][^\s>/]*)", page))
    assert tags <= _PAGE_TAGS | {"!--"}, tags
    assert page.count("<a ") == 1, "only the link to the questions"
    row = _GITHUB.render(f"| a |\n| --- |\n| {markdown.cell(question.context)} |\n")
    assert row.count("<td>") == 1
    assert row.count("<tr>") == 2, row
    assert "<a" not in row
    heading = html.unescape(_GITHUB.render(f"## {markdown.escape(question.question)}\n"))
    words = clean(question.question, limit=len(question.question) + 1).split()
    assert re.sub(r"</?h2>", "", heading).split() == words, heading


class _Page(HTMLParser):
    """Collects every element, and every attribute that can contain a script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.active: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "src", "srcdoc", "action"):
                self.active.append(name)
            if name == "href" and not (value or "").startswith(("#", "https://github.com/a/b/")):
                self.active.append(value or "")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts.append(data)


def _structure(item: Item, source: str) -> _Page:
    page = _Page()
    links = Links("https://github.com/a/b")
    page.feed(render([ShownSet("a", source, "answers/a.yaml", (item,))], links, [source]))
    page.close()
    return page


def _html(asked: str, question: Question, reply: Answer) -> None:
    """Check that the page has the same elements as for harmless texts."""
    hostile = _structure(Item("a", asked, question, reply, frozenset()), question.source)
    plain = _harmless()
    assert hostile.tags == plain.tags
    assert hostile.active == plain.active
    assert len(hostile.scripts) == len(plain.scripts)


@lru_cache
def _harmless() -> _Page:
    question = Question("questions/a.yaml", "a", "q", "x 1921 x", ("x",), 1)
    reply = Answer("k", "m", Span("1921", 2, 6, 0.2), (Span("x", 0, 1, 0.1),))
    return _structure(Item("a", "q", question, reply, frozenset()), question.source)


def seeds() -> Sequence[bytes]:
    """Texts that have broken other programs."""
    hostile = [
        "<script>alert(1)</script>", "</script><!--", "<img src=x onerror=alert(1)>", "--> <b>",
        "[x](javascript:alert(1))", "![x](http://e.example/x.png)", "https://e.example", "a@e.example",
        "**b** __b__ ~~s~~ `c`", "# t\n- i\n1. i\n> q\n---", "| a | b |", "&lt;b&gt;&#60;", "$x$ :a:",
        "::error::x", " ::set-env name=X::y", "##[add-mask]x", "%0A::error::x", "\x1b[2J\x07",
        "a\u2028b\u2029\u202e\u2066", "a\r\n\tb", "{{constructor}} ${x} @@data@@", "\\\\ \\", "日本 é😀",
    ]  # fmt: skip
    return [
        *(join(text) for text in hostile),
        *(join(text, f"a {text} ", f"{text}", f". {text}") for text in hostile),
        b"\xed\xa0\x80\xed\xb0\x80",
    ]


TARGET = Target(
    name="texts",
    holds="one visible line in logs, no command, no markup, no element; read back as it was",
    run=run,
    seeds=seeds,
    words=[
        "::", "##[", "%0A", "\\", "`", "*", "_", "[", "](", "<", ">", "</", "<!--", "-->", "&", "&#",
        "|", "~~", "$", "@", "#", "- ", "1. ", "http://", "www.", "\u2028", "\u202e", "\x1b[", "\x85",
        b"\xed\xa0\x80", "\ufeff", "\u200b", "\xa0", "\u3000", "ﬁ", "İ", "\U000e0041", "]]>", "'", '"',
    ],
    longest=1024,
)  # fmt: skip
