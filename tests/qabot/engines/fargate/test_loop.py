"""The loop, against moto's table and an ECS with scripted failures, task by task."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from answerer import contexts
from answerer.items import Status
from answerer.spans import Span
from qabot.answers.model import Answer, Failure, Request
from qabot.aws.tasks import Launch, make_token
from qabot.engines.fargate.job import Job
from qabot.engines.fargate.launcher import Launcher
from qabot.engines.fargate.loop import Dispatch, open_jobs
from qabot.engines.fargate.outcome import Verdicts
from qabot.engines.fargate.timing import Pace, Timing
from qabot.errors import CloudError
from tests.answerer import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from answerer.table import Table
    from qabot.answers.model import Result

CONTEXT = "She named the baby Momotaro."
CONTEXT_ID, PACKED = contexts.pack(CONTEXT)
SPANS = (Span("Momotaro", 19, 27, 0.9), Span("the baby", 10, 18, 0.1))
# Everything that takes seconds or minutes in the cloud, in hundredths of seconds.
PACE = Pace(poll=0.01, describe=0.01, start=0.3, settle=0.2, retry=0.01, stop=3.0)


# What a task does, by its fate: the model and the spans of its answer, the failure that it records, and
# ECS's stop code and its exit code, where it ends by itself.
ANSWERS = {
    **dict.fromkeys(
        ("answer", "lost-reply", "answer-then-fail", "forget-after-answer"), ("m@1", SPANS)
    ),
    "wrong-model": ("other@2", SPANS),
    "not-a-span": ("m@1", [Span("Momo", 0, 4, 1.0)]),
}
FAILURES = {
    "input": ("no-words", "write words"),
    "model": ("model", "no model.onnx"),
    "spot": ("interrupted", "SIGTERM"),
    "deadline": ("deadline", "no answer after 1 s"),  # and it takes its time to end
}
ENDS = {
    **dict.fromkeys(
        ("answer", "lost-reply", "forget-after-answer", "silent"), ("EssentialContainerExited", 0)
    ),
    **dict.fromkeys(("answer-then-fail", "crash"), ("EssentialContainerExited", 1)),
    "model": ("EssentialContainerExited", 2),
    "oom": ("EssentialContainerExited", 137),
    "spot": ("SpotInterruption", 143),
}


class FakeTasks:
    """ECS as `qabot.aws.tasks.Tasks` shows it.

    Each launch for a key takes the next fate of its list, and "answer" when there is none left. What
    befalls a whole launch is the fate of its first key.
    """

    def __init__(self, table: Table, fates: Mapping[str, Sequence[str]] | None = None) -> None:
        self.table = table
        self.fates = defaultdict(
            list, {key: list(planned) for key, planned in (fates or {}).items()}
        )
        self.launches: list[Launch] = []
        self.by_token: dict[str, str] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []

    def launch(self, launch: Launch) -> tuple[str | None, bool, Sequence[Mapping[str, Any]]]:
        if launch.token in self.by_token:
            return self.by_token[launch.token], False, []
        fates = {key: self.next_fate(key) for key, _ in launch.attempts}
        fate = fates[launch.attempts[0][0]]
        if fate == "throttle":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "RunTask")
        if fate == "denied":
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "RunTask")
        if fate == "no-capacity":
            return None, False, [{"reason": "Capacity is unavailable at this time"}]
        self.launches.append(launch)
        arn = f"arn:aws:ecs:us-east-1:1:task/qabot/{len(self.launches)}"
        self.tasks[arn] = {"taskArn": arn, "lastStatus": "RUNNING", "containers": [{}]}
        self.by_token[launch.token] = arn
        for key, attempt in launch.attempts:
            self.play(fates[key], key, attempt, arn)
        if len(fates) > 1 and set(fates.values()) <= {"answer", "input", "deadline"}:
            self.end(arn, "EssentialContainerExited", 0)
        if fate == "lost-reply":
            raise ReadTimeoutError(endpoint_url="https://ecs")
        return arn, True, []

    def next_fate(self, key: str) -> str:
        fates = self.fates[key]
        return fates.pop(0) if fates else "answer"

    def play(self, fate: str, key: str, attempt: int, arn: str) -> None:
        if fate == "never":
            self.end(arn, "TaskFailedToStart", None, "Timeout waiting for network interface")
        if fate in ("never", "stuck"):
            return
        lease = int(time.time()) + (-1 if fate == "expired" else 60)
        self.table.start(key, attempt, task=arn, lease=lease)
        if fate in ANSWERS:
            model, spans = ANSWERS[fate]
            self.table.answer(key, attempt, spans, model)
        if fate in FAILURES:
            self.table.fail(key, attempt, *FAILURES[fate], permanent=fate == "input")
        if fate in ENDS:
            self.end(arn, *ENDS[fate])
        if fate == "forget":
            del self.tasks[arn]

    def end(self, arn: str, code: str, exit_code: int | None, reason: str = "ended") -> None:
        containers = [] if exit_code is None else [{"exitCode": exit_code}]
        self.tasks[arn] |= {"lastStatus": "STOPPED", "stopCode": code, "stoppedReason": reason}
        self.tasks[arn]["containers"] = containers

    def describe(self, arns: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        return {arn: self.tasks.get(arn) for arn in arns}

    def stop(self, arn: str, reason: str) -> None:
        self.stopped.append(arn)
        self.end(arn, "UserInitiated", 143, reason)

    def running(self) -> list[str]:
        return [arn for arn, task in self.tasks.items() if task["lastStatus"] == "RUNNING"]


@pytest.fixture
def table() -> Iterator[Table]:
    with tables.mocked() as table:
        table.put_contexts({CONTEXT_ID: PACKED}, expires_at=1)
        yield table


def job(key: str, **arguments: Any) -> Job:
    request = Request(key, "Who?", CONTEXT)
    size = (1024, 4096)
    return Job(
        **{"request": request, "context_id": CONTEXT_ID, "spot": False, "size": size, **arguments}
    )


def dispatch(
    tasks: FakeTasks, max_tasks: int = 100, timeout: float = 30.0, questions_per_task: int = 1
) -> Dispatch:
    ecs: Any = tasks
    table, timing = tasks.table, Timing()
    return Dispatch(
        Launcher(ecs, table, lifetime=3600, pace=PACE, timing=timing),
        Verdicts(table, "m@1", lambda arn: f"log of {arn[-1]}"),
        max_tasks=max_tasks,
        questions_per_task=questions_per_task,
        timeout=timeout,
    )


def ask(tasks: FakeTasks, *jobs: Job, **arguments: Any) -> list[Result]:
    return list(dispatch(tasks, **arguments).run(jobs))


def one(tasks: FakeTasks, **arguments: Any) -> Result:
    (result,) = ask(tasks, job("k"), **arguments)
    return result


ANSWER = Answer("k", "m@1", SPANS[0], SPANS[1:])


@pytest.mark.parametrize(
    ("fates", "launched"),
    [
        ([], 1),
        (["throttle", "throttle"], 1),
        (["no-capacity"], 1),
        (["lost-reply"], 1),
        (["answer-then-fail"], 1),
        (["never", "never"], 3),
        (["stuck"], 2),
        (["crash", "crash"], 3),
        (["oom"], 2),
        (["silent"], 2),
        (["spot", "spot"], 3),
        (["deadline"], 2),
        (["expired"], 2),
        (["forget"], 2),
        (["crash", "never", "spot", "throttle", "oom"], 5),
    ],
)
def test_every_failure_that_may_pass_ends_in_the_answer(
    table: Table, fates: list[str], launched: int
) -> None:
    tasks = FakeTasks(table, {"k": fates})
    assert one(tasks) == ANSWER
    assert len(tasks.launches) == launched, "as many tasks as failures that cost one"
    tokens = [launch.token for launch in tasks.launches]
    assert len(set(tokens)) == len(tokens), "a retry used the token of a dead task"


@pytest.mark.parametrize(
    ("fates", "kind", "launched"),
    [
        (["crash"] * 9, "crashed", 3),
        (["never"] * 9, "never-started", 4),
        (["silent"] * 9, "no-answer", 3),
        (["expired"] * 9, "lease-expired", 2),
        (["deadline"] * 9, "deadline", 2),
        (["wrong-model"], "wrong-model", 1),
        (["not-a-span"], "bad-item", 1),
        (["model"], "model", 1),
    ],
)
def test_what_does_not_pass_ends_in_a_failure_with_its_evidence(
    table: Table, fates: list[str], kind: str, launched: int
) -> None:
    tasks = FakeTasks(table, {"k": fates})
    failure = one(tasks)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.attempts) == (kind, launched)
    assert not failure.permanent
    assert len(tasks.launches) == launched
    if kind == "crashed":
        assert failure.evidence["exit_code"] == "1"
        assert failure.evidence["stop_code"] == "EssentialContainerExited"
        assert failure.evidence["log"] == "log of 3"
    if kind not in ("wrong-model", "bad-item"):
        assert table.get("k").status is Status.FAILED


def test_a_question_that_can_not_be_answered_is_not_tried_again(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["input"]})
    assert one(tasks) == Failure("k", "m@1", "no-words", "write words", permanent=True)
    assert len(tasks.launches) == 1


def test_out_of_memory_gets_the_next_size_and_spot_gives_way(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["oom"], "s": ["spot", "spot"], "c": ["no-capacity"]})
    ask(tasks, job("k"), job("s", spot=True), job("c", spot=True))
    by_key: dict[str, list[Launch]] = defaultdict(list)
    for launch in tasks.launches:
        by_key[launch.attempts[0][0]].append(launch)
    assert [launch.size for launch in by_key["k"]] == [(1024, 4096), (1024, 5120)]
    assert [launch.spot for launch in by_key["s"]] == [True, True, False]
    assert [launch.spot for launch in by_key["c"]] == [False]


def test_a_stuck_task_and_one_whose_lease_is_over_are_stopped(table: Table) -> None:
    tasks = FakeTasks(table, {"a": ["stuck"], "b": ["expired"]})
    ask(tasks, job("a"), job("b"))
    deadline = time.monotonic() + 5
    while len(tasks.stopped) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(tasks.stopped) == 2
    assert tasks.running() == []


def test_no_more_tasks_are_in_flight_than_allowed(table: Table) -> None:
    most = 0

    class Counting(FakeTasks):
        def launch(self, launch: Launch) -> Any:
            nonlocal most
            most = max(most, len(self.running()) + 1)
            return super().launch(launch)

    results = ask(Counting(table), *(job(f"k{number}") for number in range(12)), max_tasks=3)
    assert len(results) == 12
    assert most <= 3


def test_a_small_quota_is_found_out_and_kept_to(table: Table) -> None:
    class Small(FakeTasks):
        refused = 0
        begun = time.monotonic()

        def launch(self, launch: Launch) -> Any:
            if len(self.running()) >= 3:
                self.refused += 1
                return None, False, [{"reason": "You've reached the limit on the number of vCPUs"}]
            return super().launch(launch)

        def describe(self, arns: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
            # One task ends in five launches' time.
            due = time.monotonic() - self.begun > 0.25 * (len(self.launches) - 2)
            for arn in self.running()[:due]:
                launch = self.launches[int(arn.rpartition("/")[2]) - 1]
                self.table.answer(*launch.attempts[0], SPANS, "m@1")
                self.end(arn, "EssentialContainerExited", 0)
            return super().describe(arns)

    keys = [f"k{number}" for number in range(16)]
    tasks = Small(table, {key: ["hang"] for key in keys})
    assert len(ask(tasks, *map(job, keys))) == 16
    assert len(tasks.launches) == 16
    assert tasks.refused < 25, "it keeps asking for more than there is"


def test_denied_ends_the_run_naming_what_is_denied_and_stops_what_runs(table: Table) -> None:
    tasks = FakeTasks(table, {"a": ["hang"], "b": ["throttle", "denied"]})
    with pytest.raises(CloudError, match="denies RunTask"):
        ask(tasks, job("a"), job("b"))
    assert tasks.running() == []


def test_a_failure_that_hits_every_task_ends_the_run(table: Table) -> None:
    keys = [f"k{number}" for number in range(20)]
    tasks = FakeTasks(table, {key: ["model"] for key in keys})
    with pytest.raises(CloudError, match=r"no model\.onnx.*first 5 tasks"):
        ask(tasks, *map(job, keys), max_tasks=5)
    assert len(tasks.launches) < 20


def test_closing_stops_what_this_run_launched_and_nothing_else(table: Table) -> None:
    keys = [f"k{number}" for number in range(10)]
    tasks = FakeTasks(table, {**{key: ["hang"] for key in keys}, "other": ["hang"]})
    other = launched_by_another(tasks, "other")
    results = dispatch(tasks).run([*map(job, [*keys, "quick"]), other])
    assert next(results).key == "quick"
    while len(tasks.launches) < 12:
        time.sleep(0.01)
    begun = time.monotonic()
    results.close()
    assert time.monotonic() - begun < 3
    assert tasks.running() == [other.task]


def launched_by_another(tasks: FakeTasks, key: str) -> Job:
    """A job that finds the task that another run has launched for it."""
    token = make_token(key, 1)
    tasks.table.claim(
        key, 1, token=token, question="Who?", context_id=CONTEXT_ID, lease=1, expires_at=1
    )
    launch = Launch(attempts=((key, 1),), token=token, top_k=3, spot=False, size=(1024, 4096))
    tasks.launch(launch)
    left = job(key)
    open_jobs([left], tasks.table.read([key]), time.monotonic())
    return left


def test_a_task_that_still_runs_is_joined(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["hang"]})
    left = launched_by_another(tasks, "k")
    assert (left.task, left.ours, left.rejoin) == (tasks.running()[0], False, False)
    table.answer("k", 1, SPANS, "m@1")
    assert ask(tasks, left) == [ANSWER]
    assert len(tasks.launches) == 1


def test_a_task_that_has_not_said_its_name_is_found_by_its_token(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["stuck"]})
    left = launched_by_another(tasks, "k")
    assert (left.task, left.rejoin) == (None, True)
    arn = tasks.running()[0]
    table.start("k", 1, task=arn, lease=int(time.time()) + 60)
    table.answer("k", 1, SPANS, "m@1")
    assert ask(tasks, left) == [ANSWER]
    assert len(tasks.launches) == 1


def test_an_attempt_that_was_claimed_and_never_launched_is_launched(table: Table) -> None:
    table.claim(
        "k", 1, token="k-1-x", question="Who?", context_id=CONTEXT_ID, lease=1, expires_at=1
    )
    tasks, left = FakeTasks(table), job("k")
    open_jobs([left], table.read(["k"]), time.monotonic())
    assert ask(tasks, left) == [ANSWER]
    assert [launch.token for launch in tasks.launches] == ["k-1-x"]


def test_a_task_that_ended_unseen_gets_another(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["crash"]})
    left = launched_by_another(tasks, "k")
    assert ask(tasks, left) == [ANSWER]
    assert [launch.attempts for launch in tasks.launches] == [(("k", 1),), (("k", 2),)]


@pytest.mark.parametrize("each", [1, 3])
def test_two_concurrent_runs_launch_each_question_once(table: Table, each: int) -> None:
    tasks = FakeTasks(table)
    runs = [dispatch(tasks, questions_per_task=each).run(map(job, KEYS)) for _ in range(2)]
    results = [result for pair in zip(*runs, strict=True) for result in pair]
    assert sorted(result.key for result in results) == sorted(KEYS * 2)
    assert all(isinstance(result, Answer) for result in results)
    assert sorted(" ".join(boarded(tasks)).split()) == KEYS


def test_the_time_out_of_the_run_fails_what_is_left_and_stops_it(table: Table) -> None:
    tasks = FakeTasks(table, {"a": ["hang"], "b": ["throttle"] * 99})
    results = ask(tasks, job("a"), job("b"), timeout=0.4)
    assert {(result.key, result.kind) for result in results if isinstance(result, Failure)} == {
        ("a", "timeout"),
        ("b", "timeout"),
    }
    assert tasks.running() == []


def test_a_cleared_table_does_not_lose_a_question(table: Table) -> None:
    tasks = FakeTasks(table, {"k": ["hang"]})
    running = dispatch(tasks)
    results = running.run([job("k"), job("first")])
    assert next(results).key == "first"
    while not tasks.running():
        time.sleep(0.01)
    table.clear()
    tasks.end(tasks.running()[0], "EssentialContainerExited", 3)
    assert next(results) == ANSWER
    assert contexts.unpack(CONTEXT_ID, PACKED) == CONTEXT


def test_throttled_reads_of_the_table_do_not_end_the_run(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, errors = (
        table.read,
        [
            ClientError(
                {"Error": {"Code": "ProvisionedThroughputExceededException"}}, "BatchGetItem"
            ),
            ReadTimeoutError(endpoint_url="https://dynamodb"),
        ],
    )

    def reluctant(keys: Any) -> Any:
        if errors:
            raise errors.pop()
        return read(keys)

    monkeypatch.setattr(table, "read", reluctant)
    assert one(FakeTasks(table)) == ANSWER
    assert errors == []


def test_throttled_claims_do_not_lose_or_repeat_a_question(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, lost = table.claim, [False, True]

    def reluctant(*arguments: Any, **named: Any) -> Any:
        if lost:
            if lost.pop(0):
                claim(*arguments, **named)  # it succeeds; the reply is lost
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return claim(*arguments, **named)

    monkeypatch.setattr(table, "claim", reluctant)
    tasks = FakeTasks(table)
    assert one(tasks) == ANSWER
    assert len(tasks.launches) == 1


KEYS = [f"k{number}" for number in range(10)]


def boarded(tasks: FakeTasks) -> list[str]:
    """Each launch's keys, as one word."""
    return [" ".join(key for key, _ in launch.attempts) for launch in tasks.launches]


