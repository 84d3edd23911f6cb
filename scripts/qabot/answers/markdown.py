"""`answers/NAME.md`: the answers for people, safe whatever their text contains."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from qabot.answers.model import (
    NOT_CALIBRATED,
    NOT_SAID,
    Answer,
    is_as_expected,
    is_calibrated,
    is_doubtful,
)
from qabot.console.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from answerer.spans import Span
    from qabot.answers.model import AnswerSet, Entry
    from qabot.answers.places import Place
    from qabot.questions.parse import Question

MARKER = "<!-- Written by qabot; change the questions, not this file. -->"

# Characters with a meaning in a line of CommonMark or GitHub's Markdown; every ASCII punctuation mark
# can be escaped (spec.commonmark.org, 2.4). A ':' makes links and emoji, a '@' mentions and addresses.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~$&@]|:(?=\S)|(?<=www)\.", re.IGNORECASE)
# Characters with a meaning only at the start of a line: lists, rules, headings.
_LINE_START = re.compile(r"([0-9]{1,9})?([-+=.)])")

# The end of a sentence: a full stop before white space without a digit or small letter after it, or the
# end of a paragraph.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[^\sa-z0-9])|(?<=[。！？])|\n\s*\n|\f")
_MOST_IN_CELL = 300
# A sentence is shown with this many code points at most on each side of its answer.
_SIDE = 240


def escape(text: str) -> str:
    """Escape text so that Markdown and HTML show it as it is, on one line.

    Args:
        text: any text; white space is collapsed, and invisible characters are made visible.
    """
    return _guard(_inline(text).strip())


def cell(text: str) -> str:
    """`escape`, for a table's cell: cut to a readable length.

    Args:
        text: any text.
    """
    return escape(clean(" ".join(text.split()), _MOST_IN_CELL))


def _inline(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return _SPECIAL.sub(r"\\\g<0>", clean(text, limit=len(text) or 1))


def _guard(line: str) -> str:
    """Keep the start of a line from being markup."""
    return _LINE_START.sub(r"\1\\\2", line, count=1) if _LINE_START.match(line) else line


def _bold(text: str) -> str:
    text = _inline(text)
    # Next to a punctuation mark asterisks may stay asterisks (spec.commonmark.org, 6.2).
    return f"**{text}**" if text[:1].isalnum() and text[-1:].isalnum() else f"<b>{text}</b>"


def sentence(context: str, span: Span) -> tuple[str, str, str]:
    """The sentence that holds a span: the text before it, the span, and the text after it.

    Args:
        context: the whole text.
        span: a part of it.
    """
    first = max(0, span.start - _SIDE)
    # A sentence's end shows in how the next one starts, so the span's first character is looked at too.
    ends = [end.end() for end in _SENTENCE_END.finditer(context[first : span.start + 1])]
    ends = [end for end in ends if first + end <= span.start]
    if ends:
        before = context[first + ends[-1] : span.start]
    else:
        before = ("…" if first else "") + context[first : span.start]
    after = context[span.end : span.end + _SIDE]
    # The full stop itself may be the span's neighbour: one character of the span is enough to see it.
    end = _SENTENCE_END.search(context[span.end - 1 : span.end + _SIDE])
    if end is not None:
        after = context[span.end : max(span.end, span.end - 1 + end.end())].rstrip()
    elif span.end + _SIDE < len(context):
        after += "…"
    return before.lstrip(), span.answer, after


def render(answers: AnswerSet, questions: Mapping[str, Question]) -> str:
    """The text of the page that shows a set's answers.

    Args:
        answers: the set.
        questions: its questions by id; they have the expected answers and the context.
    """
    path = PurePosixPath(answers.source)
    up = "../" * (len(path.parts) - 1)
    lines = [
        MARKER,
        "",
        f"# {escape(str(PurePosixPath(*path.parts[1:]).with_suffix('')))}",
        "",
        f"Answers to [{escape(answers.source)}]({up}{quote(answers.source)}).",
    ]
    if not is_calibrated(entry.result for entry in answers.entries):
        lines += ["", NOT_CALIBRATED]
    for entry in answers.entries:
        lines += ["", f"## {escape(entry.question)}", ""]
        lines += _entry(entry, questions.get(entry.id), up)
    return "\n".join(lines) + "\n"


def _entry(entry: Entry, question: Question | None, up: str) -> list[str]:
    result = entry.result
    if not isinstance(result, Answer):
        times = "once" if result.attempts == 1 else f"{result.attempts} times"
        return [
            f"❌ **No answer** ({_inline(result.kind)}, tried {times}): {_inline(result.reason)}"
        ]
    lines = []
    if question is not None and result.span.found:
        before, answer, after = sentence(question.context, result.span)
        lines += ["> " + _guard(f"{_inline(before)}{_bold(answer)}{_inline(after)}"), ""]
    shown = _bold(result.span.answer) if result.span.found else f"*{NOT_SAID}*"
    lines.append(f"{shown} · score {result.span.score:.2f}")
    if entry.places.answer:
        place, *copies = entry.places.answer
        trail = f" · {_inline(' › '.join(place.heading))}" if place.heading else ""
        also = f", also {', '.join(_link(copy, up) for copy in copies)}" if copies else ""
        lines += ["", f"{_link(place, up)}{also}{trail}"]
    others = ", ".join(
        f"“{_inline(span.answer)}”" + (f" ({_link(place, up)})" if place is not None else "")
        for span, place in entry.shown_alternatives
    )
    if is_doubtful(result):
        lines += ["", f"⚠️ Doubtful: it could also be {others}." if others else "⚠️ Doubtful."]
    elif others and result.span.found:
        lines += ["", f"⚠️ Another document has another answer: {others}."]
    met = None if question is None else is_as_expected(result.span, question)
    if question is not None and met is not None:
        expected = " or ".join(f"“{_inline(text)}”" for text in question.expect) or "no answer"
        lines += ["", f"✅ As expected: {expected}" if met else f"❌ Not as expected: {expected}"]
    return lines


def _link(place: Place, up: str) -> str:
    """A link from the page to a place in a document."""
    return f"[{_inline(str(place))}]({up}{quote(place.document)}{place.anchor})"
