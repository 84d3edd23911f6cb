"""Launch and stop tasks beside the loop, in a pool of threads that decide nothing.

A launch claims its attempts in the table first, so that of two runs one has each, and then asks ECS
for one task for all of them.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from answerer import contexts
from qabot.answers.model import TOP_K
from qabot.aws.clients import THREADS
from qabot.aws.pacing import RUN_TASK, STOP_TASK, Pacer
from qabot.aws.tasks import Launch, make_token
from qabot.engines.fargate import failures
from qabot.engines.fargate.failures import Cause
from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from answerer.items import Item
    from answerer.table import Table
    from qabot.aws.tasks import Tasks
    from qabot.engines.fargate.job import Job
    from qabot.engines.fargate.timing import Pace, Timing

# Launches are prepared so many seconds before they may be made, so that they are made on time.
AHEAD = 0.5


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Why an attempt could not even be claimed, as far as is known."""

    cause: Cause


# What became of a job's launch: a task's ARN and whether this run launched it, or the item that another
# run has taken meanwhile, or why there is no task.
Landing: TypeAlias = "tuple[str, bool] | Item | Cause | Unclaimed"


class Launcher:
    """Launches the tasks of one run.

    Args:
        tasks: asks ECS.
        table: where attempts are claimed.
        lifetime: of an item in the table, seconds.
        pace: how long a task may take to start, and stopping everything.
        timing: the clock.
        pool: makes the calls; threads unless given.
    """

    def __init__(
        self,
        tasks: Tasks,
        table: Table,
        *,
        lifetime: int,
        pace: Pace,
        timing: Timing,
        pool: Executor | None = None,
    ) -> None:
        self.pacer = Pacer(RUN_TASK, timing.now)
        # The tasks that this run has launched and not seen the end of. Filled where ECS answers, so
        # that no interruption, wherever it hits, can lose one.
        self.alive: set[str] = set()
        self._tasks = tasks
        self._table = table
        self._lifetime = lifetime
        self._pace = pace
        self._timing = timing
        self._pool = pool or ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
        self._halt = threading.Event()

    def submit(self, jobs: Sequence[Job]) -> Future[list[Landing]]:
        """Launch a task for some jobs as soon as the account's rates allow, or find the one they have.

        Args:
            jobs: alike in what they need. They are not touched from elsewhere before the future
                is done.

        Returns:
            What became of each job, in their order.
        """
        at = self.pacer.reserve()
        first = jobs[0]
        if first.rejoin:
            return self._pool.submit(self._run_task, jobs, at)
        for job in jobs:
            job.attempt += 1
        token = make_token(first.key, first.attempt)
        for job in jobs:
            job.token = token
        return self._pool.submit(self._claim_and_run, jobs, at)

    def _claim_and_run(self, jobs: Sequence[Job], at: float) -> list[Landing]:
        stood = [self._claim(job) for job in jobs]
        aboard = [job for job, landing in zip(jobs, stood, strict=True) if landing is None]
        landed = iter(self._run_task(aboard, at) if aboard else ())
        return [next(landed) if landing is None else landing for landing in stood]

    def _claim(self, job: Job) -> Landing | None:
        """Claim an attempt; `None` when that is done, else what stands in its way."""
        now = int(self._timing.wall())
        try:
            if job.write_context:
                id_, data = contexts.pack(job.request.context)
                self._table.put_contexts({id_: data}, expires_at=now + self._lifetime)
            return self._table.claim(
                job.key,
                job.attempt,
                token=job.token,
                question=job.request.question,
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

    def _run_task(self, jobs: Sequence[Job], at: float) -> list[Landing]:
        first = jobs[0]
        launch = Launch(
            attempts=tuple((job.key, job.attempt) for job in jobs),
            token=first.token,
            top_k=TOP_K,
            spot=first.spot,
            size=first.size,
        )
        return [self._launch(launch, at)] * len(jobs)

    def _launch(self, launch: Launch, at: float) -> Landing:
        if self._timing.wait_for(self._halt, max(0.0, at - self._timing.now())):
            return Cause("timeout", "the run was stopped before the launch")
        try:
            arn, ours, refusal = self._tasks.launch(launch)
        except Exception as error:
            cause = failures.from_error(error)
            if cause is None:
                raise
            return cause
        if arn is not None:
            if ours:
                self.alive.add(arn)
            return arn, ours
        cause = failures.from_refusal(refusal)
        if cause is None:
            said = "; ".join(str(one.get("reason")) for one in refusal)
            raise CloudError(f"ECS can't run tasks of this stack ({said}): deploy it again")
        return cause

    def stop(self, arn: str, reason: str) -> None:
        """Ask for one task to be stopped, and don't wait for it."""
        self.alive.discard(arn)
        self._pool.submit(self._tasks.stop, arn, reason)

    def stop_all(self, launching: Iterable[Future[list[Landing]]]) -> int:
        """Stop every task of this run that is alive, and launch no more.

        Args:
            launching: launches that may still be under way.

        Returns:
            How many tasks were stopped.
        """
        end = self._timing.now() + self._pace.stop
        self._halt.set()
        # A launch that ECS has heard of can't be called back: its task is stopped once it is known.
        wait(list(launching), self._pace.stop / 2)
        pacer = Pacer(STOP_TASK, self._timing.now)
        stops = []
        for arn in list(self.alive):
            self._timing.sleep(max(0.0, min(pacer.reserve(), end) - self._timing.now()))
            stops.append(self._pool.submit(self._tasks.stop, arn, "qabot: the run was stopped"))
        done, _ = wait(stops, max(0.0, end - self._timing.now()))
        self._pool.shutdown(wait=False, cancel_futures=True)
        return sum(not future.exception() for future in done)

    def leave(self) -> None:
        """Launch no more, and leave the tasks to themselves."""
        self._pool.shutdown()
