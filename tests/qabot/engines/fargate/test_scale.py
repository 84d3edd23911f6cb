"""Ten thousand questions through the whole loop, on a clock that is simulated.

The table, ECS and the account's limits are simulated with it, as their documents describe them; the
loop, the launcher, the pacing and the verdicts are the real ones.
"""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import Executor, Future
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from answerer.items import Item, Status
from answerer.spans import Span
from qabot.answers.model import Answer, Request
from qabot.deployment import fargate_limits as fargate
from qabot.engines.fargate.job import Job
from qabot.engines.fargate.launcher import Launcher
from qabot.engines.fargate.loop import Dispatch
from qabot.engines.fargate.outcome import Verdicts
from qabot.engines.fargate.timing import Pace, Timing

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping, Sequence

    from qabot.aws.tasks import Launch

ROOT = Path(__file__).resolve().parents[4]
CONTEXT = "She named the baby Momotaro."
SPAN = Span("Momotaro", 19, 27, 0.9)
TASK_SECONDS = fargate.STARTUP_SECONDS + fargate.ANSWER_SECONDS
CALL_SECONDS = 0.05
VCPUS = "You've reached the limit on the number of vCPUs you can run concurrently"


class Simulation(Timing):
    """The clock. Time passes where the run waits, and during calls."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return 1.8e9 + self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def wait_for(self, event: threading.Event, seconds: float) -> bool:
        self.at += seconds
        return event.is_set()

    def wait_any(self, futures: Iterable[Future[Any]], seconds: float) -> None:
        if not any(future.done() for future in futures):
            self.at += seconds


class AtOnce(Executor):
    """A pool whose calls are made where they are submitted, one after the other."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as a pool does
            future.set_exception(error)
        return future


