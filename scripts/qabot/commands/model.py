"""`qabot model` and its commands: `show`, `prepare`, `export`, `evaluate` and `calibrate`."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import Commands, add_command, positive
from qabot.console.text import clean, count
from qabot.github import job_summary
from qabot.models.local import configured_model
from qabot.repository import find_root_or_none

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter
    from qabot.models.evaluate import Evaluation

# The same as in answerer.exporting.export, which --help must not import.
_WINDOW = 384


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `qabot model export`.

    Args:
        checkpoint: `NAME@REVISION` on the Hugging Face hub, or a folder.
        out: the model directory to write.
        quantise: store the weights as int8.
        window: tokens of one window, question included.
        name: of the model; None for the checkpoint's.
        licence: of the weights, as an SPDX name; None for the model card's.
        null: whether it learnt to point to the first token where the text does not say; None
            decides by its name and model card.
    """

    checkpoint: str
    out: Path
    quantise: bool = True
    window: int = _WINDOW
    name: str | None = None
    licence: str | None = None
    null: bool | None = None


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """The options of `qabot model evaluate`.

    Args:
        file: in SQuAD's format, v1.1 or v2.0.
        model: the model directory; None for the model that `cdk.json` names.
        threads: None for one per core.
        predictions: the file to write the answers to; None for none.
        record: the name to record the figures under in `model.json`; None to not record them.
        json: print one JSON object.
        root: the repository; None for the nearest one upwards.
        elsewhere: ask each question of another paragraph of its article, too.
    """

    file: Path
    model: Path | None = None
    threads: int | None = None
    predictions: Path | None = None
    record: str | None = None
    json: bool = False
    root: Path | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """The options of `qabot model calibrate`.

    Args:
        files: in SQuAD's format, with questions that the model was not trained on.
        model: the model directory.
        threads: None for one per core.
        name: of the questions, for `model.json`; None for the files' names.
        elsewhere: ask each question of another paragraph of its article, too.
    """

    files: tuple[Path, ...]
    model: Path
    threads: int | None = None
    name: str | None = None
    elsewhere: bool = False


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser and those of its subcommands.

    Each of these sets `run_model`, a function of the arguments and the reporter.
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
        "That is the model that cdk.json names. On GitHub the step gets two outputs for a cache, key "
        "and path. The key is empty if nothing has to be exported.",
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
    export.add_argument("--name", metavar="NAME", help="its name (default: the checkpoint's)")
    export.add_argument(
        "--licence", metavar="SPDX", help="the weights' licence (default: the model card's)"
    )
    export.add_argument(
        "--null",
        action=argparse.BooleanOptionalAction,
        help="whether the checkpoint learnt to say that a text does not answer, by its first token "
        "(default: whether its name or model card mentions SQuAD 2.0)",
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
    evaluate.add_argument(
        "--threads", type=positive, metavar="N", help="number of threads (default: one per core)"
    )
    evaluate.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write the answers for the official script"
    )
    evaluate.add_argument(
        "--record", metavar="NAME", help="write the figures to model.json, as measured on NAME"
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    _add_elsewhere(evaluate)
    evaluate.set_defaults(run_model=_evaluate)

    calibrate = add_command(
        commands,
        "calibrate",
        "turn a model's scores into probabilities",
        "Asks questions whose answers are known, fits how likely an answer is right, and writes "
        "the fit into model.json. The model must not have been trained on the questions, and for a "
        "model that can say that a text does not answer, some must have no answer.",
        "qabot model calibrate held-out.json --model model --elsewhere",
    )
    calibrate.add_argument("files", type=Path, nargs="+", metavar="FILE", help="SQuAD-format files")
    calibrate.add_argument(
        "--model", type=Path, required=True, metavar="DIR", help="the model directory"
    )
    calibrate.add_argument("--name", metavar="NAME", help="what to call the questions")
    calibrate.add_argument(
        "--threads", type=positive, metavar="N", help="number of threads (default: one per core)"
    )
    _add_elsewhere(calibrate)
    calibrate.set_defaults(run_model=_calibrate)


def _show(args: argparse.Namespace, report: Reporter) -> int:  # noqa: ARG001
    return show_model(args.root)


def _prepare(args: argparse.Namespace, report: Reporter) -> int:
    return prepare_model(args.root, report)


def _add_elsewhere(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--elsewhere",
        action="store_true",
        help="ask each question of another paragraph of its article, too, which does not answer it",
    )


def _export(args: argparse.Namespace, report: Reporter) -> int:  # noqa: ARG001
    return export_model(
        ExportOptions(
            args.checkpoint,
            args.out,
            not args.no_quantise,
            args.window,
            args.name,
            args.licence,
            args.null,
        )
    )


def _evaluate(args: argparse.Namespace, report: Reporter) -> int:
    options = EvaluateOptions(
        args.file,
        args.model,
        args.threads,
        args.predictions,
        args.record,
        args.json,
        args.root,
        args.elsewhere,
    )
    return evaluate_model(options, report)


def _calibrate(args: argparse.Namespace, report: Reporter) -> int:
    options = CalibrateOptions(
        tuple(args.files), args.model, args.threads, args.name, args.elsewhere
    )
    return calibrate_model(options, report)


def show_model(root: Path | None) -> int:
    """Print the identity of the repository's model, and where it is or will be.

    Args:
        root: the repository; None for the nearest one upwards.

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
        root: the repository; None for the nearest one upwards.
        report: receives progress messages.

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
        null=options.null,
    )
    print(f"{clean(str(options.out))}: {clean(info.identity)}, {info.size / 1e6:.1f} MB")
    print(f"licence {clean(info.licence)}, windows of {info.max_length} tokens")
    null = "says where a text does not answer" if info.null else "always answers"
    out = shlex.quote(clean(str(options.out)))
    print(f"{null}; its scores are not calibrated")
    print(f"to fit them: qabot model calibrate FILE --model {out}")
    return 0


def evaluate_model(options: EvaluateOptions, report: Reporter) -> int:
    """Measure a model, and print the figures."""
    from qabot.models.evaluate import evaluate, record
    from qabot.models.reliability import diagram

    directory = configured_model(find_root_or_none(options.root), options.model).prepare(
        report.note
    )
    measured = evaluate(
        options.file,
        directory,
        elsewhere=options.elsewhere,
        threads=options.threads,
        report=report,
    )
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
            **_by_kind(measured),
        }
        print(json.dumps(figures))
        return 0
    print(f"EM {measured.exact_match:.2f}  F1 {measured.f1:.2f}")
    print(f"{count(measured.questions, 'question')}, {measured.per_second:.0f} per second")
    if measured.refused:
        print(f"{count(measured.refused, 'question')} could not be asked")
    for name, figure in _by_kind(measured).items():
        print(f"{name}: {figure}")
    print(diagram(measured.scores, measured.right))
    return 0


def _by_kind(measured: Evaluation) -> dict[str, float]:
    """Figures for questions with and without an answer, and for the scores."""
    from qabot.answers.model import DOUBTFUL
    from qabot.models.reliability import calibration_error

    figures: dict[str, float] = {}
    if measured.answerable is not None and measured.unanswerable is not None:
        figures["HasAns_exact"] = round(measured.answerable[0], 2)
        figures["HasAns_f1"] = round(measured.answerable[1], 2)
        figures["NoAns_exact"] = round(measured.unanswerable[0], 2)
        figures["auroc_of_spans"] = round(measured.span_auroc, 3)
    sure = [
        right
        for score, right in zip(measured.scores, measured.right, strict=True)
        if score >= DOUBTFUL
    ]
    return figures | {
        "auroc_answerable": round(measured.answerable_auroc, 3),
        "calibration_error": round(calibration_error(measured.scores, measured.right), 3),
        "not_doubtful": round(100 * len(sure) / max(1, len(measured.scores)), 1),
        "not_doubtful_right": round(100 * sum(sure) / max(1, len(sure)), 1),
    }


def calibrate_model(options: CalibrateOptions, report: Reporter) -> int:
    """Fit a model's calibration, and print its figures."""
    from qabot.models.calibrate import calibrate

    found = calibrate(
        options.files,
        options.model,
        elsewhere=options.elsewhere,
        fitted_on=options.name,
        threads=options.threads,
        report=report,
    )
    print(
        f"fitted on {count(found.questions, 'question')}; each half measured with the other half's fit:"
    )
    print(f"calibration error {found.error:.3f}, AUROC {found.auroc:.3f}")
    return 0
