"""`qabot model` and its commands: `show`, `prepare`, `export`, `evaluate` and `calibrate`."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qabot.commands.arguments import (
    Command,
    CommandGroup,
    Options,
    flag,
    option,
    positional,
    positive,
)
from qabot.console.text import clean, count
from qabot.github import job_summary
from qabot.models.local import configured_model
from qabot.repository import find_root_or_none

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter

# The same as in answerer.exporting.export, which --help must not import.
_WINDOW = 384


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions(Options):
    """The options of `qabot model export`."""

    checkpoint: str = positional(
        "NAME@REVISION on the Hugging Face hub, or a folder", metavar="CHECKPOINT"
    )
    out: Path = option("--out", "the model directory", type=Path, required=True, metavar="DIR")
    quantise: bool = option(
        "--no-quantise",
        "keep the weights in float32: four times the size, twice the time",
        True,
        action="store_false",
    )
    window: int = option(
        "--window",
        f"tokens of one window, question included ({_WINDOW})",
        _WINDOW,
        type=positive,
        metavar="N",
    )
    name: str | None = option("--name", "its name (default: the checkpoint's)", metavar="NAME")
    licence: str | None = option(
        "--licence", "the weights' licence (default: the model card's)", metavar="SPDX"
    )
    null: bool | None = option(
        "--null",
        "whether the checkpoint can say that a text does not answer, by its first token "
        "(default: whether its name or model card mentions SQuAD 2.0)",
        action=argparse.BooleanOptionalAction,
    )


def _threads() -> Any:
    what = "number of threads (default: one per core)"
    return option("--threads", what, type=positive, metavar="N")


def _elsewhere() -> Any:
    what = "also ask each question about another paragraph of its article, which does not answer it"
    return flag("--elsewhere", what)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions(Options):
    """The options of `qabot model evaluate`."""

    file: Path = positional("a SQuAD v1.1 or v2.0 file", type=Path, metavar="FILE")
    model: Path | None = option(
        "--model",
        "a model directory (default: the model that cdk.json names)",
        type=Path,
        metavar="DIR",
    )
    threads: int | None = _threads()
    predictions: Path | None = option(
        "--predictions", "write the answers for the official script", type=Path, metavar="FILE"
    )
    record: str | None = option(
        "--record", "write the figures to model.json, as measured on NAME", metavar="NAME"
    )
    json: bool = flag("--json", "print one JSON object")
    elsewhere: bool = _elsewhere()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateOptions(Options):
    """The options of `qabot model calibrate`."""

    files: tuple[Path, ...] = positional("SQuAD-format files", type=Path, nargs="+", metavar="FILE")
    model: Path = option("--model", "the model directory", type=Path, required=True, metavar="DIR")
    name: str | None = option(
        "--name", "a name for the questions, recorded in model.json", metavar="NAME"
    )
    threads: int | None = _threads()
    elsewhere: bool = _elsewhere()


def show_model(options: Options, report: Reporter) -> int:  # noqa: ARG001
    """Print the identity of the repository's model, and where it is or will be.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ModelError: the bundled model cannot be read.
    """
    model = configured_model(find_root_or_none(options.root))
    job_summary.set_output("key", model.cache_key)
    job_summary.set_output("path", str(model.directory))
    state = "" if model.is_ready else ", not exported yet"
    print(f"{clean(model.identity)} in {clean(str(model.directory))}{state}")
    return 0


def prepare_model(options: Options, report: Reporter) -> int:
    """Export the repository's model into the cache, unless it is there.

    Raises:
        SettingsError: `cdk.json` has mistakes.
        ExportError: the checkpoint cannot be exported, or torch is missing.
        ModelError: the model cannot be read.
    """
    model = configured_model(find_root_or_none(options.root))
    directory = model.prepare(report.note)
    print(f"{clean(model.identity)} in {clean(str(directory))}")
    return 0


def export_model(options: ExportOptions, report: Reporter) -> int:  # noqa: ARG001
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
            **measured.more,
        }
        print(json.dumps(figures))
        return 0
    print(f"EM {measured.exact_match:.2f}  F1 {measured.f1:.2f}")
    print(f"{count(measured.questions, 'question')}, {measured.per_second:.0f} per second")
    if measured.refused:
        print(f"{count(measured.refused, 'question')} could not be asked")
    for name, figure in measured.more.items():
        print(f"{name}: {figure}")
    print(diagram(measured.scores, measured.right))
    return 0


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


COMMAND = CommandGroup(
    {
        "show": (
            "show the model that answers in this repository",
            Command(
                Options,
                show_model,
                "That is the model that cdk.json names. On GitHub the step gets two outputs for a "
                "cache, key and path. The key is empty if nothing has to be exported.",
                "qabot model show",
            ),
        ),
        "prepare": (
            "export the model that cdk.json names into the cache, unless it is there",
            Command(
                Options,
                prepare_model,
                "Needs torch and transformers, which scripts/run installs first. A bundled model "
                "needs no export.",
                "scripts/run model prepare",
            ),
        ),
        "export": (
            "make a model directory of a question-answering checkpoint",
            Command(
                ExportOptions,
                export_model,
                "Any checkpoint that transformers loads as AutoModelForQuestionAnswering. The "
                "exported logits are compared with torch's before anything is written.",
                "qabot model export distilbert/distilbert-base-cased-distilled-squad@564e9b5 --out "
                "model\n"
                "qabot model export my-checkpoint --out model --licence MIT",
            ),
        ),
        "evaluate": (
            "measure EM and F1 on a SQuAD-format file",
            Command(
                EvaluateOptions,
                evaluate_model,
                "Exact match and F1 as SQuAD's official scripts define them, v1.1 and v2.0, by the "
                "code that answers.",
                "qabot model evaluate dev-v1.1.json\n"
                "qabot model evaluate dev-v1.1.json --model model --record 'SQuAD v1.1 dev'",
            ),
        ),
        "calibrate": (
            "turn a model's scores into probabilities",
            Command(
                CalibrateOptions,
                calibrate_model,
                "Asks questions whose answers are known, fits how likely an answer is right, and "
                "writes the fit into model.json. The model must not have been trained on the "
                "questions, and for a model that can say that a text does not answer, some must "
                "have no answer.",
                "qabot model calibrate held-out.json --model model --elsewhere",
            ),
        ),
    },
    "A model directory holds model.onnx, tokenizer.json and model.json.",
    "qabot model show\nqabot model export OWNER/NAME@REVISION --out DIR\n"
    "qabot model evaluate dev-v1.1.json",
)
