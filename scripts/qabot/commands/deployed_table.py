"""The deployed table of the fargate engine, for the commands that read or empty it."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

from answerer.items import Item, Status
from answerer.table import Table
from qabot.answers.model import NOT_SAID, span_fields
from qabot.aws.clients import Clients
from qabot.aws.errors import translated
from qabot.aws.stack import find_stack
from qabot.console.redact import Redactor
from qabot.console.reporter import on_github
from qabot.console.text import for_log, json_for_log
from qabot.deployment.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def open_table(root: Path) -> Table:
    """Find the deployed table.

    Args:
        root: the repository.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        CloudError: AWS refused, or the stack is not deployed.
    """
    clients = Clients()
    stack = find_stack(clients, read_settings(root).stack_name)
    return Table(clients.dynamodb, stack.table)


def items(root: Path, limit: int | None) -> Iterator[Item]:
    """Read the questions in the table.

    Args:
        root: the repository.
        limit: questions at most; None for all.

    Raises:
        CloudError: AWS refused, or the stack is not deployed.
    """
    table = open_table(root)
    with translated("listing the table"):
        yield from islice(table.scan(), limit)


def as_text(item: Item) -> str:
    """An item as one line of text."""
    if item.status is Status.ANSWERED:
        what = f"{item.spans[0].score:.2f}  {' '.join(item.spans[0].answer.split()) or NOT_SAID}"
    elif item.status is Status.FAILED:
        what = f"{item.kind}: {_redacted(item.reason or '')}"
    else:
        what = f"attempt {item.attempt}"
    asked = " ".join(item.question.split())
    return for_log(f"{item.key[:12]}  {item.status:8}  {asked}  {what}")


def as_json(item: Item) -> str:
    """An item as a JSON object."""
    fields = asdict(item) | {"spans": [span_fields(span) for span in item.spans]}
    del fields["token"]
    for name in ("reason", "task"):
        if fields[name]:
            fields[name] = _redacted(fields[name])
    return json_for_log(fields)


def _redacted(text: str) -> str:
    return Redactor(accounts=on_github())(text)


def answered(table: Table, limit: int) -> Iterator[tuple[Item, str]]:
    """Answered questions of the table, each with its context.

    Args:
        table: the table.
        limit: how many at most.

    Raises:
        CloudError: AWS refused.
    """
    with translated("listing the table"):
        found = (item for item in table.scan() if item.status is Status.ANSWERED)
        items = list(islice(found, limit))
        texts = table.read_contexts({item.context_id for item in items if item.context_id})
    for item in items:
        yield (
            item,
            item.context if item.context is not None else texts.get(item.context_id or "", ""),
        )
