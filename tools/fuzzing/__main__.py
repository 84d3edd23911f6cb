"""`scripts/fuzz`: run targets under atheris (libFuzzer for Python) and report findings.

Each target runs in a separate process. Its corpus grows in `.fuzz/corpus/NAME` from run to run, and an
input that fails is kept in `.fuzz/findings/NAME`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.fuzzing import targets

if TYPE_CHECKING:
    from tools.fuzzing.target import Target

FOLDER = Path(".fuzz")
# In memory, where possible: inputs are written thousands of times per second.
_FAST = Path("/dev/shm")
# Limits per input; libFuzzer ends the run if an input exceeds them.
SECONDS_PER_INPUT = 10
MEGABYTES = 2048


def main() -> int:
    """Fuzz the targets named on the command line."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets.NAMES))
    parser.add_argument(
        "--seconds", type=int, default=60, metavar="N", help="seconds per target (default: 60)"
    )
    parser.add_argument(
        "--repeat", type=Path, metavar="FILE", help="run one input, without the fuzzer"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args, passed_on = parser.parse_known_args()
    unknown = set(args.targets) - set(targets.NAMES)
    if unknown or (passed_on and not args.child):
        parser.error(f"unknown target or option: {', '.join([*unknown, *passed_on])}")
    names = args.targets or targets.NAMES
    if args.child:
        return _fuzz(names[0], passed_on)
    if args.repeat is not None:
        return _repeat(targets.load(names[0]), args.repeat)
    found = 0
    print("| target | inputs | findings |\n| --- | ---: | ---: |", flush=True)
    for name in names:
        executions, findings = _run(targets.load(name), args.seconds)
        print(f"| {name} | {executions:,} | {len(findings)} |", flush=True)
        for path in findings:
            print(f"found: scripts/fuzz {name} --repeat {path}", file=sys.stderr, flush=True)
        found += len(findings)
    return 1 if found else 0


def _run(target: Target, seconds: int) -> tuple[int, list[Path]]:
    """Fuzz a target; returns the number of inputs, and the files of those that failed."""
    corpus, findings = FOLDER / "corpus" / target.name, FOLDER / "findings" / target.name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:02}").write_bytes(seed)
    words = FOLDER / f"{target.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.dictionary))
    known = set(findings.iterdir())
    log = FOLDER / f"{target.name}.log"
    begun = time.monotonic()
    executions = 0
    # libFuzzer ends at its first finding; the remaining time is used to find more.
    while (left := seconds - (time.monotonic() - begun)) > 1:
        # libFuzzer ends its process without Python's clean-up; temporary files are removed here.
        with (
            tempfile.TemporaryDirectory(dir=_FAST if _FAST.is_dir() else None) as scratch,
            log.open("wb") as out,
        ):
            done = subprocess.run(
                [
                    sys.executable, "-m", "tools.fuzzing", "--child", target.name,
                    f"-dict={words}", f"-max_len={target.longest}", f"-timeout={SECONDS_PER_INPUT}",
                    f"-rss_limit_mb={MEGABYTES}", f"-max_total_time={int(left)}",
                    f"-artifact_prefix={findings}/", "-print_final_stats=1", str(corpus),
                ],
                env={**os.environ, "TMPDIR": scratch}, stdout=out, stderr=subprocess.STDOUT,
                check=False,
            )  # fmt: skip
        said = log.read_text(errors="replace")
        counts = re.findall(r"^#(\d+)\s", said, re.MULTILINE)
        executions += int(counts[-1]) if counts else 0
        if done.returncode == 0:
            break
        new = set(findings.iterdir()) - known
        if not new:
            raise SystemExit(f"{target.name} could not be run; see {log}")
        (log.with_suffix(f".{len(new)}.log")).write_text(said)
        if len(new) >= 5:
            break
    return executions, sorted(set(findings.iterdir()) - known)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _fuzz(name: str, arguments: list[str]) -> int:
    """Run libFuzzer for a target in this process."""
    import atheris

    with atheris.instrument_imports(include=["qabot", "answerer"], enable_loader_override=False):
        target = targets.load(name)
    with target.around():
        atheris.Setup([sys.argv[0], *arguments], target.run)
        atheris.Fuzz()
    return 0


def _repeat(target: Target, path: Path) -> int:
    with target.around():
        target.run(path.read_bytes())
    print("nothing broke")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
