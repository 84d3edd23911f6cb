"""`qabot search`: print the passages of `documents/` that fit a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.answers.locate import place_of
from qabot.answers.places import to_fields
from qabot.commands.arguments import (
    Command,
    Options,
    documents,
    flag,
    option,
    positional,
    positive,
)
from qabot.console.text import for_log, json_for_log
from qabot.documents.library import Library, cache_folder, check_globs
from qabot.repository import find_root

if TYPE_CHECKING:
    from qabot.answers.places import Place
    from qabot.console.reporter import Reporter
    from qabot.documents.passage import Passage

# Code points of a passage that are printed.
_MOST_SHOWN = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions(Options):
    """The options of `qabot search`."""

    question: str = positional(None, metavar="QUESTION")
    documents: tuple[str, ...] = documents(action="append")
    limit: int = option(
        "--limit", "print at most N passages (default: 5)", 5, type=positive, metavar="N"
    )
    json: bool = flag("--json", "print one JSON object per passage")


def search(options: SearchOptions, report: Reporter) -> int:
    """Print the passages that fit a question best.

    Returns:
        0; 1 where no passage has a word of the question.

    Raises:
        UsageError: a glob matches no document.
    """
    root = find_root(options.root)
    globs = options.documents or ("**",)
    check_globs(root, globs)
    with Library(root, report.warning, cache_folder(root)) as library:
        found = library.search(globs, options.question, options.limit)
    for passage, score in found:
        print(
            json_for_log(_fields(passage, score)) if options.json else for_log(_line(passage), 600)
        )
    if not found:
        report.note("no passage has a word of the question")
    return 0 if found else 1


def _line(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    trail = " > ".join(passage.headings)
    return f"{_place(passage)}  {f'[{trail}]  ' if trail else ''}{shown}"


def _fields(passage: Passage, score: float) -> dict[str, object]:
    return to_fields(_place(passage)) | {"score": round(score, 4), "text": passage.text}


def _place(passage: Passage) -> Place:
    return place_of(passage, 0, len(passage.text))


COMMAND = Command(
    SearchOptions,
    search,
    "Ranks passages by their words, as 'qabot answer' does before it reads; does not use a model.",
    'qabot search "How many days of leave are there?"\n'
    "qabot search --documents 'handbook/*' \"Who may travel first class?\"",
)
