"""Commands end with the rehearsal, and whatever they have started ends with them."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tools.rehearsal.children import ChildError, run

if TYPE_CHECKING:
    from pathlib import Path

# A command that starts another, says its number, and waits.
PARENT = (
    "import subprocess, sys, pathlib, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "pathlib.Path('child').write_text(str(child.pid));"
    "time.sleep(float(sys.argv[1]))"
)


def python(program: str, *arguments: str, cwd: Path, **more: Any) -> str:
    return run([sys.executable, "-c", program, *arguments], cwd=cwd, environ=os.environ, **more)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is only waiting to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_what_a_command_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    python(PARENT, "0", cwd=tmp_path)
    assert wait_until_gone(int((tmp_path / "child").read_text()))


def test_a_failure_names_the_command_and_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"sys.exit\(7\) ended with exit code 7") as caught:
        python("import sys; sys.exit(7)", cwd=tmp_path)
    assert caught.value.code == 7


def test_output_is_given_where_it_is_wanted(tmp_path: Path) -> None:
    assert python("print('ä')", cwd=tmp_path, capture=True) == "ä\n"
