"""The rehearsal as a person runs it: to its end, and interrupted."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, environ

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (ROOT / "node_modules" / "aws-cdk").is_dir(),
        reason="the CDK's command line is not installed here: scripts/cdk --version",
    ),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="it clones the last commit of git"),
]


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a rehearsal that has an own folder for whatever is temporary."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools.rehearsal", *arguments],
        cwd=ROOT,
        env=environ(TMPDIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_running(tmp_path: Path) -> list[str]:
    """The processes that were started for what lay in a folder, of which there should be none."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(tmp_path) in line]


def test_it_deploys_answers_commits_and_destroys(tmp_path: Path) -> None:
    process = start(tmp_path, "momotaro")
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    assert "→ Momotaro" in printed
    assert "answers/momotaro.md" in printed, "the commit is to be shown"
    (tasks,) = re.findall(r"^(\d+) tasks ran, (\d+) of them to exit code 0", printed, re.MULTILINE)
    assert tasks == ("2", "2")
    assert "ecs:RunTask 2" in printed
    assert "nothing is left" in printed
    assert list(tmp_path.iterdir()) == []
    assert left_running(tmp_path) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_half_way_it_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("=== cdk deploy"):
            break
    time.sleep(1)  # the CDK has started its own processes
    process.send_signal(number)
    printed = process.stdout.read()
    process.stdout.close()
    assert process.wait(30) == code, printed
    assert "Traceback" not in printed
    assert list(tmp_path.iterdir()) == []
    assert left_running(tmp_path) == []
