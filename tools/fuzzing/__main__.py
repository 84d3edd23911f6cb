"""`scripts/fuzz`: run targets under atheris (libFuzzer for Python), and say what came of it.

Each target runs in a process of its own; its corpus grows in `.fuzz/corpus/NAME` from run to run, and an
input that breaks something is kept in `.fuzz/findings/NAME`, as it is and as small as it gets.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.fuzzing import targets
from tools.fuzzing.coverage import covered
from tools.fuzzing.target import Target, minimised

FOLDER = Path(".fuzz")
# In memory, where there is such a place: an input is written thousands of times a second.
_FAST = Path("/dev/shm")
# One input may take this long and this much; libFuzzer ends the run where it takes more.
SECONDS_AN_INPUT = 10
MEGABYTES = 2048
_MINIMISING = 120  # seconds, before it is left as it is


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of one target ended.

    Args:
        executions: inputs run.
        seconds: of processor time that it took.
        findings: files of the inputs that broke something.
    """

    executions: int
    seconds: float
    findings: tuple[Path, ...]


def main() -> int:
    """Fuzz what the command line names."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets.NAMES))
    parser.add_argument(
        "--seconds", type=int, default=60, metavar="N", help="for each target (default 60)"
    )
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="run one input, and no fuzzer")
    parser.add_argument(
        "--minimise", type=Path, metavar="FILE", help="write what of one input breaks the same"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args, passed_on = parser.parse_known_args()
    unknown = set(args.targets) - set(targets.NAMES)
    if unknown or (passed_on and not args.child):
        parser.error(f"there is no {', '.join([*unknown, *passed_on])}")
    names = args.targets or targets.NAMES
    if args.child:
        return _fuzz(names[0], passed_on)
    if args.repeat is not None:
        return _repeat(targets.load(names[0]), args.repeat)
    if args.minimise is not None:
        return _minimise(targets.load(names[0]), args.minimise)
    found = 0
    print("| target | inputs | seconds of CPU | lines reached | findings |")
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    for name in names:
        target = targets.load(name)
        ended = _run(target, args.seconds)
        reached, lines = covered(target, sorted((FOLDER / "corpus" / name).iterdir()))
        print(
            f"| {name} | {ended.executions:,} | {ended.seconds:,.0f} | {reached:,} of {lines:,} "
            f"| {len(ended.findings)} |",
            flush=True,
        )
        for path in ended.findings:
            found += 1
            # In a process of its own, which the input may end.
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [sys.executable, "-m", "tools.fuzzing", name, "--minimise", str(path)],
                    timeout=_MINIMISING, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    check=False,
                )  # fmt: skip
            print(f"found: scripts/fuzz {name} --repeat {path}", file=sys.stderr, flush=True)
    return 1 if found else 0


def _run(target: Target, seconds: int) -> Ended:
    corpus, findings = FOLDER / "corpus" / target.name, FOLDER / "findings" / target.name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:02}").write_bytes(seed)
    words = FOLDER / f"{target.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.dictionary))
    known = set(findings.iterdir())
    log = FOLDER / f"{target.name}.log"
    begun, used = time.monotonic(), _processor_time()
    executions = 0
    # libFuzzer ends at its first finding; what is left of the time is for others.
    while (left := seconds - (time.monotonic() - begun)) > 1:
        # libFuzzer ends its process without a word to Python: what that leaves is removed here.
        with (
            tempfile.TemporaryDirectory(dir=_FAST if _FAST.is_dir() else None) as scratch,
            log.open("wb") as out,
        ):
            done = subprocess.run(
                [
                    sys.executable, "-m", "tools.fuzzing", "--child", target.name,
                    f"-dict={words}", f"-max_len={target.longest}", f"-timeout={SECONDS_AN_INPUT}",
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
    new = set(findings.iterdir()) - known
    return Ended(executions, _processor_time() - used, tuple(sorted(new)))


def _processor_time() -> float:
    """What the processes have used that this one has started, seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _fuzz(name: str, arguments: list[str]) -> int:
    """Be libFuzzer's process for one target."""
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


def _minimise(target: Target, path: Path) -> int:
    def broken(data: bytes) -> tuple[str, int] | None:
        """What an input breaks: the error, and the line that raised it."""
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 - whatever it is
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            return type(error).__name__, trace.tb_lineno if trace is not None else 0
        return None

    with target.around():
        data = path.read_bytes()
        what = broken(data)
        if what is None:
            print("nothing broke")
            return 1
        path.with_name(f"{path.name}.least").write_bytes(
            minimised(data, lambda less: broken(less) == what)
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
