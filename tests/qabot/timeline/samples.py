"""Timelines for tests: any that a recorder can make, and ones made step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from answerer.spans import Span
from qabot.answers.model import Answer, Failure
from qabot.timeline.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qabot.timeline.events import Timeline

HOSTILE = "</title><script>alert(1)</script>\"'`|\n```\n::error::x; %%{init}%% #x:a,\u202e<b> & $x$"
SPAN = Span("a", 0, 1, 0.9)


class Clock:
    """A clock that is stopped until it is set."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def recorded(steps: Sequence[tuple[float, str, str, str]], engine: str = "fargate") -> Timeline:
    """The timeline of steps: seconds to wait, the event, a key, and a task or a kind."""
    clock = Clock()
    recorder = Recorder(engine, "run-1", clock)
    for seconds, what, key, text in steps:
        clock.at += seconds
        match what:
            case "queued":
                recorder.queued([key])
            case "launched":
                recorder.launched(key, f"arn:aws:ecs:us-east-1:1:task/qabot/{text}")
            case "started":
                recorder.started(key)
            case "retried":
                recorder.retried(key, text)
            case "answered":
                recorder.ended(Answer(key, "m", SPAN))
            case "failed":
                recorder.ended(Failure(key, "m", text, "why"))
            case "stopped":
                recorder.stop()
            case _:
                raise AssertionError(what)
    recorder.stop()
    return recorder.timeline()


def retried_run() -> Timeline:
    """Three questions: answered, answered at the second attempt, failed."""
    return recorded(
        [
            *((0.0, "queued", key, "") for key in "abc"),
            (1.0, "launched", "a", "t1"),
            (0.0, "launched", "b", "t2"),
            (1.0, "launched", "c", "t3"),
            (38.0, "started", "a", ""),
            (2.0, "answered", "a", ""),
            (1.0, "retried", "b", "crashed"),
            (2.0, "launched", "b", "t4"),
            (5.0, "failed", "c", "out-of-memory"),
            (35.0, "answered", "b", ""),
        ]
    )


def many(questions: int, seconds: float = 60.0) -> Timeline:
    """One question answered after the other, each in a separate task."""
    clock = Clock()
    recorder = Recorder("fargate", "run-1", clock)
    keys = [f"{number:064x}" for number in range(questions)]
    recorder.queued(keys)
    for number, key in enumerate(keys):
        recorder.launched(key, f"task/{number}")
        recorder.started(key)
        clock.at += seconds / questions
        if number % 7:
            recorder.ended(Answer(key, "m", SPAN))
        else:
            recorder.retried(key, "crashed")
            recorder.ended(Failure(key, "m", "crashed", "why"))
    return recorder.timeline()


def steps(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    """Whatever an engine might report, in any order, of known and unknown questions."""
    whats = ["queued", "launched", "started", "retried", "answered", "failed"]
    waits = st.one_of(
        st.sampled_from([0.0, 0.001, 1.0, 60.0, -5.0]), st.floats(0, 10_000, allow_subnormal=False)
    )
    step = st.tuples(waits, st.sampled_from(whats), st.sampled_from("abcd"), text)
    return st.lists(step, max_size=60)


texts = st.one_of(st.sampled_from(["crashed", HOSTILE, ""]), st.text(max_size=300))
timelines = steps(texts).map(recorded)
