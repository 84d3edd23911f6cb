from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from answerer.bounded import Bounded, DeadlineError, InterruptionError, interruptible


def test_work_gives_its_result_or_its_error() -> None:
    bounded = Bounded()
    assert bounded.run(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        bounded.run(lambda: 1 / 0, 5)


def test_hung_work_ends_at_the_deadline_and_its_late_result_is_nobody_elses() -> None:
    bounded = Bounded()
    release = threading.Event()
    with pytest.raises(DeadlineError):
        bounded.run(release.wait, 0.05)
    release.set()

    def second() -> str:
        time.sleep(0.1)  # lets the first one's result come in before
        return "second"

    assert bounded.run(second, 5) == "second"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    release = threading.Event()
    with interruptible() as bounded:
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        with pytest.raises(InterruptionError) as caught:
            bounded.run(release.wait, 30)
        assert caught.value.number == number
        assert str(caught.value) == number.name
        assert bounded.run(lambda: "recorded", 5) == "recorded", "one signal, one interruption"
    release.set()
    assert signal.getsignal(number) is before


def test_another_thread_than_the_main_one_leaves_the_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def body() -> None:
        with interruptible() as bounded:
            seen.extend([signal.getsignal(signal.SIGTERM), bounded.run(lambda: 1, 5)])

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [before, 1]
