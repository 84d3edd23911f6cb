"""What the commands do with the fargate engine: its table, its tasks, one question."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from answerer.items import Item, Status
from answerer.table import Table
from qabot.answers.key import Keys
from qabot.answers.model import TOP_K, Answer, Request
from qabot.aws.clients import Clients
from qabot.aws.errors import translated
from qabot.aws.stack import find_stack
from qabot.console.redact import Redactor
from qabot.console.reporter import on_github
from qabot.console.text import count, for_log, json_for_log
from qabot.deployment.settings import read_settings
from qabot.engines.fargate.engine import DEFAULT_TIMEOUT, FargateEngine, stop_run
from qabot.errors import QabotError, UsageError
from qabot.repository import find_root

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qabot.console.reporter import Reporter
    from qabot.timeline.recorder import Recorder


class NoAnswerError(QabotError):
    """A question that was asked on its own has no answer."""


def make_engine(
    root: Path, args: argparse.Namespace, report: Reporter, recorder: Recorder | None = None
) -> FargateEngine:
    """The engine for a command line; AWS is not touched before it is asked something.

    Args:
        root: the repository.
        args: `run`, `max_tasks`, `timeout` and `force`, each of which may be missing or `None`.
        report: told what happens.
        recorder: told when.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ModelError: `cdk.json` names the bundled model, and that can't be read.
        UsageError: the run's name can't be one.
    """
    settings = read_settings(root)
    return FargateEngine(
        settings,
        settings.model_identity(root),
        run=getattr(args, "run", None),
        force=getattr(args, "force", False),
        max_tasks=getattr(args, "max_tasks", None),
        timeout=getattr(args, "timeout", None) or DEFAULT_TIMEOUT,
        note=report.note,
        mask=report.mask,
        recorder=recorder,
    )


def ask(args: argparse.Namespace, context: str, report: Reporter) -> int:
    """Print the answer to one question, from a task of its own.

    Args:
        args: `root`, `question`, `top_k` and `json`, and what `make_engine` takes.
        context: the text that holds the answer.
        report: told what happens.

    Raises:
        NoAnswerError: there is no answer.
        UsageError: more alternatives are wanted than the table keeps.
        CloudError: AWS refuses.
    """
    if args.top_k > TOP_K:
        raise UsageError(f"the fargate engine keeps the best {TOP_K} answers: --top-k {TOP_K}")
    engine = make_engine(find_root(args.root), args, report)
    key = Keys(engine.model).key(context, args.question)
    for result in engine.answer([Request(key, args.question, context)]):
        if not isinstance(result, Answer):
            raise NoAnswerError(f"no answer ({result.kind}): {result.reason}")
        for span in (result.span, *result.alternatives)[: args.top_k]:
            if args.json:
                print(json_for_log(asdict(span)))
            else:
                print(for_log(f"{' '.join(span.answer.split())} ({span.score:.2f})"))
    return 0


def open_table(root: Path) -> Table:
    """The deployed table.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        CloudError: AWS refuses, or the stack is not deployed.
    """
    clients = Clients()
    stack = find_stack(clients, read_settings(root).stack_name)
    return Table(clients.dynamodb, stack.table)


def list_items(args: argparse.Namespace) -> int:
    """Print what the table has, a line a question.

    Args:
        args: `root`, `limit` (`None` for all) and `format`.

    Raises:
        CloudError: AWS refuses, or the stack is not deployed.
    """
    table = open_table(find_root(args.root))
    redact = Redactor(accounts=on_github())
    show = _as_json if args.format == "json" else _as_text
    with translated("listing the table"):
        for number, item in enumerate(table.scan()):
            if args.limit is not None and number >= args.limit:
                break
            print(show(item, redact))
    return 0


def _as_text(item: Item, redact: Redactor) -> str:
    if item.status is Status.ANSWERED:
        what = f"{item.spans[0].score:.2f}  {' '.join(item.spans[0].answer.split())}"
    elif item.status is Status.FAILED:
        what = f"{item.kind}: {redact(item.reason or '')}"
    else:
        what = f"attempt {item.attempt}"
    asked = " ".join(item.question.split())
    return for_log(f"{item.key[:12]}  {item.status:8}  {asked}  {what}")


def _as_json(item: Item, redact: Redactor) -> str:
    fields = asdict(item) | {"spans": [asdict(span) for span in item.spans]}
    del fields["token"]
    for name in ("reason", "task"):
        if fields[name]:
            fields[name] = redact(fields[name])
    return json_for_log(fields)


def clear(args: argparse.Namespace, report: Reporter, ask_person: Callable[[], str] = input) -> int:
    """Empty the table.

    Args:
        args: `root` and `yes`.
        report: told how many questions are gone.
        ask_person: reads a line.

    Raises:
        UsageError: nobody is there to say yes.
        CloudError: AWS refuses, or the stack is not deployed.
    """
    table = open_table(find_root(args.root))
    if not args.yes:
        if not sys.stdin.isatty():
            raise UsageError("clear asks first, and there is no terminal to ask: give --yes")
        print(f"Delete every question and answer in {table.name}? [y/N] ", end="", file=sys.stderr)
        sys.stderr.flush()
        if ask_person().strip().lower() not in ("y", "yes"):
            report.note("nothing is deleted")
            return 0
    with translated("emptying the table"):
        report.note(f"deleted {count(table.clear(), 'question')} from {table.name}")
    return 0


def reap(args: argparse.Namespace, report: Reporter) -> int:
    """Stop every task that a run has left.

    Args:
        args: `root` and `run`.
        report: told which.

    Raises:
        CloudError: AWS refuses, or the stack is not deployed.
    """
    clients = Clients()
    stack = find_stack(clients, read_settings(find_root(args.root)).stack_name)
    report.mask(stack.account)
    stopped = 0
    for arn in stop_run(clients, stack, args.run):
        report.note(f"stopped {arn}")
        stopped += 1
    report.note(f"stopped {count(stopped, 'task')} of run {args.run}")
    return 0


def answered(table: Table, limit: int) -> Iterator[tuple[Item, str]]:
    """Answered questions of the table, each with its context.

    Args:
        table: the table.
        limit: how many at most.

    Raises:
        CloudError: AWS refuses.
    """
    with translated("listing the table"):
        items: list[Item] = []
        for item in table.scan():
            if len(items) == limit:
                break
            if item.status is Status.ANSWERED:
                items.append(item)
        texts = table.read_contexts({item.context_id for item in items if item.context_id})
    for item in items:
        yield (
            item,
            item.context if item.context is not None else texts.get(item.context_id or "", ""),
        )
