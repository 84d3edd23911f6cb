"""The page itself: HTML that can be read without its script, and stays text whatever is in it.

Texts are escaped in one of two ways: `_text` for HTML, `_data` for the JSON that the script reads. The
Content-Security-Policy knows the one style and the one script by their hashes, so that nothing else
could run even if it got in (www.w3.org/TR/CSP3, 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qabot import fields
from qabot.markdown import sentence
from qabot.question_file import MAX_SLUG
from qabot.report import clean
from qabot.results import Answer, Failure
from qabot.site.charts import scores_svg
from qabot.site.data import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qabot.site.data import Item, ShownSet
    from qabot.site.links import Links

# A context is in the page once, however many questions share it, up to these many code points each
# and in all; beyond, the page links to its file.
MAX_CONTEXT = 100_000
MAX_CONTEXTS = 4_000_000
# Where GitHub's servers begin to refuse an address is not documented; 8 kB is a common limit of
# servers (RFC 9110, 4.1, asks for no less), and this stays well below it.
MAX_URL = 6_000
# A set with fewer answers than this has no distribution worth a picture.
MIN_CHART = 5

_LABELS = {
    Mark.DOUBTFUL: "Doubtful",
    Mark.FAILED: "Failed",
    Mark.UNEXPECTED: "Not as expected",
    Mark.STALE: "Out of date",
    Mark.WAITING: "Waiting",
}


def render(sets: Sequence[ShownSet], links: Links, sources: Iterable[str]) -> str:
    """The text of the page.

    Args:
        sets: what to show.
        links: to the repository.
        sources: every question file, relative to the repository; new ones get other names.
    """
    style, script = _asset("page.css"), _asset("page.js")
    contexts = _Contexts()
    body = "\n".join(_set(one, links, contexts) for one in sets)
    data = {
        "contexts": contexts.texts,
        "sources": sorted(sources),
        "web": links.web,
        "branch": links.branch,
        "maxUrl": MAX_URL,
        "limits": {
            "question": fields.MAX_QUESTION,
            "context": fields.MAX_CONTEXT,
            "expect": fields.MAX_EXPECT,
            "id": fields.MAX_ID,
            "file": fields.MAX_FILE_BYTES,
            "slug": MAX_SLUG,
        },
    }
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    replaced = {
        "policy": policy,
        "style": style,
        "script": script,
        "data": _data(data),
        "summary": _summary(sets),
        "contents": _contents(sets),
        "sets": body or "<p>No questions yet.</p>",
        "options": "".join(f'<option value="{_text(one.name)}">' for one in sets),
        "choices": "".join(
            f'<option value="{number}">{_text(one.name)}</option>'
            for number, one in enumerate(sets)
        ),
        "filters": _filters(sets),
    }
    # Split once, so that nothing that is put in is looked at again.
    parts = _asset("page.html").split("@@")
    return "".join(replaced[part] if number % 2 else part for number, part in enumerate(parts))


def _asset(name: str) -> str:
    return resources.files("qabot.site").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _text(text: str) -> str:
    """Text for HTML, in an element or in a quoted attribute; what can't be seen is made visible."""
    return html.escape(clean(" ".join(text.split()), limit=len(text) or 1))


def _data(value: Any) -> str:
    """JSON that no HTML parser takes for the end of its script element, or for a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class _Contexts:
    """The contexts in the page, each once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int | None] = {}
        self._room = MAX_CONTEXTS

    def number(self, context: str) -> int | None:
        """Where a context is; None where it is too long to be in the page."""
        if context not in self._numbers:
            if len(context) > min(MAX_CONTEXT, self._room):
                self._numbers[context] = None
            else:
                self._room -= len(context)
                self._numbers[context] = len(self.texts)
                self.texts.append(context)
        return self._numbers[context]


def _anchor(one: ShownSet, id_: str = "") -> str:
    # Percent-encoded, an id matches a link's fragment as it is (html.spec.whatwg.org, 7.4.6.4).
    return quote(f"{one.name}/{id_}", errors="replace")


def _summary(sets: Sequence[ShownSet]) -> str:
    items = [item for one in sets for item in one.items]
    answered = sum(isinstance(item.result, Answer) for item in items)
    return f"{answered:,} of {len(items):,} questions answered, in {len(sets):,} sets"


def _contents(sets: Sequence[ShownSet]) -> str:
    if len(sets) < 2:
        return ""
    links = "".join(
        f'<li><a href="#{_anchor(one)}">{_text(one.name)}</a> {len(one.items):,}</li>'
        for one in sets
    )
    return f'<nav aria-label="Sets"><ul>{links}</ul></nav>'


def _filters(sets: Sequence[ShownSet]) -> str:
    """A button for each mark that something has."""
    counts = {mark: sum(mark in item.marks for one in sets for item in one.items) for mark in Mark}
    return "".join(
        f'<button type="button" data-filter="{mark}" aria-pressed="false">'
        f"{_LABELS[mark]} <b>{count:,}</b></button>"
        for mark, count in counts.items()
        if count
    )


def _link(address: str | None, text: str) -> str:
    """A link whose text is HTML already; the text alone where there is no address."""
    return f'<a href="{html.escape(address)}">{text}</a>' if address else text


