"""Compare qabot with other question-answering programs, with one checkpoint.

    python -m tools.benchmark.side_by_side CHECKPOINT FILE [--questions N] [--environments DIR]

FILE is in SQuAD's format. Each peer gets its own environment in DIR, which is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerer.exporting.export import export
from qabot.cache import in_cache
from qabot.models import squad
from tools import ROOT
from tools.benchmark.processes import Cost, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

_TORCH = (ROOT / "requirements/torch.txt").read_text("utf-8").splitlines()[-1]
# The last versions that have a pipeline, and a reader, for extractive answers.
PEERS = {
    "pipeline": (f"{_TORCH}+cpu", "transformers==5.2.0"),
    "haystack_reader": (
        f"{_TORCH}+cpu",
        "transformers==5.2.0",
        "haystack-ai==2.31.0",
        "accelerate",
    ),
}
_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def main() -> int:
    """Measure each program once, and print Markdown."""
    parser = argparse.ArgumentParser(prog="tools.benchmark.side_by_side", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a folder, as transformers saves it")
    parser.add_argument("file", type=Path, help="a SQuAD v1.1 or v2.0 file")
    parser.add_argument(
        "--questions", type=int, help="at most this many, spread evenly over the file"
    )
    parser.add_argument("--environments", type=Path, default=in_cache("peers"))
    arguments = parser.parse_args()
    examples = thinned(squad.read(arguments.file), arguments.questions)
    print(f"{len(examples):,} questions\n")
    print("| | EM | F1 | questions per second | peak MB |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="qabot-peers-") as folder:
        for row in rows(arguments.checkpoint, examples, Path(folder), arguments.environments):
            print(row, flush=True)
    return 0


def thinned(examples: list[squad.Example], most: int | None) -> list[squad.Example]:
    """At most this many examples, spread evenly over the file.

    Args:
        examples: of a file.
        most: how many; None for all.
    """
    if most is None or most >= len(examples):
        return examples
    return [examples[index * len(examples) // most] for index in range(most)]


def rows(
    checkpoint: Path, examples: list[squad.Example], folder: Path, environments: Path
) -> Iterator[str]:
    """Measure every program, one after the other; yields the rows of the table.

    Args:
        checkpoint: a folder.
        examples: the questions.
        folder: for files of this run.
        environments: for those of the peers.
    """
    questions = folder / "questions.json"
    asked = [(example.id, example.context, example.question) for example in examples]
    questions.write_text(json.dumps(asked), encoding="utf-8")
    programs: list[tuple[str, list[str]]] = []
    for peer, packages in PEERS.items():
        python = environment(environments / peer, packages)
        command = [str(python), *program(peer), str(checkpoint), str(questions)]
        programs.append((", ".join(packages[1:3]), command))
    for quantise, name in ((False, "qabot, float"), (True, "qabot, int8")):
        model = folder / name.replace(", ", "-")
        export(str(checkpoint), model, quantise=quantise)
        programs.append(
            (name, [sys.executable, *program("answerer_model"), str(model), str(questions)])
        )
    for name, command in programs:
        yield run(name, command, examples)


def run(name: str, command: list[str], examples: list[squad.Example]) -> str:
    """Measure one program; returns its row of the table.

    Args:
        name: of it.
        command: prints its answers; see `tools.benchmark.peers`.
        examples: the questions that it answers.
    """
    cost, reached = printed(command)
    answers = reached["answers"]
    pairs = [(answers[example.id], example.texts) for example in examples]
    cells = (
        name,
        f"{100 * sum(squad.exact_match(*pair) for pair in pairs) / len(pairs):.1f}",
        f"{100 * sum(squad.f1(*pair) for pair in pairs) / len(pairs):.1f}",
        f"{len(pairs) / reached['seconds']:.2g}",
        f"{cost.memory / 1e6:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def printed(command: list[str]) -> tuple[Cost, dict[str, Any]]:
    """Run a program, offline.

    Args:
        command: prints JSON on its last line.

    Returns:
        Its cost, and that JSON.
    """
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'container'}" if command[0] == sys.executable else str(ROOT),
        "HAYSTACK_TELEMETRY_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
    }
    cost, lines = measure(command, environ=environ)
    reached: dict[str, Any] = json.loads(lines.splitlines()[-1])
    return cost, reached


def environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """Make a virtual environment with some packages, unless it is there.

    Args:
        folder: of it.
        packages: as pip takes them.

    Returns:
        Its Python.
    """
    python = folder / "bin" / "python"
    stamp = folder / "packages.txt"
    wanted = "\n".join(packages) + "\n"
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        print(f"installing {', '.join(packages)} into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--extra-index-url", _TORCH_INDEX, *packages], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def program(name: str) -> list[str]:
    """Python's arguments to run a module of `tools.benchmark.peers`.

    Args:
        name: of the module.
    """
    return ["-m", f"tools.benchmark.peers.{name}"]


if __name__ == "__main__":
    sys.exit(main())
