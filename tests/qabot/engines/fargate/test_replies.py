"""Replies that are cut off, late or lost, one after the other on one question, and Ctrl-C amid them."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from qabot.aws.clients import Clients
from qabot.aws.stack import find_stack
from qabot.engines.fargate import engine as engines
from qabot.engines.fargate.engine import describe, stop_run
from qabot.engines.fargate.timing import Timing
from qabot.errors import CloudError
from tests.qabot.engines.fargate.bench import (
    FAST,
    SETTINGS,
    deployed,
    engine,
    expected,
    make_requests,
)
from tools.emulator import ApiError, Faults, LoseReply, Refuse
from tools.emulator.faults import CutReply, LateReply
from tools.emulator.typical_faults import HANGS, THROTTLED, TaskFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from tools.emulator.calls import Call
    from tools.emulator.cloud import Cloud
    from tools.emulator.faults import Reaction, TaskFault
    from tools.emulator.task import Task


class Script(Faults):
    """Faults of the calls of each kind, by their number from 1, and of every task.

    Args:
        reactions: by kind of call; a function gets the number, a sequence ends in fair replies.
        task: what befalls every task.
    """

    def __init__(
        self,
        reactions: dict[str, Sequence[Reaction | None] | Callable[[int], Reaction | None]],
        task: TaskFault | None = None,
    ) -> None:
        self._reactions = reactions
        self._task = task
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.begun = False

    def on_call(self, call: Call) -> Reaction | None:
        if not self.begun:
            return None
        with self._lock:
            self.calls[call.kind] += 1
            number = self.calls[call.kind]
        chosen = self._reactions.get(call.kind, ())
        if callable(chosen):
            return chosen(number)
        return chosen[number - 1] if number <= len(chosen) else None

    def on_start(self, _: Task) -> TaskFault | None:
        return self._task


@contextmanager
def cloud_with(monkeypatch: pytest.MonkeyPatch, script: Script) -> Iterator[Cloud]:
    """An emulated cloud with its stack, whose deployment goes well."""
    with deployed(monkeypatch, faults=script) as cloud:
        script.begun = True
        yield cloud


def running(cloud: Cloud) -> list[Task]:
    return [task for task in cloud.tasks if task.desired == "RUNNING"]


def test_replies_that_are_cut_off_count_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = make_requests(8)
    cut = Script(
        {
            "ecs:RunTask": [None, CutReply(), CutReply(), None, CutReply()],
            "ecs:DescribeTasks": [CutReply(), None, CutReply()],
            "cloudformation:DescribeStacks": [CutReply(), CutReply()],
        },
    )
    with cloud_with(monkeypatch, cut) as cloud:
        asking = engine()
        results = list(asking.answer(requests))
        cloud.wait_idle()
    assert {result.key: result for result in results} == expected(requests)
    assert len(cloud.tasks) == 8, "a task whose reply was cut off is found again"
    assert asking.tally is not None
    assert asking.tally.launched == 8


def test_a_stack_whose_description_stays_cut_off_is_an_error_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = Script({"cloudformation:DescribeStacks": lambda _: CutReply()})
    says = r"^a reply of AWS was cut off, looking for"
    with cloud_with(monkeypatch, cut), pytest.raises(CloudError, match=says) as caught:
        list(engine().answer(make_requests(1)))
    assert "<" not in str(caught.value)


@pytest.mark.parametrize("first", [LoseReply(), CutReply()])
def test_throttles_after_a_lost_reply_keep_the_token(
    monkeypatch: pytest.MonkeyPatch, first: Reaction
) -> None:
    requests = make_requests(6)
    throttled = Refuse(THROTTLED)
    wrapped = Refuse(
        ApiError(
            "InvalidParameterException",
            "Error retrieving security group information for [sg-0aa]: Request limit exceeded. "
            "(ErrorCode: RequestLimitExceeded)",
        )
    )
    # Every launch loses its reply; what follows are more throttles than the SDK has attempts.
    storm = [first] * 6 + [throttled, wrapped] * 9
    with cloud_with(monkeypatch, Script({"ecs:RunTask": storm})) as cloud:
        asking = engine()
        results = list(asking.answer(requests))
        cloud.wait_idle()
    assert {result.key: result for result in results} == expected(requests)
    assert len(cloud.tasks) == 6
    assert asking.tally is not None
    assert describe(asking.tally).startswith("6 tasks launched")


@pytest.mark.parametrize(
    "reactions",
    [
        {},
        {"ecs:RunTask": lambda _: LateReply(2.0)},
        {"ecs:RunTask": lambda _: LoseReply()},
        {"ecs:RunTask": lambda _: CutReply()},
        {"ecs:StopTask": [Refuse(THROTTLED)] * 9},
        {"ecs:StopTask": [LoseReply(), CutReply(), *[Refuse(THROTTLED)] * 4]},
        {
            "ecs:RunTask": [LoseReply()] * 3 + [Refuse(THROTTLED)] * 50,
            "ecs:ListTasks": [Refuse(THROTTLED), CutReply()],
            "ecs:StopTask": [Refuse(THROTTLED)] * 3,
        },
    ],
    ids=["calm", "late", "lost", "cut", "throttled-stops", "lost-stops", "storm"],
)
def test_ctrl_c_stops_every_task_that_was_launched(
    monkeypatch: pytest.MonkeyPatch,
    reactions: dict[str, Sequence[Reaction | None] | Callable[[int], Reaction | None]],
) -> None:
    script, notes = Script(reactions, HANGS), list[str]()
    # Time enough on a busy machine; how little a run takes is another test's.
    patient = replace(FAST, stop=60)
    with cloud_with(monkeypatch, script) as cloud:
        asking = engine(note=notes.append, pace=patient)
        interrupt_after(script, "ecs:RunTask", 6, lambda: asking.answer(make_requests(6)))
        assert asking.tally is not None
        assert asking.tally.left == 0, notes
        assert running(cloud) == []
        assert cloud.tasks


def test_what_could_not_be_stopped_is_reported_with_the_command_that_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = [False]
    script = Script({"ecs:StopTask": lambda _: None if refused[0] else Refuse(THROTTLED)}, HANGS)
    notes: list[str] = []
    with cloud_with(monkeypatch, script) as cloud:
        asking = engine(note=notes.append, run="mine")
        interrupt_after(script, "ecs:RunTask", 3, lambda: asking.answer(make_requests(3)))
        assert "up to 3 tasks may still run" in notes[-2]
        assert notes[-1] == "to stop tasks that still run: qabot reap mine"
        refused[0] = True
        clients = Clients()
        assert len(set(reap(clients, "mine"))) == 3
        assert running(cloud) == []


def interrupt_after(
    script: Script, kind: str, calls: int, start: Callable[[], Iterable[object]]
) -> None:
    """Interrupt a run, as Ctrl-C does, once so many calls of a kind have been made."""

    class Interrupted(Timing):
        """Raises in the loop's own waiting, as a signal would."""

        interrupted = False

        def check(self) -> None:
            if script.calls[kind] >= calls and not self.interrupted:
                self.interrupted = True
                raise KeyboardInterrupt

        def sleep(self, seconds: float) -> None:
            self.check()
            super().sleep(seconds)

        def wait_any(self, futures: Iterable[Future[Any]], seconds: float) -> None:
            self.check()
            super().wait_any(futures, min(seconds, 0.05))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "Timing", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            for _ in start():
                pass


