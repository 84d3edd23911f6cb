"""The distributed engine: by default one Fargate task per question, answers through DynamoDB.

Answers that the table has are taken from it, tasks that still run are joined, and the rest is launched,
within the limits of `cdk.json`.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from answerer import contexts
from answerer.errors import InputError
from answerer.items import Status
from answerer.table import MAX_QUESTION_BYTES, Table
from qabot.answers.model import Answer, Failure
from qabot.aws.clients import Clients
from qabot.aws.errors import translated
from qabot.aws.logs import Logs
from qabot.aws.pacing import STOP_TASK, Pacer
from qabot.aws.stack import find_stack
from qabot.aws.tasks import STOPPED_BY_REAP, Tasks
from qabot.console.text import count
from qabot.deployment import fargate_limits as fargate
from qabot.engines.fargate import failures
from qabot.engines.fargate.job import Job
from qabot.engines.fargate.launcher import LISTINGS, Launcher
from qabot.engines.fargate.loop import Dispatch, open_jobs
from qabot.engines.fargate.outcome import Verdicts, is_of
from qabot.engines.fargate.timing import Pace, Timing
from qabot.errors import CloudError, UsageError
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from answerer.items import Item
    from qabot.answers.model import Request, Result
    from qabot.aws.stack import Stack
    from qabot.deployment.settings import Settings
    from qabot.engines.fargate.loop import Tally

# Seconds of a run: GitHub's jobs may take six hours, OIDC credentials last one.
DEFAULT_TIMEOUT = 3300.0
_RUN_NAME = re.compile(r"[\w/-]{1,128}", re.ASCII)
# `qabot reap` gives up after this many refused stops in a row.
_STOPS_REFUSED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run.

    Args:
        run: name of the run, for `qabot reap`; default: `new_run`.
        force: launch tasks also for questions that the table already answers.
        max_tasks: tasks in flight; default: as in the settings.
        timeout: seconds until the run stops.
        pace: how often to look at the tasks.
    """

    run: str | None = None
    force: bool = False
    max_tasks: int | None = None
    timeout: float = DEFAULT_TIMEOUT
    pace: Pace = field(default_factory=Pace)


