"""One set on the page: what it is, its scores, its questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.answers.model import Answer
from qabot.site import markup
from qabot.site.article import article
from qabot.site.charts import MIN_CHART, scores_svg
from qabot.site.markup import escape

if TYPE_CHECKING:
    from qabot.github.links import Links
    from qabot.site.contexts import Contexts
    from qabot.site.data import ShownSet

# Articles in a part; the browser lays out the parts on the screen only.
PART = 50


def section(one: ShownSet, links: Links, contexts: Contexts) -> str:
    """The HTML of a set.

    Args:
        one: the set.
        links: to the repository.
        contexts: of the page; the set's are put there.
    """
    about = [markup.link(links.file(one.source), escape(one.source))]
    if one.answers_path is not None:
        about.append(markup.link(links.file(one.answers_path), "answers file"))
        commit = links.commit(one.answers_path)
        if commit is not None:
            about.append(f"commit {markup.link(commit[1], commit[0][:7])}")
    about += [f"model {escape(model)}" for model in one.models]
    scores = [item.result.span.score for item in one.items if isinstance(item.result, Answer)]
    chart = scores_svg(scores) if len(scores) >= MIN_CHART else ""
    many = len(one.models) > 1
    articles = [article(one, item, links, contexts, many=many) for item in one.items]
    parts = "\n".join(
        '<div class="part">\n' + "\n".join(articles[first : first + PART]) + "\n</div>"
        for first in range(0, len(articles), PART)
    )
    anchor = markup.anchor(one)
    return (
        f'<section id="{anchor}" aria-label="{escape(one.name)}">'
        f'<header><div><h2><a href="#{anchor}">{escape(one.name)}</a></h2>'
        f"<p>{' · '.join(about)}</p></div>{chart}</header>\n{parts}\n</section>"
    )
