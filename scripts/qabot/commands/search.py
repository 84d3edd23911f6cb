"""`qabot search`: print the passages of `documents/` that fit a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.answers.locate import place_of
from qabot.answers.places import to_fields
from qabot.commands.arguments import Commands, add_command, add_documents, positive
from qabot.console.text import for_log, json_for_log
from qabot.documents.library import Library, cache_folder, check_globs
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from qabot.console.reporter import Reporter
    from qabot.documents.passage import Passage

# Code points of a passage that are printed.
_MOST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The options of `qabot search`.

    Args:
        question: its words are searched for.
        documents: globs below `documents/`; empty for all.
        limit: passages at most.
        json: print each as a JSON object.
        root: the repository; None for the nearest one upwards.
    """

    question: str
    documents: tuple[str, ...] = ()
    limit: int = 5
    json: bool = False
    root: Path | None = None


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "search",
        summary,
        "Ranks passages by their words, as 'qabot answer' does before it reads; does not use a model.",
        'qabot search "How many days of leave are there?"\n'
        "qabot search --documents 'handbook/*' \"Who may travel first class?\"",
    )
    parser.add_argument("question", metavar="QUESTION")
    add_documents(parser)
    parser.add_argument(
        "--limit",
        type=positive,
        default=5,
        metavar="N",
        help="print at most N passages (default: 5)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per passage")


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot search`."""
    return search(
        SearchOptions(args.question, tuple(args.documents), args.limit, args.json, args.root),
        report,
    )


def search(options: SearchOptions, report: Reporter) -> int:
    """Print the passages that fit a question best.

    Args:
        options: of the command.
        report: receives the documents that cannot be read.

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
    return f"{place_of(passage, 0)}  {f'[{trail}]  ' if trail else ''}{shown}"


def _fields(passage: Passage, score: float) -> dict[str, object]:
    place = to_fields(place_of(passage, 0))
    return place | {"score": round(score, 4), "start": passage.start, "text": passage.text}