class Account:
    """AWS's table and ECS for one run, and the token buckets of the account.

    Args:
        timing: the clock.
        vcpus: tasks of one vCPU that may run in parallel.
        refused: RunTask calls that are refused although there is room, by number from 1.
    """

    # Calls per second and burst, and the calls that a bucket counts.
    BUCKETS = ((20, 20), (20, 100), (40, 100))

    def __init__(self, timing: Simulation, vcpus: int, refused: Iterable[tuple[int, str]]) -> None:
        self.refused = dict(refused)
        self.timing = timing
        self.vcpus = vcpus
        self.items: dict[str, Item] = {}
        self.ends: dict[str, float] = {}
        self.running: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self.levels = [float(burst) for _, burst in self.BUCKETS]
        self.then = timing.at
        self.most = 0

    # The table.

    def claim(self, key: str, attempt: int, **_: Any) -> None:
        self.calls["UpdateItem"] += 1
        self.items[key] = Item(key=key, status=Status.PENDING, attempt=attempt)

    def read(self, keys: Iterable[str]) -> dict[str, Item]:
        wanted = list(keys)
        calls = -(-len(wanted) // 100)
        self.calls["BatchGetItem"] += calls
        self.timing.at += calls * CALL_SECONDS
        found = {}
        for key in wanted:
            item = self.items[key]
            if self.ends.get(key, float("inf")) <= self.timing.at:
                item = Item(
                    key=key,
                    status=Status.ANSWERED,
                    attempt=item.attempt,
                    spans=(SPAN,),
                    model="m@1",
                )
            found[key] = item
        return found

    # ECS.

    def launch(self, launch: Launch) -> tuple[str | None, bool, Sequence[Mapping[str, Any]]]:
        self.calls["RunTask"] += 1
        now = self.timing.at
        for index, (per_second, burst) in enumerate(self.BUCKETS):
            level = self.levels[index] + (now - self.then) * per_second
            self.levels[index] = min(float(burst), level) - 1
            assert self.levels[index] >= 0, f"RunTask was called too fast at {now}"
        self.then = now
        self.running = {key: end for key, end in self.running.items() if end > now}
        if reason := self.refused.get(self.calls["RunTask"]):
            return None, False, [{"reason": reason}]
        if len(self.running) >= self.vcpus:
            return None, False, [{"reason": VCPUS}]
        for number, (key, _) in enumerate(launch.attempts, start=1):
            end = now + fargate.STARTUP_SECONDS + fargate.answer_seconds(number)
            self.ends[key] = self.running[launch.token] = end
        self.most = max(self.most, len(self.running))
        return f"arn:aws:ecs:us-east-1:1:task/qabot/{launch.token}", True, []

    def describe(self, arns: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        calls = -(-len(arns) // 100)
        self.calls["DescribeTasks"] += calls
        self.timing.at += calls * CALL_SECONDS
        return {arn: {"taskArn": arn, "lastStatus": "RUNNING"} for arn in arns}

    def stop(self, arn: str, reason: str) -> None:
        raise AssertionError(f"{arn} was stopped: {reason}")


@cache
def run(
    questions: int,
    max_tasks: int,
    vcpus: int,
    each: int = 1,
    refused: tuple[tuple[int, str], ...] = (),
) -> tuple[float, Account]:
    timing = Simulation()
    account = Account(timing, vcpus, refused)
    aws: Any = account
    launcher = Launcher(aws, aws, lifetime=1, pace=Pace(), timing=timing, pool=AtOnce())
    dispatch = Dispatch(
        launcher,
        Verdicts(aws, "m@1", lambda _: ""),
        max_tasks=max_tasks,
        questions_per_task=each,
        timeout=86_400,
    )
    jobs = [
        Job(
            request=Request(f"k{number}", "Who?", CONTEXT),
            context_id="context#1",
            spot=False,
            size=(1024, 4096),
        )
        for number in range(questions)
    ]
    begun = timing.at
    keys = [result.key for result in dispatch.run(jobs) if isinstance(result, Answer)]
    assert sorted(keys) == sorted(job.key for job in jobs), "one answer per question"
    return timing.at - begun, account


def test_ten_thousand_questions_take_what_the_rates_allow_and_a_tenth_more_at_most() -> None:
    seconds, account = run(10_000, 2_000, 2_000)
    best = (10_000 - 20) / 20 + TASK_SECONDS
    assert best <= seconds <= best * 1.1
    assert account.calls["RunTask"] == account.calls["UpdateItem"] == 10_000
    # Looking grows with the time and the tasks in flight, not with the questions: some 840 tasks
    # are nine calls a look.
    assert account.calls["BatchGetItem"] < 9 * seconds
    assert account.calls["DescribeTasks"] < 3 * seconds


@pytest.mark.parametrize("vcpus", [6, 100])
def test_with_a_small_quota_its_places_decide_and_are_kept_busy(vcpus: int) -> None:
    questions = vcpus * 20
    seconds, account = run(questions, max_tasks=100, vcpus=vcpus)
    # Twenty rounds; each ends when the run looks, every 2 s.
    best = questions / vcpus * TASK_SECONDS
    assert best <= seconds <= best * 1.15
    assert account.most == vcpus
    assert account.calls["RunTask"] < questions * 1.5 + 20, "it asks for more than there is"


@pytest.mark.parametrize("reason", ["Capacity is unavailable at this time", VCPUS])
@pytest.mark.parametrize("numbers", [(1,), (2,), (16,), (30,), (1, 20), (3, 4, 5)])
def test_few_refused_launches_hardly_slow_a_run(reason: str, numbers: tuple[int, ...]) -> None:
    calm, _ = run(49, 100, 1_000)
    seconds, account = run(49, 100, 1_000, refused=tuple((number, reason) for number in numbers))
    assert seconds < calm * 1.3
    assert account.calls["RunTask"] == 49 + len(numbers)


@pytest.mark.parametrize("each", [1, 10, 50])
def test_the_plan_estimates_what_the_run_takes(each: int) -> None:
    for questions, max_tasks in ((1, 100), (100, 100), (1_000, 100), (3_000, 1_000)):
        seconds, _ = run(questions, max_tasks, vcpus=4_000, each=each)
        assert fargate.run_seconds(questions, max_tasks, each) == pytest.approx(seconds, rel=0.2)


def test_questions_that_share_tasks_need_as_many_launches_fewer() -> None:
    seconds, account = run(10_000, 2_000, 2_000, 10)
    best = (1_000 - 20) / 20 + fargate.STARTUP_SECONDS + fargate.answer_seconds(10)
    assert best <= seconds <= best * 1.1
    assert account.calls["RunTask"] == 1_000
    assert account.calls["UpdateItem"] == 10_000


def test_the_documentation_shows_the_figures_of_a_run() -> None:
    page = (ROOT / "docs" / "fargate.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([\d,]+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) min \| ([\d,]+) \| ([\d,]+)",
        page,
        re.MULTILINE,
    )
    assert len(rows) == 9
    for row in rows:
        questions, each, max_tasks, vcpus, minutes, launches, looks = (
            float(cell.replace(",", "")) for cell in row
        )
        if questions > 10_000 and each < 50:
            continue  # these take as long as all the others, ten times over
        seconds, account = run(int(questions), int(max_tasks), int(vcpus), int(each))
        assert minutes == pytest.approx(seconds / 60, rel=0.1), row
        assert launches == pytest.approx(account.calls["RunTask"], rel=0.1), row
        assert looks == pytest.approx(account.calls["BatchGetItem"], rel=0.1), row