class FargateEngine:
    """Answers with the deployed stack.

    Args:
        settings: of the deployment.
        model: identity of the model that is to answer; see `Settings.model_identity`.
        options: of this run.
        note: called with each message, one line.
        mask: called with the account's id as soon as it is known.
        recorder: records the launch, start and failure of each question's tasks.

    Raises:
        UsageError: the run's name is invalid.
    """

    def __init__(
        self,
        settings: Settings,
        model: str,
        options: RunOptions | None = None,
        *,
        note: Callable[[str], None] = lambda _: None,
        mask: Callable[[str], None] = lambda _: None,
        recorder: Recorder | None = None,
    ) -> None:
        options = options or RunOptions()
        self.run = options.run or new_run(os.environ)
        if not _RUN_NAME.fullmatch(self.run):
            raise UsageError(
                f"invalid run name {self.run!a}; use up to 128 letters, digits, '-', '_' and '/'"
            )
        self.tally: Tally | None = None
        self._settings = settings
        self._model = model
        self._clients = Clients()
        self._options = options
        self._note = note
        self._mask = mask
        self._recorder = recorder or Recorder()
        self._recorder.run = self.run

    @property
    def _lifetime(self) -> int:
        """Seconds that an item is kept in the table."""
        return self._settings.item_ttl_days * 86_400

    @property
    def model(self) -> str:
        """The identity of the model that answers."""
        return self._model

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """Answer all questions; see `qabot.engines.Engine`.

        Args:
            requests: the questions; no two with the same key.

        Yields:
            One result per request, as they become available; first those already in the table.

        Raises:
            CloudError: AWS refuses, or the stack is missing or has another model.
            UsageError: the run would be larger than the settings allow.
        """
        yield from self._results(requests, stay=True)

    def submit(self, requests: Sequence[Request]) -> list[Result]:
        """Launch the tasks and return without waiting; the answers go to the table.

        Args:
            requests: the questions; no two with the same key.

        Returns:
            The results known before the last task was launched.

        Raises:
            CloudError: as `answer`.
            UsageError: as `answer`.
        """
        return list(self._results(requests, stay=False))

    def _results(self, requests: Sequence[Request], *, stay: bool) -> Generator[Result, None, None]:
        if not requests:
            return
        stack = find_stack(self._clients, self._settings.stack_name)
        self._mask(stack.account)
        if stack.model != self._model:
            raise CloudError(
                f"the stack {stack.name} has the model {stack.model}, but cdk.json names "
                f"{self._model}: deploy the stack again, or restore cdk.json"
            )
        table = Table(self._clients.dynamodb, stack.table)
        with translated("reading the table"):
            found = table.read(request.key for request in requests)
        jobs: list[Job] = []
        packed: dict[str, tuple[str, bytes]] = {}
        for request in requests:
            item = found.get(request.key)
            known = self._known(request, item) or self._impossible(request, packed)
            if known is not None:
                yield known
                continue
            jobs.append(
                Job(
                    request=request,
                    context_id=packed[request.context][0],
                    spot=self._settings.spot,
                    size=(stack.cpu, stack.memory),
                    over_answer=item is not None and item.status is Status.ANSWERED,
                )
            )
        open_jobs(jobs, {} if self._options.force else found, time.monotonic())
        if self._options.force:
            for job in jobs:
                if (item := found.get(job.key)) is not None:
                    job.follow(item)
        self._check(jobs, stack)
        if not jobs:
            return
        with translated("writing the contexts"):
            needed = {job.context_id for job in jobs if job.task is None}
            data = {id_: content for id_, content in packed.values() if id_ in needed}
            table.put_contexts(data, expires_at=int(time.time()) + self._lifetime)
        # A run may take an hour and does not need them any more.
        packed.clear()
        del data
        yield from self._dispatch(jobs, stack, table, stay=stay)

    def _known(self, request: Request, item: Item | None) -> Result | None:
        """The result in the table, if it is final."""
        if item is None or self._options.force:
            return None
        if item.status is Status.ANSWERED and item.model == self._model:
            # An invalid span is asked again rather than believed.
            if is_of(item, request.context):
                return Answer(request.key, self._model, item.spans[0], item.spans[1:])
        elif item.permanent:
            kind, reason = item.kind or "input", item.reason or ""
            return Failure(request.key, self._model, kind, reason, permanent=True)
        return None

    def _impossible(self, request: Request, packed: dict[str, tuple[str, bytes]]) -> Failure | None:
        """The failure of a request that cannot be stored; otherwise its context is in `packed`."""
        try:
            if len(request.question.encode()) > MAX_QUESTION_BYTES:
                raise InputError(
                    "question-too-large",
                    f"the question has more than {MAX_QUESTION_BYTES:,} bytes: shorten it",
                )
            if request.context not in packed:
                packed[request.context] = contexts.pack(request.context)
        except UnicodeEncodeError:
            reason = "the question contains half a surrogate pair; remove it"
            return Failure(request.key, self._model, "not-unicode", reason, permanent=True)
        except InputError as error:
            return Failure(request.key, self._model, error.kind, error.reason, permanent=True)
        return None

    def _check(self, jobs: Sequence[Job], stack: Stack) -> None:
        """Refuse a run that is larger than the settings allow, before it costs anything."""
        limits, number = self._settings, sum(job.task is None for job in jobs)
        tasks = fargate.tasks_for(number, limits.questions_per_task)
        cost = fargate.run_cost(
            (stack.cpu, stack.memory), tasks, limits.questions_per_task, limits.architecture
        )
        if number > limits.max_questions:
            raise UsageError(
                f"this run would ask {number:,} questions, but cdk.json allows "
                f"{limits.max_questions:,}: raise max_questions, or answer fewer files per run"
            )
        if cost > limits.max_cost_usd:
            raise UsageError(
                f"this run is estimated at ${cost:.2f} for {tasks:,} tasks, but cdk.json allows "
                f"${limits.max_cost_usd:.2f}: raise max_cost_usd, or answer fewer files per run"
            )

    def _dispatch(
        self, jobs: Sequence[Job], stack: Stack, table: Table, *, stay: bool
    ) -> Generator[Result, None, None]:
        tasks, timing = Tasks(self._clients, stack, self.run), Timing()
        dispatch = Dispatch(
            Launcher(tasks, table, lifetime=self._lifetime, pace=self._options.pace, timing=timing),
            Verdicts(table, self._model, Logs(self._clients, stack).tail),
            self._recorder,
            max_tasks=self._options.max_tasks or self._settings.max_tasks,
            timeout=self._options.timeout,
            questions_per_task=self._settings.questions_per_task,
        )
        self.tally = dispatch.tally
        joined = sum(job.task is not None or job.rejoin for job in jobs)
        new = fargate.tasks_for(len(jobs) - joined, self._settings.questions_per_task)
        self._note(
            f"run {self.run}: {count(new, 'task')} to launch on {stack.cluster} in "
            f"{self._clients.region}, {joined} already running"
        )
        try:
            yield from dispatch.run(jobs, stay=stay)
        finally:
            self._note(f"run {self.run}: {describe(dispatch.tally)}")
            if dispatch.tally.left:
                self._note(f"to stop tasks that still run: qabot reap {self.run}")