def test_a_task_carries_as_many_questions_as_it_may(table: Table) -> None:
    tasks = FakeTasks(table)
    running = dispatch(tasks, questions_per_task=4)
    results = list(running.run(map(job, KEYS)))
    assert sorted(result.key for result in results) == KEYS
    assert all(isinstance(result, Answer) for result in results)
    assert sorted(boarded(tasks)) == ["k0 k1 k2 k3", "k4 k5 k6 k7", "k8 k9"]
    assert (running.tally.launched, running.tally.joined) == (3, 0)


def test_questions_that_need_other_tasks_do_not_share_one(table: Table) -> None:
    tasks = FakeTasks(table)
    jobs = [job("a"), job("b", spot=True), job("c", spot=True), job("d", size=(2048, 8192))]
    ask(tasks, *jobs, questions_per_task=4)
    assert sorted(boarded(tasks)) == ["a", "b c", "d"]


@pytest.mark.parametrize("fate", ["throttle", "no-capacity", "never", "stuck", "lost-reply"])
def test_what_is_not_the_questions_fault_keeps_them_together(table: Table, fate: str) -> None:
    tasks = FakeTasks(table, {key: [fate] for key in KEYS[:4]})
    results = ask(tasks, *map(job, KEYS[:4]), questions_per_task=4)
    assert all(isinstance(result, Answer) for result in results)
    assert set(boarded(tasks)) == {"k0 k1 k2 k3"}
    assert len(tasks.launches) == (2 if fate in ("never", "stuck") else 1)


