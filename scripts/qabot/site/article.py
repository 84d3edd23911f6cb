"""One question on the page: its answer in the sentence it came from, or why it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.markdown import sentence
from qabot.answers.model import Answer, Failure
from qabot.site import markup
from qabot.site.data import Mark
from qabot.site.markup import escape

if TYPE_CHECKING:
    from qabot.github.links import Links
    from qabot.site.contexts import Contexts
    from qabot.site.data import Item, ShownSet


def article(one: ShownSet, item: Item, links: Links, contexts: Contexts, *, many: bool) -> str:
    """The HTML of a question.

    Args:
        one: its set.
        item: the question.
        links: to the repository.
        contexts: of the page; the question's is put there.
        many: whether several models answered the set, so that each answer names its own.
    """
    anchor = markup.anchor(one, item.id)
    marks = " ".join(sorted(item.marks))
    lines = [
        f'<article id="{anchor}" data-marks="{marks}" tabindex="-1">'
        f'<h3>{escape(item.text)} <a class="here" href="#{anchor}" '
        f'aria-label="Link to: {escape(item.text)}">#</a></h3>'
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
        expected = " or ".join(f"“{escape(text)}”" for text in item.question.expect)
        met = Mark.UNEXPECTED not in item.marks
        lines.append(
            f'<p class="note {"met" if met else "bad"}">'
            f"{'✓ As expected' if met else '✗ Not as expected'}: {expected}</p>"
        )
    if many and item.result is not None:
        lines.append(f'<p class="note">model {escape(item.result.model)}</p>')
    lines.append("</article>")
    return "".join(lines)


def _answer(item: Item, answer: Answer, links: Links, contexts: Contexts) -> list[str]:
    doubtful = Mark.DOUBTFUL in item.marks
    kind = ' class="doubt"' if doubtful else ""
    lines = []
    if item.found is not None and item.question is not None:
        before, words, behind = sentence(item.question.context, answer.span)
        lines.append(
            f"<blockquote>{markup.before(before)}<mark{kind}>{escape(words)}</mark>"
            f"{markup.behind(behind)}</blockquote>"
        )
    else:
        lines.append(f"<blockquote><mark{kind}>{escape(answer.span.answer)}</mark></blockquote>")
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
            f"<li>{escape(span.answer)} <small>{span.score:.2f}</small></li>"
            for span in answer.alternatives
        )
        lines.append(f'<div class="also">It could also be<ul>{also}</ul></div>')
    return lines


def _whole(item: Item, answer: Answer, links: Links, contexts: Contexts) -> str:
    """How to see the answer in its whole text."""
    if item.found is None or item.question is None:
        return ""
    number = contexts.number(item.question.context)
    if number is not None:
        where = f"{number},{answer.span.start},{answer.span.end}"
        return f' <button type="button" data-at="{where}" aria-expanded="false">Whole text</button>'
    address = links.file(item.question.source, item.question.line)
    size = f"{len(item.question.context):,} characters"
    return f" {markup.link(address, 'Whole text')} ({size})" if address else f" in a text of {size}"


def _failure(failure: Failure) -> list[str]:
    times = "once" if failure.attempts == 1 else f"{failure.attempts:,} times"
    evidence = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in sorted(failure.evidence.items())
    )
    lines = [
        f'<p class="note bad failure">✗ <b>No answer</b> ({escape(failure.kind)}, tried {times}): '
        f"{escape(failure.reason)}</p>"
    ]
    if evidence:
        lines.append(f"<details><summary>Evidence</summary><dl>{evidence}</dl></details>")
    return lines
