"""The loop of the fargate engine: launch, watch, retry, and stop what is left.

One thread decides everything. AWS calls that would hold it up, launching and stopping, run in a
pool; they decide nothing, and hand back what AWS said. The table is the truth about answers: what
ECS says about a task only matters where the table has nothing.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from answerer import contexts
from answerer.items import Item, Status
from qabot.aws import errors
from qabot.aws.clients import THREADS
from qabot.aws.pacing import RUN_TASK, STOP_TASK, Pacer
from qabot.aws.tasks import Launch, Tasks, is_arn, make_token
from qabot.engines import failures
from qabot.engines.failures import CLASSES, SYSTEMATIC, Cause
from qabot.errors import CloudError
from qabot.results import TOP_K, Answer, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from answerer.table import Table
    from qabot.engines.jobs import Job
    from qabot.results import Result

# What became of a launch: a task's ARN and whether this run launched it, or the item that another
# run has taken meanwhile, or why there is no task.
Landing: TypeAlias = "tuple[str, bool] | Item | Cause | Unclaimed"

# Launches are prepared so many seconds before they may be made, so that they are made on time.
_AHEAD = 0.5
# Two runs that ask the same question take turns at most so often before one gives it up.
_TURNS = 10
# After the account's quota was met, another task in flight is tried for so many answers.
_ANSWERS_A_PLACE = 8
# So many failures that would hit every task, and no answer: the run is given up.
_HOPELESS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take or may take, seconds.

    Args:
        poll: between two looks into the table.
        describe: between two looks at ECS.
        start: from the launch of a task until it has claimed its item. A task is ready after 30 to
            45 s as a rule; one that isn't after five minutes won't be.
        settle: how long ECS may not know a task that it has just launched, and how long a task may
            take to end after it has written its failure.
        retry: before the second attempt at a question.
        stop: for stopping everything. GitHub gives 7.5 s between SIGINT and SIGTERM.
    """

    poll: float = 2.0
    describe: float = 6.0
    start: float = 300.0
    settle: float = 60.0
    retry: float = 2.0
    stop: float = 6.5


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Why an attempt could not even be claimed, as far as is known."""

    cause: Cause


@dataclass(slots=True)
class Tally:
    """What a run did, for its last line.

    Args:
        launched: tasks.
        joined: tasks that ran already.
        stopped: tasks that were stopped at the end.
        failures: how often each kind of failure happened, retried or not.
    """

    launched: int = 0
    joined: int = 0
    stopped: int = 0
    failures: dict[str, int] = field(default_factory=dict)


class Dispatch:
    """Runs jobs as tasks.

    Args:
        tasks: launches and stops.
        table: has the questions and gets the answers.
        model: identity of the model that answers must come from.
        log_tail: the last lines of a task's log, by its ARN.
        max_tasks: in flight at once.
        timeout: of the run, seconds.
        lifetime: of an item in the table, seconds.
        pace: how often to look.
        clock: seconds, from any start.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        table: Table,
        model: str,
        log_tail: Callable[[str], str],
        max_tasks: int,
        timeout: float,
        lifetime: int,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = Tally()
        self._tasks = tasks
        self._table = table
        self._model = model
        self._log_tail = log_tail
        self._max_tasks = max_tasks
        self._places = float(max_tasks)  # fewer where Fargate has given no more
        self._timeout = timeout
        self._lifetime = lifetime
        self._pace = pace
        self._clock = clock
        self._pacer = Pacer(RUN_TASK, clock)
        self._order = count()
        self._halt = threading.Event()
        # Each open job is in exactly one of these.
        self._waiting: list[tuple[float, int, Job]] = []
        self._launching: dict[Future[Landing], Job] = {}
        self._flying: dict[str, Job] = {}
        self._answered = 0
        self._hopeless = 0
        self._next_poll = self._next_describe = clock()

    def run(self, jobs: Iterable[Job], *, stay: bool = True) -> Generator[Result, None, None]:
        """See the jobs through. Closing the generator stops the tasks that it launched.

        Args:
            jobs: new ones, and ones that another run has left.
            stay: wait for the answers; else only until every task is launched.

        Yields:
            One result a job, as they come.

        Raises:
            CloudError: AWS refuses to work at all.
        """
        end = self._clock() + self._timeout
        left = False
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
        try:
            for job in jobs:
                if job.task is not None:
                    self._flying[job.key] = job
                    self.tally.joined += 1
                else:
                    self._queue(job, 0.0)
            while self._waiting or self._launching or (stay and self._flying):
                if self._clock() >= end:
                    yield from self._time_out()
                    return
                self._launch(pool)
                yield from self._land()
                yield from self._watch(pool)
                self._rest(end)
            left = not stay
        finally:
            if left:
                pool.shutdown()
            else:
                self._stop(pool)

    # Launching

    def _queue(self, job: Job, pause: float) -> None:
        heapq.heappush(self._waiting, (self._clock() + pause, next(self._order), job))

    def _room(self) -> bool:
        # No more calls than threads: a call that waits for a thread would be counted as made, and
        # be made later, together with others.
        return len(self._launching) < THREADS and len(self._flying) + len(self._launching) < int(
            self._places
        )

    def _launch(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting and self._room():
            if self._waiting[0][0] > self._clock() or self._pacer.delay() > _AHEAD:
                return
            _, _, job = heapq.heappop(self._waiting)
            at = self._pacer.reserve()
            if job.rejoin:
                future = pool.submit(self._run_task, self._order_for(job), at)
            else:
                job.attempt += 1
                job.token = make_token(job.key, job.attempt)
                future = pool.submit(self._claim_and_run, job, self._order_for(job), at)
            self._launching[future] = job

    def _order_for(self, job: Job) -> Launch:
        return Launch(
            key=job.key,
            attempt=job.attempt,
            token=job.token,
            top_k=TOP_K,
            spot=job.spot,
            size=job.size,
        )

    def _claim_and_run(self, job: Job, launch: Launch, at: float) -> Landing:
        """In the pool; reads of the job only what doesn't change while it is launching."""
        now = int(time.time())
        try:
            if job.write_context:
                id_, data = contexts.pack(job.ask.context)
                self._table.put_contexts({id_: data}, expires_at=now + self._lifetime)
            taken = self._table.claim(
                launch.key,
                launch.attempt,
                token=launch.token,
                question=job.ask.question,
                context_id=job.context_id,
                lease=now + int(self._pace.start),
                expires_at=now + self._lifetime,
                force=job.over_answer,
            )
        except Exception as error:
            cause = failures.from_error(error)
            if cause is None:
                raise
            return Unclaimed(Cause("throttled", cause.reason, cause.evidence))
        return self._run_task(launch, at) if taken is None else taken

    def _run_task(self, launch: Launch, at: float) -> Landing:
        """In the pool."""
        if self._halt.wait(max(0.0, at - self._clock())):
            return Cause("timeout", "the run was stopped before the launch")
        try:
            arn, ours, refusal = self._tasks.launch(launch)
        except Exception as error:
            cause = failures.from_error(error)
            if cause is None:
                raise
            return cause
        if arn is not None:
            return arn, ours
        cause = failures.from_refusal(refusal)
        if cause is None:
            said = "; ".join(str(one.get("reason")) for one in refusal)
            raise CloudError(f"ECS can't run tasks of this stack ({said}): deploy it again")
        return cause

    def _land(self) -> Iterator[Result]:
        for future in [one for one in self._launching if one.done()]:
            job = self._launching[future]
            try:
                landing = future.result()
            except Exception as error:
                explained = errors.explain(error, "launching tasks")
                if explained is None:
                    raise
                raise explained from error
            if isinstance(landing, tuple):
                arn, ours = landing
                job.fly(arn, ours=ours, now=self._clock())
                self._flying[job.key] = job
                self.tally.launched += ours
                self.tally.joined += not ours
            # Only now: an interruption in between must find the task in one place or the other.
            del self._launching[future]
            if isinstance(landing, Unclaimed):
                # If the claim has got through all the same, the next one will find it.
                job.attempt -= 1
                landing = landing.cause
            if isinstance(landing, Cause):
                if landing.kind == "throttled":
                    self._pacer.slow_down()
                elif landing.kind in ("quota", "no-capacity"):
                    self._places = max(1.0, float(len(self._flying)))
                yield from self._failed(job, landing)
            elif isinstance(landing, Item):
                yield from self._overtaken(job, landing)

    def _overtaken(self, job: Job, item: Item) -> Iterator[Result]:
        """Another run has claimed the attempt that this one wanted, or has even answered."""
        job.failures["overtaken"] += 1
        if item.status is Status.ANSWERED:
            yield self._answer(job, item)
        elif item.permanent:
            yield self._refuse(job, item)
        elif job.failures["overtaken"] > _TURNS:
            yield self._give_up(job, Cause("bad-item", "the table's item can't be claimed"))
        else:
            job.follow(item)
            job.rejoin = not item.status.final
            self._queue(job, self._pace.retry)

    # Watching

    def _watch(self, pool: ThreadPoolExecutor) -> Iterator[Result]:
        if not self._flying or self._clock() < self._next_poll:
            return
        try:
            if self._clock() >= self._next_describe:
                self._describe()
                self._next_describe = self._clock() + self._pace.describe
            # After the descriptions: an answer is written before its task ends, so a task that was
            # over then, and has no answer now, has none to come.
            found = self._table.read(self._flying)
        except Exception as error:
            if failures.from_error(error) is None:
                explained = errors.explain(error, "watching the tasks")
                if explained is None:
                    raise
                raise explained from error
            self._next_poll = self._clock() + 5 * self._pace.poll
            return
        self._next_poll = self._clock() + self._pace.poll
        for job in list(self._flying.values()):
            yield from self._look(job, found.get(job.key), pool)

    def _describe(self) -> None:
        arns = {job.task: job for job in self._flying.values() if job.task and not job.stopped}
        for arn, task in self._tasks.describe(list(arns)).items():
            job = arns.get(arn)
            if job is None:
                continue
            young = self._clock() - job.since < self._pace.settle
            if (task is None and not young) or (task and task.get("lastStatus") == "STOPPED"):
                job.stopped = (task,)

    def _look(self, job: Job, item: Item | None, pool: ThreadPoolExecutor) -> Iterator[Result]:
        now = self._clock()
        if item is not None and item.status is Status.ANSWERED and item.attempt >= job.attempt:
            del self._flying[job.key]
            yield self._answer(job, item)
        elif item is not None and item.attempt > job.attempt:
            # Another run has gone on to the next attempt.
            del self._flying[job.key]
            yield from self._overtaken(job, item)
        elif item is not None and item.permanent:
            del self._flying[job.key]
            yield self._refuse(job, item)
        elif job.stopped is not None:
            del self._flying[job.key]
            yield from self._failed(job, failures.from_task(job.stopped[0], item))
        elif item is not None and item.status is Status.FAILED:
            # ECS will say in a moment why the task was interrupted, or with which exit code it
            # ended; should it take longer, the table's word is enough.
            if job.reported is None:
                job.reported, job.reported_at = item, now
                self._next_describe = now
            elif now - job.reported_at > self._pace.settle:
                del self._flying[job.key]
                yield from self._failed(job, failures.from_task({"taskArn": job.task}, item))
        elif item is not None and item.status is Status.RUNNING:
            if item.lease < time.time():
                yield from self._dead(job, "lease-expired", pool)
        elif now - job.since > self._pace.start:
            yield from self._dead(job, "never-started", pool)

    def _dead(self, job: Job, kind: str, pool: ThreadPoolExecutor) -> Iterator[Result]:
        """Nothing was heard of the task for too long."""
        del self._flying[job.key]
        pool.submit(self._tasks.stop, str(job.task), "qabot: no sign of life")
        seconds = self._clock() - job.since
        reason = f"no sign of life from the task after {seconds:.0f} s; it was stopped"
        yield from self._failed(job, Cause(kind, reason, {"task": str(job.task)}))

    # Results

    def _answer(self, job: Job, item: Item) -> Result:
        span = item.spans[0]
        if item.model != self._model:
            reason = f"the task answered with the model {item.model}, not {self._model}"
            return self._give_up(job, Cause("wrong-model", reason))
        if not all(job.ask.context[one.start : one.end] == one.answer for one in item.spans):
            return self._give_up(job, Cause("bad-item", "the answer in the table isn't a span"))
        self._answered += 1
        self._places = min(self._max_tasks, self._places + 1 / _ANSWERS_A_PLACE)
        return Answer(job.key, self._model, span, item.spans[1:])

    def _refuse(self, job: Job, item: Item) -> Failure:
        """The worker says that the question or its context must change."""
        return Failure(
            job.key,
            self._model,
            item.kind or "input",
            item.reason or "",
            attempts=max(1, job.launched),
            permanent=True,
        )

    def _failed(self, job: Job, cause: Cause) -> Iterator[Result]:
        """An attempt has failed: prepare the next, or give up."""
        self.tally.failures[cause.kind] = self.tally.failures.get(cause.kind, 0) + 1
        pause = job.retry(cause, self._pace.retry)
        if pause is None:
            yield self._give_up(job, cause)
        else:
            self._queue(job, random.uniform(pause / 2, pause))  # noqa: S311

    def _give_up(self, job: Job, cause: Cause) -> Failure:
        if cause.kind in SYSTEMATIC:
            self._hopeless += 1
            if self._hopeless >= _HOPELESS and not self._answered:
                raise CloudError(
                    f"{cause.reason}; it was so for the first {_HOPELESS} tasks, so the run is "
                    f"given up: {CLASSES[cause.kind].advice}"
                )
        said = dict(cause.evidence)
        task = said.get("task")
        if cause.kind in ("crashed", "no-answer", "out-of-memory", "table") and task:
            tail = self._log_tail(task)
            said |= {"log": tail} if tail else {}
        for kind, times in job.failures.items():
            if kind != cause.kind:
                said[f"also {kind}"] = f"{times} times"
        reason = f"{cause.reason}; {CLASSES[cause.kind].advice}"
        if job.attempt:
            try:
                self._table.fail(job.key, job.attempt, cause.kind, reason)
            except Exception as error:
                # The result is told in any case; the table only tells it to `qabot list` too.
                if errors.explain(error, "") is None:
                    raise
        return Failure(
            job.key,
            self._model,
            cause.kind,
            reason,
            attempts=max(1, job.launched),
            evidence=said,
        )

    def _time_out(self) -> Iterator[Result]:
        reason = f"no answer when the run's {self._timeout:.0f} s were over; run again: it goes on"
        jobs = [*(job for _, _, job in self._waiting), *self._launching.values()]
        for job in (*jobs, *self._flying.values()):
            said = {"task": job.task} if job.task else {}
            yield Failure(
                job.key, self._model, "timeout", reason, attempts=job.launched, evidence=said
            )

    # Resting and stopping

    def _rest(self, end: float) -> None:
        """Sleep until something is due."""
        now = self._clock()
        due = [end]
        if self._flying:
            due.append(self._next_poll)
        if self._waiting and self._room():
            due.append(max(self._waiting[0][0], now + self._pacer.delay() - _AHEAD))
        pause = max(0.0, min(due) - now)
        if self._launching:
            wait(self._launching, pause, FIRST_COMPLETED)
        elif self._waiting or self._flying:
            time.sleep(pause)

    def _stop(self, pool: ThreadPoolExecutor) -> None:
        """Stop every task that this run has launched and not seen the end of."""
        end = self._clock() + self._pace.stop
        self._halt.set()
        for future in self._launching:
            future.cancel()
        # A launch that is under way can't be called back; its task is stopped as soon as it is
        # known.
        wait(self._launching, self._pace.stop / 2)
        arns = {job.task for job in self._flying.values() if job.ours and not job.stopped}
        for future in self._launching:
            if future.done() and not future.cancelled() and not future.exception():
                landing = future.result()
                if isinstance(landing, tuple) and landing[1]:
                    arns.add(landing[0])
        pacer = Pacer(STOP_TASK, self._clock)
        stops = []
        for arn in arns:
            time.sleep(max(0.0, min(pacer.reserve(), end) - self._clock()))
            stops.append(pool.submit(self._tasks.stop, str(arn), "qabot: the run was stopped"))
        done, _ = wait(stops, max(0.0, end - self._clock()))
        self.tally.stopped = sum(not future.exception() for future in done)
        pool.shutdown(wait=False, cancel_futures=True)


def open_jobs(jobs: Sequence[Job], found: Mapping[str, Item], now: float) -> None:
    """Let jobs go on where the table says that an earlier run has left them.

    Args:
        jobs: new ones.
        found: what the table has for them.
        now: the time on the dispatch's clock.
    """
    for job in jobs:
        item = found.get(job.key)
        if item is None:
            continue
        job.follow(item)
        if not item.status.final and item.token:
            if is_arn(item.task):
                job.fly(str(item.task), ours=False, now=now)
            else:
                job.rejoin = True
