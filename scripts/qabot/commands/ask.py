"""`qabot ask`: answer one question."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.answers.key import Keys
from qabot.answers.locate import find_places
from qabot.answers.model import TOP_K, Answer, Request, span_fields, span_in_words
from qabot.answers.places import to_fields
from qabot.commands.arguments import (
    Command,
    Options,
    documents,
    flag,
    group,
    option,
    positional,
    positive,
)
from qabot.commands.engine_options import EngineOptions, make_fargate_engine
from qabot.console.text import for_log, json_for_log
from qabot.errors import NoAnswerError, UsageError
from qabot.models.local import configured_model
from qabot.questions.parse import Question
from qabot.repository import find_root, find_root_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from answerer.spans import Span
    from qabot.console.reporter import Reporter


class _InsteadOfContext(argparse.Action):
    """Collects globs of documents: QUESTION is then the only text."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        namespace.documents = (*getattr(namespace, "documents", ()), values)
        for action in parser._actions:  # noqa: SLF001 - argparse has no other way
            if action.dest == "question":
                action.required = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOptions(Options):
    """The options of `qabot ask`; with documents, the question is in the place of the context."""

    context: str = positional(
        "the text that contains the answer; - reads it from standard input", metavar="CONTEXT"
    )
    question: str | None = positional(None, None, metavar="QUESTION")
    documents: tuple[str, ...] = documents(action=_InsteadOfContext)
    top_k: int = option(
        "--top-k", "print the N best answers (default: 1)", 1, type=positive, metavar="N"
    )
    json: bool = flag("--json", "print one JSON object per answer")
    engine: EngineOptions = group(EngineOptions)


def ask(options: AskOptions, report: Reporter) -> int:
    """Print the answer to one question.

    Raises:
        InputError: the model cannot take the context or the question.
        NoAnswerError: the fargate engine found no answer.
        UsageError: the fargate engine's table does not keep as many answers.
        ModelError: the model cannot be loaded.
        CloudError: AWS refused.
    """
    asked = _question(options, report)
    fargate = options.engine.engine == "fargate"
    spans = (
        _from_fargate(options, asked, report) if fargate else _from_model(options, asked, report)
    )
    places = find_places(asked, Answer("", "", spans[0], tuple(spans[1:])))
    where = [next(iter(places.answer), None), *places.alternatives]
    for number, span in enumerate(spans):
        place = where[number] if number < len(where) else None
        if options.json:
            print(json_for_log(span_fields(span) | (to_fields(place) if place else {})))
        else:
            print(for_log(span_in_words(span) + (f"  {place}" if place else "")))
    return 0


def _question(options: AskOptions, report: Reporter) -> Question:
    """The question, with its context or the passages to read."""
    if not options.documents:
        context = _read_standard_input() if options.context == "-" else options.context
        return Question("", "", options.question or "", context, (), 0)
    if options.question is not None:
        raise UsageError("--documents replaces CONTEXT: give the question alone")
    from qabot.documents.choose import choose_for
    from qabot.documents.library import check_globs

    root = find_root(options.root)
    check_globs(root, options.documents)
    question = Question("", "", options.context, "", (), 0, documents=options.documents)
    chosen = choose_for(root, question, report.warning)
    if not chosen.context:
        raise UsageError("none of these documents can be read")
    return chosen


def _from_model(options: AskOptions, asked: Question, report: Reporter) -> Sequence[Span]:
    from answerer.model import Model

    chosen = configured_model(find_root_or_none(options.root), options.engine.model)
    model = Model.load(chosen.prepare(report.note))
    return model.answer(asked.context, asked.question, top_k=options.top_k)


def _from_fargate(options: AskOptions, asked: Question, report: Reporter) -> Sequence[Span]:
    if options.top_k > TOP_K:
        raise UsageError(f"the fargate engine keeps the best {TOP_K} answers: --top-k {TOP_K}")
    engine = make_fargate_engine(find_root(options.root), options.engine.fargate, report)
    key = Keys(engine.model).key(asked.context, asked.question)
    (result,) = engine.answer([Request(key, asked.question, asked.context)])
    if not isinstance(result, Answer):
        raise NoAnswerError(f"no answer ({result.kind}): {result.reason}")
    return (result.span, *result.alternatives)[: options.top_k]


def _read_standard_input() -> str:
    if sys.stdin is None:
        raise UsageError("standard input is closed; give the context as an argument")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start}); convert it") from None


COMMAND = Command(
    AskOptions,
    ask,
    "Finds the part of CONTEXT, or of documents, that answers QUESTION. Nothing is written.",
    'qabot ask "She named the baby Momotaro." "What is the name of the baby?"\n'
    'qabot ask - "Who may sign?" < contract.txt\n'
    "qabot ask --documents 'handbook/*' \"How many days of leave are there?\"",
)
