"""Records a run while it goes: an engine tells what it does, and nothing it tells can fail.

Some 17 bytes an event, since a run may have a hundred thousand questions.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from typing import TYPE_CHECKING

from qabot.answers.model import Answer
from qabot.timeline.events import MAX_TEXT, Event, Timeline, Track, What, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qabot.answers.model import Result

# A timeline with more events than this has no tracks: nobody looks at ten thousand of them.
MAX_EVENTS = 50_000
_KINDS = tuple(What)
_NUMBERS = {what: number for number, what in enumerate(_KINDS)}
_RETRIED = _NUMBERS[What.RETRIED]
_FINAL = {number for what, number in _NUMBERS.items() if what.final}


class Recorder:
    """Records one run, from the first question that is queued.

    What is told of a question that was not queued, or that has ended, is not recorded: several
    runs may share a task, and some runs are not recorded at all.

    Args:
        engine: `runner` or `fargate`.
        run: the run's name.
        clock: seconds.
    """

    def __init__(
        self, engine: str = "", run: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.engine = engine
        self.run = run
        self._clock = clock
        self._begun: float | None = None
        self._last = 0.0
        self._numbers: dict[str, int] = {}  # of questions, in the order they are queued
        self._state = array("b")  # each question's last event
        self._kind = array("i")  # each question's last class of failure
        # One entry an event: seconds, its question, what it is, and the place of its text.
        self._at = array("d")
        self._question = array("I")
        self._what = array("b")
        self._text = array("i")
        self._texts: dict[str, int] = {"": 0}
        self._retries: Counter[str] = Counter()

    def _now(self) -> float:
        now = self._clock()
        if self._begun is None:
            self._begun = now
        # A clock that is set back must not put the end before the beginning.
        self._last = max(self._last, now - self._begun)
        return self._last

    def _add(self, at: float, number: int, what: What, text: str = "") -> None:
        place = _NUMBERS[what]
        self._state[number] = place
        self._at.append(at)
        self._question.append(number)
        self._what.append(place)
        self._text.append(self._place(text))

    def _place(self, text: str) -> int:
        """Where a text is kept, once however often it comes."""
        # A class of failure may be of a task's own making.
        return self._texts.setdefault(text[:MAX_TEXT], len(self._texts))

    def _open(self, key: str) -> int | None:
        """A question's number, while it has not ended."""
        number = self._numbers.get(key)
        return None if number is None or self._state[number] in _FINAL else number

    def queued(self, keys: Iterable[str]) -> None:
        """Questions wait for their answers, all from the same moment on."""
        now = self._now()
        for key in keys:
            if key not in self._numbers:
                number = self._numbers[key] = len(self._numbers)
                self._state.append(0)
                self._kind.append(-1)
                self._add(now, number, What.QUEUED)

    def launched(self, key: str, task: str) -> None:
        """A task was launched for a question, or one that runs already was found.

        Args:
            key: the question's.
            task: its ARN.
        """
        number = self._open(key)
        if number is not None:
            self._add(self._now(), number, What.LAUNCHED, task.rpartition("/")[2])

    def started(self, key: str) -> None:
        """A question is worked at; told again, that changes nothing."""
        number = self._open(key)
        if number is not None and self._state[number] != _NUMBERS[What.STARTED]:
            self._add(self._now(), number, What.STARTED)

    def retried(self, key: str, kind: str) -> None:
        """An attempt failed, and there will be another.

        Args:
            key: the question's.
            kind: the class of the failure.
        """
        number = self._open(key)
        if number is None:
            return
        kind = kind[:MAX_TEXT]
        self._retries[kind] += 1
        place = self._place(kind)
        if self._state[number] == _RETRIED and self._kind[number] == place:
            return  # a launch that is refused again and again is one wait
        self._kind[number] = place
        self._add(self._now(), number, What.RETRIED, kind)

    def ended(self, result: Result) -> None:
        """A question has its result."""
        number = self._open(result.key)
        if number is None:
            return
        if isinstance(result, Answer):
            self._add(self._now(), number, What.ANSWERED)
        else:
            self._add(self._now(), number, What.FAILED, result.kind)

    def stop(self) -> None:
        """The run is over: what has not ended is stopped."""
        if not self._numbers:
            return
        now = self._now()
        for number, state in enumerate(self._state):
            if state not in _FINAL:
                self._add(now, number, What.STOPPED)

    def timeline(self) -> Timeline:
        """What was recorded of a run that is over."""
        events = zip(self._at, self._question, (_KINDS[one] for one in self._what), strict=True)
        return Timeline(
            engine=self.engine,
            run=self.run,
            seconds=self._last,
            tracks=tuple(self._tracks()) if len(self._at) <= MAX_EVENTS else (),
            moments=moments(events, len(self._numbers), self._last),
            retries=dict(sorted(self._retries.items())),
        )

    def _tracks(self) -> Iterator[Track]:
        texts = list(self._texts)
        events: list[list[Event]] = [[] for _ in self._numbers]
        for at, number, place, text in zip(
            self._at, self._question, self._what, self._text, strict=True
        ):
            what = _KINDS[place]
            launched = what is What.LAUNCHED
            task, kind = (texts[text], "") if launched else ("", texts[text])
            events[number].append(Event(at, what, task, kind))
        for key, number in self._numbers.items():
            yield Track(key, tuple(events[number]))