def describe(tally: Tally) -> str:
    """Summarise a run in one line."""
    said = [f"{count(tally.launched, 'task')} launched"]
    if tally.joined:
        said.append(f"{tally.joined} joined")
    if tally.stopped:
        said.append(f"{tally.stopped} stopped")
    if tally.left:
        said.append(f"up to {count(tally.left, 'task')} may still run")
    failed = ", ".join(f"{times} {kind}" for kind, times in sorted(tally.failures.items()))
    return ", ".join(said) + (f"; attempts that failed: {failed}" if failed else "")


def new_run(environ: Mapping[str, str]) -> str:
    """A name for a run: on GitHub it is made from the workflow's run, so that later steps know it.

    Args:
        environ: the environment.
    """
    if environ.get("GITHUB_RUN_ID"):
        return f"github-{environ['GITHUB_RUN_ID']}-{environ.get('GITHUB_RUN_ATTEMPT', '1')}"
    return f"qabot-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def stop_run(clients: Clients, stack: Stack, run: str | None, pause: float = 2.0) -> Iterator[str]:
    """Stop the tasks of a run: list and stop them until two listings in a row are empty.

    A task that was just launched may be missing from a listing, and one that is launched meanwhile is
    in the next.

    Args:
        clients: of AWS.
        stack: where it ran.
        run: its name; None for every run.
        pause: between two listings, seconds.

    Yields:
        The ARN of each task, once it is stopped.

    Raises:
        CloudError: AWS refuses, or throttles repeatedly.
    """
    tasks = Tasks(clients, stack, run or "")
    pacer = Pacer(STOP_TASK, time.monotonic)
    empty = refused = 0
    while True:
        arns = list(tasks.of_run(of_every_run=run is None))
        empty = 0 if arns else empty + 1
        if empty == LISTINGS:
            return
        for arn in arns:
            time.sleep(max(0.0, pacer.reserve() - time.monotonic()))
            try:
                with translated(f"stopping a task of {f'run {run}' if run else 'the cluster'}"):
                    tasks.stop(arn, STOPPED_BY_REAP)
            except CloudError as error:
                refused += 1
                if (
                    refused > _STOPS_REFUSED
                    or failures.from_error(error.__cause__ or error) is None
                ):
                    raise
                pacer.slow_down()  # the task is in the next listing
                continue
            refused = 0
            yield arn
        time.sleep(pause)
