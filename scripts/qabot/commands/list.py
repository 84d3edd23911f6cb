"""`qabot list`: print the existing answers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.model import NOT_SAID, Answer, entry_fields
from qabot.commands.arguments import Command, Options, option, positive
from qabot.commands.engine_options import engine_name
from qabot.commands.selection import question_files
from qabot.console.text import for_log, json_for_log
from qabot.errors import UsageError
from qabot.repository import find_root
from qabot.run.plan import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qabot.answers.model import Entry
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(Options):
    """The options of `qabot list`; the fargate engine's answers are those of its table."""

    globs: tuple[str, ...] = question_files()
    engine: str = engine_name()
    format: str = option("--format", None, "text", choices=("text", "json"))
    limit: int | None = option("--limit", "print at most N", type=positive, metavar="N")


def list_answers(options: ListOptions, report: Reporter) -> int:  # noqa: ARG001
    """Print the answers of `answers/`, or of the fargate engine's table, one per line.

    Raises:
        UsageError: a glob selects nothing, or is given for the table.
        CloudError: the table cannot be read.
    """
    if options.engine == "fargate":
        if options.globs:
            raise UsageError("FILE cannot be combined with --engine fargate; omit one of them")
        from qabot.commands import deployed_table

        show = deployed_table.as_json if options.format == "json" else deployed_table.as_text
        for item in deployed_table.items(find_root(options.root), options.limit):
            print(show(item))
        return 0
    for source, entry in islice(_entries(options), options.limit):
        if options.format == "json":
            print(json_for_log({"source": source, **entry_fields(entry)}))
        else:
            print(for_log(f"{source}  {entry.id}  {_in_columns(entry)}"))
    return 0


def _in_columns(entry: Entry) -> str:
    result = entry.result
    if isinstance(result, Answer):
        return f"{result.span.score:.2f}  {' '.join(result.span.answer.split()) or NOT_SAID}"
    return f"error  {result.reason}"


def _entries(options: ListOptions) -> Iterator[tuple[str, Entry]]:
    """Every entry of the selected answers files, with the question file it belongs to."""
    root = find_root(options.root)
    stored = store.read_all(root).values()
    sets = [file.answers for file in stored if file.answers]
    selected = select([answer_set.source for answer_set in sets], options.globs, root)
    for answer_set in sets:
        if answer_set.source in selected:
            yield from ((answer_set.source, entry) for entry in answer_set.entries)


COMMAND = Command(
    ListOptions,
    list_answers,
    "One line per answer: file, id, score, answer. With --engine fargate: the content of the table.",
    "qabot list einstein --format json\nqabot list --engine fargate   the content of the table",
)
