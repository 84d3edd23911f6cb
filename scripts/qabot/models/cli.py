"""`qabot model export`, `evaluate` and `train`: their arguments and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import add_command, positive
from qabot.console.reporter import Reporter
from qabot.console.text import clean, count

if TYPE_CHECKING:
    import argparse

# Declared here too, so that --help needs no model: answerer.exporting.export.
_WINDOW = 384


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommands of `qabot model`.

    Args:
        commands: what `add_subparsers` of the `model` parser gave. Each parser sets `run`, a
            function of the parsed arguments that returns the exit code.
    """
    export = add_command(
        commands,
        "export",
        "make a model directory of a question-answering checkpoint",
        "Any checkpoint that transformers loads as AutoModelForQuestionAnswering. The exported "
        "logits are compared with torch's before anything is written.",
        "qabot model export distilbert/distilbert-base-cased-distilled-squad@564e9b5 --out model\n"
        "qabot model export my-checkpoint --out model --licence MIT",
    )
    export.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="NAME@REVISION on the Hugging Face hub, or a folder",
    )
    export.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the model directory"
    )
    export.add_argument(
        "--no-quantise",
        action="store_true",
        help="keep the weights in float32: four times the size, twice the time",
    )
    export.add_argument(
        "--window",
        type=positive,
        default=_WINDOW,
        metavar="N",
        help=f"tokens of one window, question included ({_WINDOW})",
    )
    export.add_argument("--name", metavar="NAME", help="what to call it; the checkpoint's name")
    export.add_argument(
        "--licence", metavar="SPDX", help="the weights' licence; the model card's unless given"
    )
    export.set_defaults(run=run_export)

    evaluate = add_command(
        commands,
        "evaluate",
        "measure EM and F1 on a SQuAD-format file",
        "Exact match and F1 as SQuAD's official scripts define them, v1.1 and v2.0, by the code "
        "that answers.",
        "qabot model evaluate dev-v1.1.json\n"
        "qabot model evaluate dev-v1.1.json --model model --record 'SQuAD v1.1 dev'",
    )
    evaluate.add_argument("file", type=Path, metavar="FILE", help="a SQuAD v1.1 or v2.0 file")
    evaluate.add_argument(
        "--model", type=Path, metavar="DIR", help="a model directory; the bundled one unless given"
    )
    evaluate.add_argument("--threads", type=positive, metavar="N", help="a thread a core")
    evaluate.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write the answers for the official script"
    )
    evaluate.add_argument(
        "--record", metavar="NAME", help="write the figures to model.json, as measured on NAME"
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(run=run_evaluate)

    train = add_command(
        commands,
        "train",
        "train an encoder to find answers",
        "Makes a checkpoint of an encoder and SQuAD-format files. Interrupted, it goes on where it "
        "was when the same command is given again. The settings unless given are those that the "
        "bundled model was made with.",
        "qabot model train encoder squad.json --out first --bfloat16\n"
        "qabot model train first/raw squad.json --out second --epochs 1 --rate 6e-5 --warm-up 0.03\n"
        "qabot model export second --out model",
    )
    train.add_argument(
        "encoder", metavar="ENCODER", help="NAME@REVISION on the Hugging Face hub, or a folder"
    )
    train.add_argument("files", type=Path, nargs="+", metavar="FILE", help="SQuAD-format files")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint")
    train.add_argument("--epochs", type=positive, metavar="N", help="times each question is seen")
    train.add_argument("--batch", type=positive, metavar="N", help="questions a step")
    train.add_argument("--rate", type=float, metavar="X", help="highest learning rate")
    train.add_argument("--warm-up", type=float, metavar="X", help="part of the steps until then")
    train.add_argument("--window", type=positive, metavar="N", help="tokens of a question's window")
    train.add_argument("--seed", type=int, metavar="N", help="of head, order and dropout")
    train.add_argument("--save-every", type=positive, metavar="N", help="steps between savings")
    train.add_argument(
        "--bfloat16", action="store_true", help="faster, where the CPU has instructions for it"
    )
    train.set_defaults(run=run_train)


def run_export(args: argparse.Namespace) -> int:
    """Run `qabot model export`."""
    from answerer.exporting.export import export

    info = export(
        args.checkpoint,
        args.out,
        quantise=not args.no_quantise,
        window=args.window,
        name=args.name,
        licence=args.licence,
    )
    print(f"{clean(str(args.out))}: {clean(info.identity)}, {info.size / 1e6:.1f} MB")
    print(f"licence {clean(info.licence)}, windows of {info.max_length} tokens")
    return 0


def run_evaluate(args: argparse.Namespace) -> int:
    """Run `qabot model evaluate`."""
    from qabot.engines.runner import BUNDLED
    from qabot.models.evaluate import evaluate, record

    directory = args.model or BUNDLED
    measured = evaluate(args.file, directory, threads=args.threads, report=Reporter())
    if args.predictions is not None:
        text = json.dumps(measured.answers, ensure_ascii=False, indent=0)
        args.predictions.write_text(text + "\n", encoding="utf-8")
    if args.record is not None:
        record(directory, measured, args.record)
    if args.json:
        figures = {
            "questions": measured.questions,
            "exact_match": round(measured.exact_match, 2),
            "f1": round(measured.f1, 2),
            "questions_per_second": round(measured.per_second, 1),
            "refused": measured.refused,
        }
        print(json.dumps(figures))
        return 0
    print(f"EM {measured.exact_match:.2f}  F1 {measured.f1:.2f}")
    print(f"{count(measured.questions, 'question')}, {measured.per_second:.0f} a second")
    if measured.refused:
        print(f"{count(measured.refused, 'question')} could not be asked")
    return 0


def run_train(args: argparse.Namespace) -> int:
    """Run `qabot model train`."""
    from dataclasses import fields

    from qabot.models.train import Recipe, train

    given = {field.name: getattr(args, field.name, None) for field in fields(Recipe)}
    recipe = Recipe(**{name: value for name, value in given.items() if value is not None})
    train(args.encoder, args.files, args.out, recipe, Reporter())
    print(
        f"{clean(str(args.out))}: export it with: qabot model export {clean(str(args.out))} --out DIR"
    )
    return 0
