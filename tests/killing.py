"""Kill something at each of its steps, start it again, and check that it ends as without the kill.

A *step* is what changes something that others see: a file opened for writing, renamed, linked or
removed, a folder made, a program started; and whatever `step.sh` is called from, such as git's hooks.
Before the step of a given number the process is killed with its children, by SIGKILL.

As a module it runs one scenario, `python -m tests.killing MODULE:CLASS FOLDER`, in a process that has
one thread and so may fork, and prints what went wrong as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, environ

STEPS, LAST = "QABOT_STEPS", "QABOT_LAST_STEP"
_MOST = 400  # steps of any scenario
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FAILED = 9

# A shell script without its first line.
STEP = f"""[ -n "${{{STEPS}-}}" ] || exit 0
n=$(($(cat "${STEPS}") + 1))
echo "$n" >"${STEPS}"
[ "$n" != "${LAST}" ] || kill -9 0
"""


class Scenario(ABC):
    """Something to kill.

    Args:
        folder: an empty one.
    """

    # Whether it starts anew for each step, or continues where the last kill left it.
    afresh = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Prepare the start."""

    @abstractmethod
    def work(self) -> None:
        """The work that is killed, and started again."""

    @abstractmethod
    def state(self) -> dict[str, object]:
        """The result, by name."""


def killed_everywhere(scenario: type[Scenario], folder: Path) -> int:
    """Kill a scenario at each of its steps; fail where it does not end as it does undisturbed.

    Args:
        scenario: a class of a module of the tests.
        folder: an empty one.

    Returns:
        At how many steps it was killed.
    """
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.killing", f"{scenario.__module__}:{scenario.__qualname__}",
            str(folder),
        ],
        cwd=ROOT, env=environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert not found["wrong"], "\n".join(found["wrong"])
    return int(found["killed"])


def _everywhere(scenario: type[Scenario], folder: Path) -> dict[str, object]:
    expected = _start(scenario, folder, "undisturbed")
    expected.work()
    wrong: list[str] = []
    subject = _start(scenario, folder, "killed")
    for last in range(1, _MOST):
        if scenario.afresh and last > 1:
            subject = _start(scenario, folder, "killed")
        ended = _ended(subject, last)
        if ended == _FAILED:
            wrong.append(f"before step {last} it failed by itself")
        if ended == 0 or scenario.afresh:
            again = _ended(subject, 0)
            if again != 0:
                wrong.append(f"after a kill at step {last} it cannot continue")
            else:
                wrong += [
                    f"after a kill at step {last} {difference}"
                    for difference in _differences(subject.state(), expected.state())
                ]
        if ended == 0:
            return {"killed": last - 1, "wrong": wrong}
    raise AssertionError(f"it has more than {_MOST} steps")


def _differences(state: dict[str, object], expected: dict[str, object]) -> list[str]:
    return [
        f"{name} is {state.get(name)!r} instead of {expected.get(name)!r}"
        for name in sorted({*state, *expected})
        if state.get(name) != expected.get(name)
    ]


def _start(scenario: type[Scenario], folder: Path, name: str) -> Scenario:
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).mkdir()
    return scenario(folder / name)


def _ended(subject: Scenario, last: int) -> int:
    """Do the work in a process that is killed before a step; 0 if it ends before that."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.setsid()
        code = _FAILED
        try:
            steps = subject.folder.parent / "steps"
            steps.write_text("0")
            os.environ |= {STEPS: str(steps), LAST: str(last)}
            sys.addaudithook(_Steps(steps, last).hook)
            subject.work()
            code = 0
        except BaseException:  # noqa: BLE001 - the exit code reports it
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return -1 if code == -signal.SIGKILL else code


class _Steps:
    """Counts the steps of this process and its children, and kills them before one."""

    def __init__(self, file: Path, last: int) -> None:
        self._file = file
        self._last = last
        self._counting = False

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook (docs.python.org/3/library/audit_events.html)."""
        if self._counting or not _is_step(event, args):
            return
        self._counting = True
        try:
            number = int(self._file.read_text()) + 1
            self._file.write_text(str(number))
        finally:
            self._counting = False
        if number == self._last:
            os.killpg(0, signal.SIGKILL)


def _is_step(event: str, args: tuple[Any, ...]) -> bool:
    if event == "open":
        path, _, flags = args
        return bool(isinstance(path, str | os.PathLike) and flags & _WRITES) and (
            "__pycache__" not in str(path) and str(path) != os.devnull
        )
    return event in ("os.rename", "os.link", "os.mkdir", "subprocess.Popen", "shutil.rmtree") or (
        # Taking a scratch folder apart is one step.
        event in ("os.remove", "os.rmdir") and (len(args) < 2 or args[1] == -1)
    )


def main() -> None:
    """Run the scenario that the command line names."""
    module, _, name = sys.argv[1].partition(":")
    scenario: type[Scenario] = getattr(importlib.import_module(module), name)
    print(json.dumps(_everywhere(scenario, Path(sys.argv[2]))))


if __name__ == "__main__":
    main()