def reap(clients: Clients, run: str) -> list[str]:
    return list(stop_run(clients, find_stack(clients, SETTINGS.stack_name), run, pause=0.01))


def test_reap_lists_until_nothing_is_launched_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    late = make_requests(6)[3:]

    def listing(number: int) -> Reaction | None:
        if number == 2:  # somebody launches another while the first ones are stopped
            engine(run="mine").submit(late)
        return None

    stops: list[Reaction | None] = [Refuse(THROTTLED), LoseReply(), CutReply()]
    script = Script({"ecs:ListTasks": listing, "ecs:StopTask": stops}, HANGS)
    with cloud_with(monkeypatch, script) as cloud:
        engine(run="mine").submit(make_requests(3))
        assert len(set(reap(Clients(), "mine"))) >= 5
        assert running(cloud) == []


def test_a_run_whose_tasks_reap_stops_launches_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = TaskFaults(lambda *_: HANGS)
    with deployed(monkeypatch, faults=hang) as cloud:
        reaper = threading.Thread(target=lambda: reap_when_running(cloud, 4))
        reaper.start()
        with pytest.raises(CloudError, match="`qabot reap` stopped this run"):
            list(engine(run="mine").answer(make_requests(4)))
        reaper.join()
        assert len(cloud.tasks) == 4
        assert running(cloud) == []


def reap_when_running(cloud: Cloud, tasks: int) -> None:
    while sum(task.state == "RUNNING" for task in cloud.tasks) < tasks:
        threading.Event().wait(0.02)
    reap(Clients(), "mine")