@pytest.mark.parametrize("fate", ["oom", "crash", "silent", "expired"])
def test_what_may_be_is_tried_each_by_itself(table: Table, fate: str) -> None:
    tasks = FakeTasks(table, {key: [fate] for key in KEYS[:3]})
    results = ask(tasks, *map(job, KEYS[:3]), questions_per_task=3)
    assert all(isinstance(result, Answer) for result in results)
    assert boarded(tasks)[0] == "k0 k1 k2"
    assert sorted(boarded(tasks)[1:]) == KEYS[:3]


def test_a_question_that_kills_its_tasks_does_not_affect_others(table: Table) -> None:
    tasks = FakeTasks(table, {"k0": ["oom"] * 20, "k1": ["oom"], "k2": ["oom"]})
    results = {result.key: result for result in ask(tasks, *map(job, KEYS), questions_per_task=3)}
    assert {key for key, result in results.items() if isinstance(result, Failure)} == {"k0"}
    assert isinstance(results["k0"], Failure)
    assert results["k0"].kind == "out-of-memory"


def test_one_that_gives_up_in_the_middle_is_tried_again_while_the_task_continues(
    table: Table,
) -> None:
    class GoesOn(FakeTasks):
        def end(self, *arguments: Any, **named: Any) -> None:
            if len(self.launches) > 1 or arguments[1] == "UserInitiated":
                super().end(*arguments, **named)

    tasks = GoesOn(table, {"k0": ["deadline"], "k1": ["hang"], "k2": ["hang"]})
    results = dispatch(tasks, questions_per_task=3).run(map(job, KEYS[:3]))
    assert next(results) == Answer("k0", "m@1", SPANS[0], SPANS[1:])
    assert boarded(tasks) == ["k0 k1 k2", "k0"]
    for key in ("k1", "k2"):
        table.answer(key, 1, SPANS, "m@1")
    assert sorted(result.key for result in results) == ["k1", "k2"]
    assert tasks.stopped == [], "the task that continues was stopped"


