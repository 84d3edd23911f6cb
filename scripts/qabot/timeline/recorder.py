"""Records a run: engines report events, and reporting never fails."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from qabot.answers.model import Answer
from qabot.timeline.events import MAX_TEXT, Event, Timeline, Track, What, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qabot.answers.model import Result

# A timeline with more events than this has no tracks: too many to look at.
MAX_EVENTS = 50_000


class Recorder:
    """Records one run, from the first question that is queued.

    Reports about a question that was not queued, or that has ended, are ignored: several runs may
    share a task, and some runs are not recorded.

    Args:
        engine: `runner` or `fargate`.
        run: the run's name.
        clock: returns seconds.
    """

    def __init__(
        self, engine: str = "", run: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.engine = engine
        self.run = run
        self._clock = clock
        self._begun: float | None = None
        self._last = 0.0
        self._numbers: dict[str, int] = {}  # of questions by key, in the order they are queued
        self._state: list[tuple[What, str]] = []  # each question's last event, and its text
        # Seconds, the question's number, the kind of event, and the task or the kind of failure.
        self._events: list[tuple[float, int, What, str]] = []
        self._retries: Counter[str] = Counter()

    def _now(self) -> float:
        now = self._clock()
        if self._begun is None:
            self._begun = now
        # The end must not be before the beginning if the clock is set back.
        self._last = max(self._last, now - self._begun)
        return self._last

    def _add(self, number: int, what: What, text: str = "") -> None:
        self._state[number] = (what, text)
        self._events.append((self._now(), number, what, text))

    def _open(self, key: str) -> int | None:
        """A question's number, if it has not ended."""
        number = self._numbers.get(key)
        return None if number is None or self._state[number][0].final else number

    def queued(self, keys: Iterable[str]) -> None:
        """Questions start to wait for their answers."""
        now = self._now()
        for key in keys:
            if key not in self._numbers:
                number = self._numbers[key] = len(self._numbers)
                self._state.append((What.QUEUED, ""))
                self._events.append((now, number, What.QUEUED, ""))

    def launched(self, key: str, task: str) -> None:
        """A task was launched for a question, or a running one was found.

        Args:
            key: the question's.
            task: its ARN.
        """
        number = self._open(key)
        if number is not None:
            self._add(number, What.LAUNCHED, task.rpartition("/")[2][:MAX_TEXT])

    def started(self, key: str) -> None:
        """Work on a question has started; only the first report counts."""
        number = self._open(key)
        if number is not None and self._state[number][0] is not What.STARTED:
            self._add(number, What.STARTED)

    def retried(self, key: str, kind: str) -> None:
        """An attempt failed, and another follows.

        Args:
            key: the question's.
            kind: of the failure.
        """
        number = self._open(key)
        if number is None:
            return
        kind = kind[:MAX_TEXT]  # it may be written by a task
        self._retries[kind] += 1
        if self._state[number] != (What.RETRIED, kind):  # a launch refused repeatedly is one wait
            self._add(number, What.RETRIED, kind)

    def ended(self, result: Result) -> None:
        """A question has its result."""
        number = self._open(result.key)
        if number is None:
            return
        if isinstance(result, Answer):
            self._add(number, What.ANSWERED)
        else:
            self._add(number, What.FAILED, result.kind[:MAX_TEXT])

    def stop(self) -> None:
        """The run is over: questions that have not ended are stopped."""
        for number, (what, _) in enumerate(self._state):
            if not what.final:
                self._add(number, What.STOPPED)

    def timeline(self) -> Timeline:
        """The timeline of a run that is over."""
        events: list[list[Event]] = [[] for _ in self._numbers]
        if len(self._events) <= MAX_EVENTS:
            for at, number, what, text in self._events:
                task, kind = (text, "") if what is What.LAUNCHED else ("", text)
                events[number].append(Event(at, what, task, kind))
        tracks = (Track(key, tuple(events[number])) for key, number in self._numbers.items())
        return Timeline(
            engine=self.engine,
            run=self.run,
            seconds=self._last,
            tracks=tuple(track for track in tracks if track.events),
            moments=moments((event[:3] for event in self._events), len(self._numbers), self._last),
            retries=dict(sorted(self._retries.items())),
        )
