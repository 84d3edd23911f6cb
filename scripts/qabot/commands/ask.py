"""`qabot ask`: answer one question."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qabot.answers.key import Keys
from qabot.answers.locate import find_places
from qabot.answers.model import TOP_K, Answer, Request, span_fields, span_in_words
from qabot.answers.places import to_fields
from qabot.commands.arguments import Commands, add_command, add_documents, positive
from qabot.commands.engine_options import (
    EngineOptions,
    add_engine_run,
    engine_run,
    make_fargate_engine,
)
from qabot.console.text import for_log, json_for_log
from qabot.errors import NoAnswerError, UsageError
from qabot.models.local import configured_model
from qabot.questions.parse import Question
from qabot.repository import find_root, find_root_or_none

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from answerer.spans import Span
    from qabot.console.reporter import Reporter


@dataclass(frozen=True, slots=True)
class AskOptions:
    """The options of `qabot ask`.

    Args:
        context: the text that contains the answer; None for documents.
        question: about it.
        top_k: answers to print, best first.
        json: print each as a JSON object.
        root: the repository, for its settings and documents; None for the nearest one upwards.
        engine: of the command.
        documents: globs of the documents that contain the answer.
    """

    context: str | None
    question: str
    top_k: int = 1
    json: bool = False
    root: Path | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    documents: tuple[str, ...] = ()


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "ask",
        summary,
        "Finds the part of CONTEXT, or of documents, that answers QUESTION. Nothing is written.",
        'qabot ask "She named the baby Momotaro." "What is the name of the baby?"\n'
        'qabot ask - "Who may sign?" < contract.txt\n'
        "qabot ask --documents 'handbook/*' \"How many days of leave are there?\"",
    )
    parser.add_argument(
        "context",
        metavar="CONTEXT",
        help="the text that contains the answer; - reads it from standard input",
    )
    question = parser.add_argument("question", metavar="QUESTION")
    add_documents(parser, instead_of_context=question)
    parser.add_argument(
        "--top-k",
        type=positive,
        default=1,
        metavar="N",
        help="print the N best answers (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per answer")
    add_engine_run(parser)


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot ask`."""
    context, question = args.context, args.question
    if args.documents:
        if question is not None:
            raise UsageError("--documents replaces CONTEXT: give the question alone")
        context, question = None, context
    elif context == "-":
        context = _read_standard_input()
    options = AskOptions(
        context,
        question,
        args.top_k,
        args.json,
        args.root,
        engine_run(args),
        tuple(args.documents),
    )
    return ask(options, report)


def ask(options: AskOptions, report: Reporter) -> int:
    """Print the answer to one question.

    Args:
        options: of the command.
        report: receives messages of the fargate engine.

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
    """The question, with the passages to read where it is about documents."""
    question = Question("", "", options.question, options.context or "", (), 0)
    if options.context is not None:
        return question
    from qabot.documents.choose import choose_for
    from qabot.documents.library import check_globs

    root = find_root(options.root)
    check_globs(root, options.documents)
    question = replace(question, documents=options.documents)
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
    engine = make_fargate_engine(find_root(options.root), options.engine, report)
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