def test_a_task_is_alive_until_its_last_question_is_done(table: Table) -> None:
    tasks = FakeTasks(table, {"k1": ["hang"]})
    tasks.end = lambda arn, *_, **__: None  # type: ignore[method-assign]
    results = dispatch(tasks, questions_per_task=2).run(map(job, KEYS[:2]))
    assert next(results).key == "k0"
    results.close()
    assert tasks.stopped == ["arn:aws:ecs:us-east-1:1:task/qabot/1"]


def test_what_was_claimed_together_and_never_launched_is_launched_together(table: Table) -> None:
    for key in ("a", "b", "c"):
        table.claim(
            key, 1, token="t-1-x", question="Who?", context_id=CONTEXT_ID, lease=1, expires_at=1
        )
    tasks, jobs = FakeTasks(table), [job(key) for key in ("a", "b", "new", "c")]
    open_jobs(jobs, table.read(["a", "b", "c"]), time.monotonic())
    results = ask(tasks, *jobs, questions_per_task=1)
    assert sorted(result.key for result in results) == ["a", "b", "c", "new"]
    assert sorted(boarded(tasks)) == ["a b c", "new"]


def test_a_claim_that_is_lost_to_another_run_leaves_the_others_aboard(table: Table) -> None:
    tasks = FakeTasks(table, {"k1": ["hang"]})
    launched_by_another(tasks, "k1")
    table.answer("k1", 1, SPANS, "m@1")
    results = ask(tasks, *map(job, KEYS[:3]), questions_per_task=3)
    assert sorted(result.key for result in results) == KEYS[:3]
    assert boarded(tasks) == ["k1", "k0 k2"]
