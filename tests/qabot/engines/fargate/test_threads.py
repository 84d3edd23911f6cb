"""The pool makes calls in parallel, keeps to its size, and never delays the end of a process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qabot.engines.fargate.threads import DaemonPool
from qabot.errors import QabotError

ROOT = Path(__file__).resolve().parents[4]


def test_calls_are_made_and_their_errors_are_kept() -> None:
    pool = DaemonPool(2, "test")
    assert pool.submit(divmod, 7, 2).result(5) == (3, 1)
    assert isinstance(pool.submit(divmod, 7, 0).exception(5), ZeroDivisionError)


def test_it_starts_no_more_threads_than_it_may_and_none_while_one_is_idle() -> None:
    pool, gate, seen = DaemonPool(3, "test"), threading.Event(), set[int]()

    def call() -> None:
        gate.wait(5)
        seen.add(threading.get_ident())

    pool.submit(threading.get_ident).result(5)
    futures = [pool.submit(call) for _ in range(9)]
    gate.set()
    for future in futures:
        future.result(5)
    assert 1 <= len(seen) <= 3


def test_without_a_thread_it_says_so_and_with_fewer_it_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, started = DaemonPool(3, "test"), DaemonPool(3, "test")
    gate = threading.Event()
    first = started.submit(gate.wait, 5)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(QabotError, match=r"cannot start a thread.*ulimit -u"):
        pool.submit(int)
    second = started.submit(int)
    gate.set()
    assert first.result(5)
    assert second.result(5) == 0


def test_the_process_ends_while_a_call_hangs() -> None:
    program = (
        "import time\nfrom qabot.engines.fargate.threads import DaemonPool\n"
        "DaemonPool(1, 'slow').submit(time.sleep, 600)"
    )
    path = f"{ROOT / 'scripts'}:{ROOT / 'container'}"
    subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=60, env={"PYTHONPATH": path}
    )
