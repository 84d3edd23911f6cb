"""`qabot model show`, `prepare`, `export` and `evaluate`: their options and what they print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import Commands, add_command, positive
from qabot.console.text import clean, count
from qabot.github import job_summary
from qabot.models.local import configured_model
from qabot.repository import find_root_or_none

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter

# Declared here too, so that --help needs no model: answerer.exporting.export.
_WINDOW = 384


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What `qabot model export` is asked to do.

    Args:
        checkpoint: `NAME@REVISION` on the Hugging Face hub, or a folder.
        out: the model directory to write.
        quantise: make the weights int8.
        window: tokens of one window, question included.
        name: of the model; None for the checkpoint's.
        licence: of the weights, as an SPDX name; None for the model card's.
    """

    checkpoint: str
    out: Path
    quantise: bool = True
    window: int = _WINDOW
    name: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What `qabot model evaluate` is asked to do.

    Args:
        file: in SQuAD's format, v1.1 or v2.0.
        model: the model directory; None for the model that `cdk.json` names.
        threads: None for one per core.
        predictions: the file to write the answers to; None for none.
        record: the name to record the figures under in `model.json`; None to not record them.
        json: print one JSON object.
        root: the repository; None for the nearest upwards.
    """

    file: Path
    model: Path | None = None
    threads: int | None = None
    predictions: Path | None = None
    record: str | None = None
    json: bool = False
    root: Path | None = None


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser and those of its own commands.

    Each of those sets `run_model`, a function of the arguments and the reporter.
    """
    parser = add_command(
        commands,
        "model",
        summary,
        "A model directory holds model.onnx, tokenizer.json and model.json.",
        "qabot model show\nqabot model export OWNER/NAME@REVISION --out DIR\n"
        "qabot model evaluate dev-v1.1.json",
    )
    add_parsers(parser.add_subparsers(metavar="COMMAND", required=True))


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run the `qabot model` command that was named."""
    code: int = args.run_model(args, report)
    return code


def add_parsers(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the commands of `qabot model`.

    Args:
        commands: what `add_subparsers` of the `model` parser returned.
    """
    show = add_command(
        commands,
        "show",
        "show the model that answers in this repository",
        "That is the model that cdk.json names. On GitHub the step gets two outputs, for a cache: key "
        "and path. The key is empty where nothing has to be exported.",
        "qabot model show",
    )
    show.set_defaults(run_model=_show)

    prepare = add_command(
        commands,
        "prepare",
        "export the model that cdk.json names into the cache, unless it is there",
        "Needs torch and transformers, which scripts/run installs first. A bundled model needs no "
        "export.",
        "scripts/run model prepare",
    )
    prepare.set_defaults(run_model=_prepare)

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
    export.set_defaults(run_model=_export)

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
        "--model",
        type=Path,
        metavar="DIR",
        help="a model directory (default: the model that cdk.json names)",
    )
    evaluate.add_argument("--threads", type=positive, metavar="N", help="a thread a core")
    evaluate.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write the answers for the official script"
    )
    evaluate.add_argument(
        "--record", metavar="NAME", help="write the figures to model.json, as measured on NAME"
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(run_model=_evaluate)


def _show(args: argparse.Namespace, report: Reporter) -> int:  # noqa: ARG001
    return show_model(args.root)


def _prepare(args: argparse.Namespace, report: Reporter) -> int:
    return prepare_model(args.root, report)


def _export(args: argparse.Namespace, report: Reporter) -> int:  # noqa: ARG001
    return export_model(
        ExportOptions(
            args.checkpoint, args.out, not args.no_quantise, args.window, args.name, args.licence
        )
    )


def _evaluate(args: argparse.Namespace, report: Reporter) -> int:
    options = EvaluateOptions(
        args.file, args.model, args.threads, args.predictions, args.record, args.json, args.root
    )
    return evaluate_model(options, report)


def show_model(root: Path | None) -> int:
    """Print the identity of the repository's model, and where it is or will be.

    Args:
        root: the repository; None for the nearest upwards.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ModelError: the bundled model cannot be read.
    """
    model = configured_model(find_root_or_none(root))
    job_summary.set_output("key", model.cache_key)
    job_summary.set_output("path", str(model.directory))
    state = "" if model.is_ready else ", not exported yet"
    print(f"{clean(model.identity)} in {clean(str(model.directory))}{state}")
    return 0


def prepare_model(root: Path | None, report: Reporter) -> int:
    """Export the repository's model into the cache, unless it is there.

    Args:
        root: the repository; None for the nearest upwards.
        report: gets what is being done.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ExportError: the checkpoint cannot be exported, or torch is missing.
        ModelError: the model cannot be read.
    """
    model = configured_model(find_root_or_none(root))
    directory = model.prepare(report.note)
    print(f"{clean(model.identity)} in {clean(str(directory))}")
    return 0


def export_model(options: ExportOptions) -> int:
    """Make a model directory, and print its name and size."""
    from answerer.exporting.export import export

    info = export(
        options.checkpoint,
        options.out,
        quantise=options.quantise,
        window=options.window,
        name=options.name,
        licence=options.licence,
    )
    print(f"{clean(str(options.out))}: {clean(info.identity)}, {info.size / 1e6:.1f} MB")
    print(f"licence {clean(info.licence)}, windows of {info.max_length} tokens")
    return 0


def evaluate_model(options: EvaluateOptions, report: Reporter) -> int:
    """Measure a model, and print the figures."""
    from qabot.models.evaluate import evaluate, record

    directory = configured_model(find_root_or_none(options.root), options.model).prepare(
        report.note
    )
    measured = evaluate(options.file, directory, threads=options.threads, report=report)
    if options.predictions is not None:
        text = json.dumps(measured.answers, ensure_ascii=False, indent=0)
        options.predictions.write_text(text + "\n", encoding="utf-8")
    if options.record is not None:
        record(directory, measured, options.record)
    if options.json:
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
