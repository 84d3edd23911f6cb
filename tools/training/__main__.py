"""`scripts/train`: train the stages of a recipe, or average checkpoints."""

from __future__ import annotations

import argparse
from pathlib import Path

from qabot.console.reporter import Reporter
from qabot.exit_codes import run_and_report
from tools.training.averaging import average
from tools.training.learning import train
from tools.training.recipe import read

BUNDLED = Path(__file__).parent / "bundled.toml"


def main() -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="scripts/train", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="train; run it again to continue a stopped training")
    run.add_argument("encoder", metavar="ENCODER", help="NAME@REVISION on the hub, or a folder")
    run.add_argument("--data", type=Path, required=True, metavar="DIR", help="the SQuAD files")
    run.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder for the checkpoints"
    )
    run.add_argument(
        "--recipe", type=Path, default=BUNDLED, metavar="FILE", help="default: the bundled model's"
    )
    run.set_defaults(command=_run)
    mean = commands.add_parser("average", help="average the weights of checkpoints")
    mean.add_argument(
        "parts", type=_part, nargs="+", metavar="DIR[=WEIGHT]", help="weight: default 1"
    )
    mean.add_argument("--out", type=Path, required=True, metavar="DIR", help="the new checkpoint")
    mean.set_defaults(command=_average)
    arguments = parser.parse_args()
    report = Reporter()
    return run_and_report(lambda: int(arguments.command(arguments, report)), report)


def _part(text: str) -> tuple[Path, float]:
    path, _, weight = text.partition("=")
    return Path(path), float(weight or 1)


def _run(arguments: argparse.Namespace, report: Reporter) -> int:
    start = arguments.encoder
    for number, stage in enumerate(read(arguments.recipe), 1):
        out = arguments.out / f"stage-{number}"
        # A checkpoint's config.json is written last.
        if not (out / "config.json").exists():
            report.note(f"stage {number}, from {start}")
            train(start, stage, arguments.data, out, report)
        start = str(out)
    print(f"{start}: export it with: qabot model export {start} --out DIR")
    return 0


def _average(arguments: argparse.Namespace, report: Reporter) -> int:  # noqa: ARG001
    average(arguments.parts, arguments.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
