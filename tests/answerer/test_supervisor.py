from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from answerer.supervisor import DeadlineError, InterruptionError, Supervisor, supervised


def test_work_gives_its_result_or_its_error() -> None:
    supervisor = Supervisor()
    assert supervisor.run(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        supervisor.run(lambda: 1 / 0, 5)


def test_hung_work_ends_at_the_deadline_and_its_late_result_is_nobody_elses() -> None:
    supervisor = Supervisor()
    release = threading.Event()
    with pytest.raises(DeadlineError):
        supervisor.run(release.wait, 0.05)
    release.set()

    def second() -> str:
        time.sleep(0.1)  # lets the first one's result come in before
        return "second"

    assert supervisor.run(second, 5) == "second"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    release = threading.Event()
    with supervised() as supervisor:
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        with pytest.raises(InterruptionError) as caught:
            supervisor.run(release.wait, 30)
        assert caught.value.number == number
        assert str(caught.value) == number.name
        assert supervisor.run(lambda: "recorded", 5) == "recorded", "one signal, one interruption"
    release.set()
    assert signal.getsignal(number) is before


def test_another_thread_than_the_main_one_leaves_the_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def body() -> None:
        with supervised() as supervisor:
            seen.extend([signal.getsignal(signal.SIGTERM), supervisor.run(lambda: 1, 5)])

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [before, 1]