def _set(one: ShownSet, links: Links, contexts: _Contexts) -> str:
    about = [_link(links.file(one.source), _text(one.source))]
    if one.answers_path is not None:
        about.append(_link(links.file(one.answers_path), "answers file"))
        commit = links.commit(one.answers_path)
        if commit is not None:
            about.append(f"commit {_link(commit[1], commit[0][:7])}")
    about += [f"model {_text(model)}" for model in one.models]
    scores = [item.result.span.score for item in one.items if isinstance(item.result, Answer)]
    chart = scores_svg(scores) if len(scores) >= MIN_CHART else ""
    many = len(one.models) > 1
    items = "\n".join(_item(one, item, links, contexts, many=many) for item in one.items)
    anchor = _anchor(one)
    return (
        f'<section id="{anchor}" aria-label="{_text(one.name)}">'
        f'<header><div><h2><a href="#{anchor}">{_text(one.name)}</a></h2>'
        f"<p>{' · '.join(about)}</p></div>{chart}</header>\n{items}\n</section>"
    )


def _item(one: ShownSet, item: Item, links: Links, contexts: _Contexts, *, many: bool) -> str:
    anchor = _anchor(one, item.id)
    marks = " ".join(sorted(item.marks))
    lines = [
        f'<article id="{anchor}" data-marks="{marks}" tabindex="-1">'
        f'<h3>{_text(item.text)} <a class="here" href="#{anchor}" '
        f'aria-label="Link to: {_text(item.text)}">#</a></h3>'
    ]
    if isinstance(item.result, Answer):
        lines += _answer(item, item.result, links, contexts)
    elif isinstance(item.result, Failure):
        lines += _failure(item.result)
    else:
        lines.append('<p class="note">◌ Not answered yet; the next run does.</p>')
    if Mark.STALE in item.marks:
        lines.append(
            '<p class="note">↻ Out of date: the question or its text has changed since.</p>'
        )
    if item.question is not None and item.question.expect and item.found is not None:
        expected = " or ".join(f"“{_text(text)}”" for text in item.question.expect)
        met = Mark.UNEXPECTED not in item.marks
        lines.append(
            f'<p class="note {"met" if met else "bad"}">'
            f"{'✓ As expected' if met else '✗ Not as expected'}: {expected}</p>"
        )
    if many and item.result is not None:
        lines.append(f'<p class="note">model {_text(item.result.model)}</p>')
    lines.append("</article>")
    return "".join(lines)


def _answer(item: Item, answer: Answer, links: Links, contexts: _Contexts) -> list[str]:
    doubtful = Mark.DOUBTFUL in item.marks
    kind = ' class="doubt"' if doubtful else ""
    lines = []
    if item.found is not None and item.question is not None:
        before, words, behind = sentence(item.question.context, answer.span)
        # The white space next to the answer is part of the text.
        lines.append(
            f"<blockquote>{_edge(before, behind=True)}<mark{kind}>{_text(words)}</mark>"
            f"{_edge(behind, behind=False)}</blockquote>"
        )
    else:
        lines.append(f"<blockquote><mark{kind}>{_text(answer.span.answer)}</mark></blockquote>")
    score = answer.span.score
    word = "? doubtful" if doubtful else "score"
    lines.append(
        f'<p class="score{" doubt" if doubtful else ""}">'
        f'<svg aria-hidden="true" viewBox="0 0 60 6"><rect class="all" width="60" height="6"/>'
        f'<rect class="part" width="{max(1, round(score * 60))}" height="6"/></svg> '
        f"{word} <b>{score:.2f}</b>{_whole(item, answer, links, contexts)}</p>"
    )
    if doubtful and answer.alternatives:
        also = "".join(
            f"<li>{_text(span.answer)} <small>{span.score:.2f}</small></li>"
            for span in answer.alternatives
        )
        lines.append(f'<div class="also">It could also be<ul>{also}</ul></div>')
    return lines


def _edge(text: str, *, behind: bool) -> str:
    """Text that touches an answer: its white space there is kept as one space."""
    shown = _text(text)
    if behind:
        return shown + (" " if text[-1:].isspace() else "")
    return (" " if text[:1].isspace() else "") + shown


def _whole(item: Item, answer: Answer, links: Links, contexts: _Contexts) -> str:
    """How to see the answer in its whole text."""
    if item.found is None or item.question is None:
        return ""
    number = contexts.number(item.question.context)
    if number is not None:
        where = f"{number},{answer.span.start},{answer.span.end}"
        return f' <button type="button" data-at="{where}" aria-expanded="false">Whole text</button>'
    address = links.file(item.question.source, item.question.line)
    size = f"{len(item.question.context):,} characters"
    return f" {_link(address, 'Whole text')} ({size})" if address else f" in a text of {size}"


def _failure(failure: Failure) -> list[str]:
    times = "once" if failure.attempts == 1 else f"{failure.attempts:,} times"
    evidence = "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
        for name, value in sorted(failure.evidence.items())
    )
    lines = [
        f'<p class="note bad">✗ <b>No answer</b> ({_text(failure.kind)}, tried {times}): '
        f"{_text(failure.reason)}</p>"
    ]
    if evidence:
        lines.append(f"<details><summary>Evidence</summary><dl>{evidence}</dl></details>")
    return lines
