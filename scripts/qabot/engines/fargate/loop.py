"""The loop of the fargate engine: launch, watch, retry, and stop what is left.

One thread decides everything. The table is authoritative for answers: what ECS reports about a task
matters only where the table has none.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING

from answerer.items import Item, Status
from qabot.aws import errors
from qabot.aws.clients import THREADS
from qabot.aws.tasks import is_arn
from qabot.engines.fargate import failures
from qabot.engines.fargate.failures import Cause
from qabot.engines.fargate.launcher import AHEAD, Unclaimed
from qabot.errors import CloudError
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from qabot.answers.model import Result
    from qabot.engines.fargate.job import Job
    from qabot.engines.fargate.launcher import Launcher, LaunchResult
    from qabot.engines.fargate.outcome import Verdicts

# How often another run may claim the same question before this one gives it up.
_TURNS = 10
# After a refusal for lack of capacity, the limit grows by this many tasks for each launch that is
# granted. One refusal alone measures no quota, so growth is fast at first; each further refusal
# halves it, and a row of granted launches doubles it again.
_MOST_GROWTH = 8.0
_LEAST_GROWTH = 1 / 8
_LAUNCHES_TO_TRUST = 16
_NO_ROOM = {"quota", "no-capacity"}


@dataclass(slots=True)
class Tally:
    """Counts of a run, for its last line.

    Args:
        launched: tasks.
        joined: tasks that were already running.
        stopped: tasks that were stopped at the end.
        left: tasks that may still run although they should have been stopped.
        failures: number of failures of each kind, retried or not.
    """

    launched: int = 0
    joined: int = 0
    stopped: int = 0
    left: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class Dispatch:
    """Runs jobs as tasks.

    Args:
        launcher: launches and stops them; its ECS, table, pace and clock are used here too.
        verdicts: makes the results.
        recorder: records every task's launch, start and failure.
        max_tasks: the most tasks in flight.
        timeout: seconds until the run stops.
        questions_per_task: the most questions in one task.
    """

    def __init__(
        self,
        launcher: Launcher,
        verdicts: Verdicts,
        recorder: Recorder | None = None,
        *,
        max_tasks: int,
        timeout: float,
        questions_per_task: int = 1,
    ) -> None:
        self.tally = Tally()
        self._launcher = launcher
        self._tasks = launcher.tasks
        self._table = launcher.table
        self._pace = launcher.pace
        self._timing = launcher.timing
        self._verdicts = verdicts
        self._max_tasks = max_tasks
        self._timeout = timeout
        self._questions_per_task = questions_per_task
        self._places = float(max_tasks)  # lower after Fargate has refused more
        self._growth = _MOST_GROWTH
        self._since_refusal = 0
        self._recorder = recorder or Recorder()
        self._order = count()
        # Each open job is in one of these.
        self._waiting: list[tuple[float, int, Job]] = []
        self._launching: dict[Future[list[LaunchResult]], list[Job]] = {}
        self._running: dict[str, Job] = {}
        self._by_task: dict[str, list[Job]] = {}  # those in flight, by task
        self._next_poll = self._next_describe = self._timing.now()

    def run(self, jobs: Iterable[Job], *, stay: bool = True) -> Generator[Result, None, None]:
        """Run the jobs. Closing the generator stops the tasks that it launched.

        Args:
            jobs: new ones, and ones that another run has left unfinished.
            stay: wait for the answers; otherwise only until every task is launched.

        Yields:
            One result per job, as they become available.

        Raises:
            CloudError: AWS refuses to work at all.
        """
        end = self._timing.now() + self._timeout
        left = False
        try:
            # The task of several claimed questions is found by repeating exactly the same request.
            for job in sorted(jobs, key=lambda job: job.token if job.rejoin else ""):
                if job.task is not None:
                    self._watch_job(job, job.task)
                else:
                    self._queue(job, 0.0)
            self.tally.joined = len(self._by_task)
            while self._waiting or self._launching or (stay and self._running):
                if self._timing.now() >= end:
                    waiting = [job for _, _, job in self._waiting]
                    launching = chain.from_iterable(self._launching.values())
                    for job in (*waiting, *launching, *self._running.values()):
                        yield self._verdicts.timed_out(job, self._timeout)
                    return
                self._launch()
                yield from self._collect_launches()
                yield from self._watch()
                self._rest(end)
            left = not stay
        finally:
            if left:
                self._launcher.leave()
            else:
                self.tally.stopped, self.tally.left = self._launcher.stop_all()

    # Launching

    def _queue(self, job: Job, pause: float) -> None:
        heapq.heappush(self._waiting, (self._timing.now() + pause, next(self._order), job))

    def _room(self) -> bool:
        # No more calls than threads: a call that waits for a thread would be counted as made, but
        # be made later, together with others.
        launching, running = len(self._launching), len(self._by_task)
        return launching < THREADS and launching + running < int(self._places)

    def _launch(self) -> None:
        while self._waiting and self._room():
            if self._waiting[0][0] > self._timing.now() or self._launcher.pacer.delay() > AHEAD:
                return
            jobs = self._gather()
            self._launching[self._launcher.submit(jobs)] = jobs

    def _gather(self) -> list[Job]:
        """Take the next waiting job, and those that may share its task."""
        _, _, first = heapq.heappop(self._waiting)
        jobs = [first]
        # Jobs that were launched together are found together, however many they are.
        most = len(self._waiting) + 1 if first.rejoin else self._questions_per_task
        soon = self._timing.now() + AHEAD
        while len(jobs) < most and self._waiting:
            due, _, job = self._waiting[0]
            if due > soon or not first.may_join(job):
                break
            jobs.append(heapq.heappop(self._waiting)[2])
        return jobs

    def _collect_launches(self) -> Iterator[Result]:
        for future in [future for future in self._launching if future.done()]:
            jobs = self._launching.pop(future)
            with errors.translated("launching tasks"):
                results = future.result()
            tasks = {result for result in results if isinstance(result, tuple)}
            self.tally.launched += sum(ours for _, ours in tasks)
            self.tally.joined += sum(not ours for _, ours in tasks)
            for job, result in zip(jobs, results, strict=True):
                yield from self._handle(job, result)
            if tasks:
                self._granted()
            elif any(isinstance(result, Cause) and result.kind in _NO_ROOM for result in results):
                self._refused()

    def _handle(self, job: Job, result: LaunchResult) -> Iterator[Result]:
        if isinstance(result, tuple):
            task, ours = result
            job.attach(task, ours=ours, now=self._timing.now())
            self._watch_job(job, task)
            return
        if isinstance(result, Item):
            yield from self._overtaken(job, result)
            return
        if isinstance(result, Unclaimed):
            # If the claim did succeed, the next one will find it.
            job.attempt -= 1
            yield from self._failed(job, result.cause)
            job.rejoin = False  # no attempt exists yet whose launch could be repeated
            return
        if result.kind == "throttled":
            self._launcher.pacer.slow_down()
        yield from self._failed(job, result)

    def _refused(self) -> None:
        """Fargate refused a launch: it may not have capacity for more than is in flight now."""
        self._growth = max(_LEAST_GROWTH, self._growth / 2)
        self._since_refusal = 0
        in_flight = len(self._by_task) + len(self._launching)
        # As long as that is uncertain, try a few more even before one of these tasks ends.
        self._places = max(1.0, min(self._places, in_flight + int(self._growth)))

    def _granted(self) -> None:
        """Fargate granted a launch: try one more task in flight, soon or after some more launches."""
        self._places = min(float(self._max_tasks), self._places + self._growth)
        self._since_refusal += 1
        if self._since_refusal % _LAUNCHES_TO_TRUST == 0:
            self._growth = min(_MOST_GROWTH, self._growth * 2)

    def _watch_job(self, job: Job, task: str) -> None:
        self._running[job.key] = job
        self._by_task.setdefault(task, []).append(job)
        self._recorder.launched(job.key, task)

    def _overtaken(self, job: Job, item: Item) -> Iterator[Result]:
        """Another run has claimed the attempt that this one wanted, or has already answered."""
        job.failures["overtaken"] += 1
        if item.status is Status.ANSWERED:
            yield self._verdicts.answer(job, item)
        elif item.permanent:
            yield self._verdicts.refuse(job, item)
        elif job.failures["overtaken"] > _TURNS:
            cause = Cause("bad-item", "the table's item cannot be claimed")
            yield self._verdicts.give_up(job, cause)
        else:
            job.follow(item)
            job.rejoin = not item.status.final
            self._recorder.retried(job.key, "overtaken")
            self._queue(job, self._pace.retry)

    # Watching

    def _watch(self) -> Iterator[Result]:
        if not self._running or self._timing.now() < self._next_poll:
            return
        try:
            if self._timing.now() >= self._next_describe:
                self._describe()
                self._next_describe = self._timing.now() + self._pace.describe
            # After the descriptions: an answer is written before its task ends, so a task that was
            # over then and has no answer now will not get one.
            found = self._read()
        except Exception as error:
            if failures.from_error(error) is None:
                with errors.translated("watching the tasks"):
                    raise
            self._next_poll = self._timing.now() + 5 * self._pace.poll
            return
        self._next_poll = self._timing.now() + self._pace.poll
        for key, item in found.items():
            yield from self._look(self._running[key], item)

    def _read(self) -> dict[str, Item | None]:
        """Read the items of the tasks in flight.

        A task answers its questions in turn: while its first open question has not changed, the others
        have not either, and need not be read.
        """
        heads = [jobs[0] for jobs in self._by_task.values()]
        said = self._table.read(job.key for job in heads)
        found = {job.key: said.get(job.key) for job in heads}
        others = [
            job.key
            for head in heads
            if not self._is_quiet(head, found[head.key])
            for job in self._by_task[str(head.task)][1:]
        ]
        if others:
            said = self._table.read(others)
            found |= {key: said.get(key) for key in others}
        return found

    def _is_quiet(self, job: Job, item: Item | None) -> bool:
        """Whether `_look` would leave everything as it is."""
        if job.stopped is not None or (item is not None and item.attempt > job.attempt):
            return False
        if item is None or item.status is Status.PENDING:
            return self._timing.now() - job.since <= self._pace.start
        return item.status is Status.RUNNING and item.lease >= self._timing.wall()

    def _describe(self) -> None:
        open_ = [arn for arn, jobs in self._by_task.items() if any(not job.stopped for job in jobs)]
        for arn, task in self._tasks.describe(open_).items():
            for job in self._by_task.get(arn, ()):
                young = self._timing.now() - job.since < self._pace.settle
                if (task is None and not young) or (task and task.get("lastStatus") == "STOPPED"):
                    job.stopped = (task,)

    def _look(self, job: Job, item: Item | None) -> Iterator[Result]:
        now = self._timing.now()
        if item is not None and item.status is Status.ANSWERED and item.attempt >= job.attempt:
            self._unwatch(job)
            yield self._verdicts.answer(job, item)
        elif item is not None and item.attempt > job.attempt:
            # Another run has started the next attempt.
            self._unwatch(job)
            yield from self._overtaken(job, item)
        elif item is not None and item.permanent:
            self._unwatch(job)
            yield self._verdicts.refuse(job, item)
        elif job.stopped is not None:
            self._unwatch(job)
            cause = failures.from_task(job.stopped[0], item)
            if cause.kind == "reaped" and job.ours:
                # Someone has cancelled this run: launch nothing more.
                raise CloudError("`qabot reap` stopped this run")
            yield from self._failed(job, cause)
        elif item is not None and item.status is Status.FAILED:
            # ECS will soon report why the task was interrupted, or its exit code; if that takes
            # longer, as it does while the task has other questions, the table's report is enough.
            others = len(self._by_task[str(job.task)]) > 1 and item.kind != "interrupted"
            if job.reported is None and not others:
                job.reported, job.reported_at = item, now
                self._next_describe = now
            elif others or now - job.reported_at > self._pace.settle:
                self._unwatch(job)
                yield from self._failed(job, failures.from_task({"taskArn": job.task}, item))
        elif item is not None and item.status is Status.RUNNING:
            self._recorder.started(job.key)
            if item.lease < self._timing.wall():
                yield from self._dead(job, "lease-expired")
        elif now - job.since > self._pace.start:
            yield from self._dead(job, "never-started")

    def _unwatch(self, job: Job) -> bool:
        """Stop watching a job's task; return whether no other job needs that task."""
        task = str(job.task)
        del self._running[job.key]
        self._by_task[task].remove(job)
        if self._by_task[task]:
            return False
        del self._by_task[task]
        self._launcher.alive.discard(task)
        return True

    def _dead(self, job: Job, kind: str) -> Iterator[Result]:
        """Give up a task that has not written to the table for too long."""
        task, seconds = str(job.task), self._timing.now() - job.since
        if self._unwatch(job):
            self._launcher.stop(task, "qabot: no sign of life")
        reason = f"no sign of life from the task after {seconds:.0f} s; it was stopped"
        yield from self._failed(job, Cause(kind, reason, {"task": task}))

    def _failed(self, job: Job, cause: Cause) -> Iterator[Result]:
        """An attempt has failed: prepare the next, or give up."""
        self.tally.failures[cause.kind] += 1
        pause = job.retry(cause, self._pace.retry)
        if pause is None:
            yield self._verdicts.give_up(job, cause)
        else:
            self._recorder.retried(job.key, cause.kind)
            # Jobs that failed together wait equally long, and may share a task again.
            share = random.Random(job.token).uniform(0.5, 1)  # noqa: S311
            self._queue(job, pause * share)

    def _rest(self, end: float) -> None:
        """Sleep until something is due."""
        now = self._timing.now()
        due = [end]
        if self._running:
            due.append(self._next_poll)
        if self._waiting and self._room():
            due.append(max(self._waiting[0][0], now + self._launcher.pacer.delay() - AHEAD))
        pause = max(0.0, min(due) - now)
        if self._launching:
            self._timing.wait_any(self._launching, pause)
        elif self._waiting or self._running:
            self._timing.sleep(pause)


def open_jobs(jobs: Sequence[Job], found: Mapping[str, Item], now: float) -> None:
    """Set jobs to the state in which an earlier run has left them in the table.

    Args:
        jobs: new ones.
        found: their items in the table.
        now: the time on the dispatch's clock.
    """
    for job in jobs:
        item = found.get(job.key)
        if item is None:
            continue
        job.follow(item)
        if not item.status.final and item.token:
            if is_arn(item.task):
                job.attach(str(item.task), ours=False, now=now)
            else:
                job.rejoin = True
