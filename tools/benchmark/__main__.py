"""Run every measurement, alternating the programs, and print the tables of docs/benchmark.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.deployment import fargate_limits as fargate
from tools import ROOT
from tools.benchmark import image as images
from tools.benchmark import page as pages
from tools.benchmark.browser import NoBrowserError
from tools.benchmark.models import QUESTIONS, SIZES
from tools.benchmark.processes import Cost, measure, median
from tools.docker import NoDockerError, build_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTEXT = (
    "He received the 1921 Nobel Prize in Physics for his services to theoretical physics, and "
    "especially for his discovery of the law of the photoelectric effect, a pivotal step in the "
    "development of quantum theory."
)
QUESTION = "In what year did Einstein win the Nobel prize?"

PYTHONPATH = f"{ROOT / 'container'}:{ROOT / 'scripts'}"


def main() -> int:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each program (default: 7)")
    parser.add_argument("--base", help="the image's base, if the Dockerfile's cannot be pulled")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as folder:
        _measure(Path(folder), arguments.rounds, arguments.base)
    return 0


def _measure(folder: Path, rounds: int, base: str | None) -> None:
    prepare = [sys.executable, "-m", "tools.benchmark.models", str(folder)]
    subprocess.run(
        prepare, env=dict(os.environ, PYTHONPATH=PYTHONPATH), check=True, stderr=subprocess.DEVNULL
    )
    machine = f"{_processor()}, {platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, Python {platform.python_version()}; medians of {rounds} runs\n")
    with _table() as table:
        _starts(folder, table, rounds)
        print()
        _throughputs(folder)
        print()
        _long_contexts(folder, rounds)
        print()
        _image(base, table)
    print()
    try:
        pages.print_table(rounds)
    except NoBrowserError as error:
        print(f"The page was not measured: {error}.")


def _starts(folder: Path, table: Mapping[str, str], rounds: int) -> None:
    """Measure process start to printed answer, on one core, each program in turn."""
    python = sys.executable
    task = [python, "-m", "answerer", CONTEXT, QUESTION, "bench"]
    programs: dict[str, tuple[list[str], dict[str, str]]] = {}
    for size in SIZES:
        usual = [python, "-m", "tools.benchmark.usual", str(folder / size), CONTEXT, QUESTION]
        programs[f"{size}: torch + transformers"] = (usual, {})
        model = {"MODEL_DIR": str(folder / f"{size}-model")}
        programs[f"{size}: answerer"] = ([*task, "--no_save"], model)
        programs[f"{size}: answerer, table written"] = (task, {**model, **table})
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    for _ in range(rounds + 1):
        for name, (command, extra) in programs.items():
            cost, printed = measure(command, environ=_environ() | extra, core=0)
            assert json.loads(printed)["answer"]
            costs[name].append(cost)
    print("| start to answer, one core | wall s | CPU s | peak MB |\n| --- | --- | --- | --- |")
    for name, runs in costs.items():
        middle = median(runs[1:])  # the first filled the caches
        print(f"| {name} | {middle.wall:.2f} | {middle.cpu:.2f} | {middle.memory / 1e6:.0f} |")


def _throughputs(folder: Path) -> None:
    """Measure questions per second on all cores, without loading; in turn, best of three."""
    print("| questions per second, all cores | torch, best batch | answerer |\n| --- | --- | --- |")
    path = str(folder / QUESTIONS)
    for size in SIZES:
        python = [sys.executable, "-m"]
        usual = [*python, "tools.benchmark.usual", str(folder / size), "--throughput", path]
        ours = [*python, "tools.benchmark.ours", str(folder / f"{size}-model"), path]
        best = {"usual": 0.0, "ours": 0.0}
        for _ in range(3):
            for name, command in (("usual", usual), ("ours", ours)):
                _, printed = measure(command, environ=_environ())
                best[name] = max(best[name], float(printed))
        print(f"| {size} | {best['usual']:.0f} | {best['ours']:.0f} |")


def _long_contexts(folder: Path, rounds: int) -> None:
    """Measure a question about a context of 1 MB, without loading; CPU and peak are the process's."""
    print("| a context of 1 MB, all cores | s | CPU s | peak MB |\n| --- | --- | --- | --- |")
    for size in SIZES:
        ours = [sys.executable, "-m", "tools.benchmark.ours", str(folder / f"{size}-model")]
        runs = [measure(ours, environ=_environ()) for _ in range(rounds)]
        seconds = statistics.median(float(printed) for _, printed in runs)
        cost = median([cost for cost, _ in runs])
        print(f"| {size}: answerer | {seconds:.2f} | {cost.cpu:.2f} | {cost.memory / 1e6:.0f} |")


def _image(base: str | None, table: Mapping[str, str]) -> None:
    """Measure the image, the smallest task that suffices, and the cost of 1,000 questions."""
    try:
        build_image(images.TAG, base)
        plain, compressed = images.sizes(images.TAG)
        print("| image with the bundled model | MB |\n| --- | --- |")
        print(f"| unpacked | {plain / 1e6:.0f} |")
        print(f"| compressed (gzip) | {compressed / 1e6:.0f} |\n")
        given = [f"--env={name}={value}" for name, value in table.items()]
        arguments = ["--network=host", *given, images.TAG, CONTEXT, QUESTION, "bench"]
        cpu, memory, took = images.smallest(arguments)
        print("| Fargate size | container s | 1,000 questions |\n| --- | --- | --- |")
        for units, size, seconds in (
            (cpu, memory, took),
            (1024, 4096, images.seconds(1024, 4096, arguments)),
        ):
            dollars = fargate.cost(units, size, images.START_SECONDS + seconds, tasks=1000)
            print(f"| {units / 1024:g} vCPU, {size / 1024:g} GB | {seconds:.1f} | ${dollars:.2f} |")
    except NoDockerError as error:
        print(f"The image was not measured: {error}.")


def _environ() -> dict[str, str]:
    """A small environment for measured programs, the same everywhere."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": PYTHONPATH, "HF_HUB_OFFLINE": "1"}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


@contextmanager
def _table() -> Iterator[dict[str, str]]:
    """Serve an emulated DynamoDB with a table; yield the environment for using it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tools.benchmark.table"],
        env=dict(os.environ, PYTHONPATH=PYTHONPATH),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
