"""Launch and stop tasks in a pool of threads, which only make calls.

A launch claims its attempts in the table first, so that only one of two runs gets each, and then
asks ECS for one task for all of them.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from answerer import contexts
from qabot.answers.model import TOP_K
from qabot.aws.clients import THREADS
from qabot.aws.pacing import RUN_TASK, STOP_TASK, Pacer
from qabot.aws.tasks import Launch, make_token
from qabot.engines.fargate import failures
from qabot.engines.fargate.failures import Cause
from qabot.engines.fargate.threads import DaemonPool
from qabot.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor, Future

    from answerer.items import Item
    from answerer.table import Table
    from qabot.aws.tasks import Tasks
    from qabot.engines.fargate.job import Job
    from qabot.engines.fargate.timing import Pace, Timing

# Launches are prepared this many seconds in advance, so that they are made on time.
AHEAD = 0.5
# A listing may miss a task that has just been launched; two empty ones in a row count.
LISTINGS = 2
_BETWEEN_LISTINGS = 1.0  # seconds
_BETWEEN_STOPS = 0.1


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """The attempt could not be claimed, for this reason."""

    cause: Cause


# The result of a job's launch: a task's ARN and whether this run launched it, or the item that another
# run has claimed meanwhile, or why it failed.
LaunchResult: TypeAlias = "tuple[str, bool] | Item | Cause | Unclaimed"


class Launcher:
    """Launches the tasks of one run.

    Args:
        tasks: asks ECS.
        table: where attempts are claimed.
        lifetime: of an item in the table, seconds.
        pace: how long starting a task and stopping everything may take.
        timing: the clock.
        pool: makes the calls; default: threads.
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
        # The tasks that this run has launched and that have not ended. Filled where the reply of ECS
        # arrives, so that no interruption can lose one.
        self.alive: set[str] = set()
        # Tokens of launches in progress, and of those whose reply was lost: both may have a running
        # task that is not in `alive`.
        self._calling: set[str] = set()
        self._lost: set[str] = set()
        self.tasks = tasks
        self.table = table
        self._lifetime = lifetime
        self.pace = pace
        self.timing = timing
        self._pool = pool or DaemonPool(THREADS, "launch")
        # Stops do not queue up after slow launches.
        self._stops = pool or DaemonPool(THREADS, "stop")
        self._halt = threading.Event()

    def submit(self, jobs: Sequence[Job]) -> Future[list[LaunchResult]]:
        """Launch a task for some jobs as soon as the account's rates allow, or find the one they have.

        Args:
            jobs: with the same requirements. Nothing else may change them until the future is
                done.

        Returns:
            The result for each job, in their order.
        """
        at = self.pacer.reserve()
        first = jobs[0]
        call = self._run_task
        if not first.rejoin:
            call = self._claim_and_run
            for job in jobs:
                job.attempt += 1
            token = make_token(first.key, first.attempt)
            for job in jobs:
                job.token = token
        return self._pool.submit(call, jobs, at)

    def _claim_and_run(self, jobs: Sequence[Job], at: float) -> list[LaunchResult]:
        if self._halt.is_set():
            return [Cause("timeout", "the run was stopped before the launch")] * len(jobs)
        refused = [self._claim(job) for job in jobs]
        claimed = [job for job, result in zip(jobs, refused, strict=True) if result is None]
        launched = iter(self._run_task(claimed, at) if claimed else ())
        return [next(launched) if result is None else result for result in refused]

    def _claim(self, job: Job) -> LaunchResult | None:
        """Claim an attempt; return `None`, or what prevented it."""
        now = int(self.timing.wall())
        try:
            if job.write_context:
                id_, data = contexts.pack(job.request.context)
                self.table.put_contexts({id_: data}, expires_at=now + self._lifetime)
            return self.table.claim(
                job.key,
                job.attempt,
                token=job.token,
                question=job.request.question,
                context_id=job.context_id,
                lease=now + int(self.pace.start),
                expires_at=now + self._lifetime,
                force=job.over_answer,
            )
        except Exception as error:
            cause = failures.from_error(error)
            if cause is None:
                raise
            return Unclaimed(Cause("throttled", cause.reason, cause.evidence))

    def _run_task(self, jobs: Sequence[Job], at: float) -> list[LaunchResult]:
        first = jobs[0]
        launch = Launch(
            attempts=tuple((job.key, job.attempt) for job in jobs),
            token=first.token,
            top_k=TOP_K,
            spot=first.spot,
            size=first.size,
        )
        return [self._launch(launch, at)] * len(jobs)

    def _launch(self, launch: Launch, at: float) -> LaunchResult:
        # Before the look at `_halt`: `stop_all` sets that first, and then waits for these.
        self._calling.add(launch.token)
        try:
            if self.timing.wait_for(self._halt, max(0.0, at - self.timing.now())):
                return Cause("timeout", "the run was stopped before the launch")
            return self._call(launch)
        finally:
            self._calling.discard(launch.token)

    def _call(self, launch: Launch) -> LaunchResult:
        try:
            arn, ours, refusal = self.tasks.launch(launch)
        except Exception as error:
            cause = failures.from_error(error)
            if cause is None:
                raise
            if cause.kind == "unreachable":
                self._lost.add(launch.token)
            return cause
        if arn is not None and ours:
            self.alive.add(arn)
        self._lost.discard(launch.token)
        if arn is not None:
            return arn, ours
        cause = failures.from_refusal(refusal)
        if cause is None:
            said = "; ".join(str(failure.get("reason")) for failure in refusal)
            raise CloudError(f"ECS cannot run tasks of this stack ({said}): deploy it again")
        return cause

    def stop(self, arn: str, reason: str) -> None:
        """Stop one task, without waiting for it."""
        self.alive.discard(arn)
        self._stops.submit(self._stop, arn, reason)

    def _stop(self, arn: str, reason: str) -> None:
        for pause in (0.5, 1.0, 2.0, 4.0):
            with suppress(Exception):  # stopping only saves the task's cost until its deadline
                self.tasks.stop(arn, reason)
                return
            self.timing.wait_for(self._halt, pause)

    def stop_all(self) -> tuple[int, int]:
        """Launch no more tasks, and stop those of this run that still run.

        A launch that ECS has received cannot be undone: its task is stopped when the reply
        arrives, or when a listing shows it.

        Returns:
            How many tasks were stopped, and how many may still run.
        """
        end = self.timing.now() + self.pace.stop
        self._halt.set()
        pacer = Pacer(STOP_TASK, self.timing.now)
        stopping: dict[str, Future[None]] = {}
        stopped = empty = 0
        listed_at = float("-inf")
        while True:
            for arn, future in list(stopping.items()):
                if future.done():
                    del stopping[arn]
                    if future.exception() is None:
                        self.alive.discard(arn)
                        stopped += 1
                    else:
                        pacer.slow_down()
            for arn in list(self.alive - stopping.keys()):
                if pacer.delay() > 0:
                    break
                pacer.reserve()
                stopping[arn] = self._stops.submit(
                    self.tasks.stop, arn, "qabot: the run was stopped"
                )
            now = self.timing.now()
            if self._lost and not self._calling and now - listed_at >= _BETWEEN_LISTINGS:
                listed_at = now
                found = self._listed()
                empty = empty + 1 if found == set() else 0
                self.alive |= found or set()
                if empty == LISTINGS:
                    self._lost.clear()
            left = len(self.alive) + len(self._calling | self._lost)
            if not left or now >= end:
                return stopped, left
            self.timing.sleep(_BETWEEN_STOPS)

    def _listed(self) -> set[str] | None:
        """The tasks of this run that ECS lists; `None` where it lists none for now."""
        try:
            return set(self.tasks.of_run())
        except CloudError:
            return None

    def leave(self) -> None:
        """Launch no more tasks, and let the running ones continue."""
