"""The events that both engines report during a run."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qabot.engines.recorded import Recorded
from qabot.engines.runner import RunnerEngine
from qabot.timeline.recorder import Recorder
from tests.qabot.engines.fargate.test_loop import (
    FakeTasks,
    dispatch,
    job,
    table,  # noqa: F401
)
from tests.qabot.engines.test_runner import requests

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from answerer.table import Table
    from qabot.answers.model import Request, Result
    from qabot.timeline.events import Timeline


def consistent(timeline: Timeline, keys: Sequence[str]) -> dict[str, list[str]]:
    """Each question's events; every question is there once, in order of time."""
    assert [track.key for track in timeline.tracks] == list(keys)
    for track in timeline.tracks:
        assert all(event.at <= other.at for event, other in pairwise(track.events))
        assert track.end.at <= timeline.seconds
    return {
        track.key: [f"{event.what} {event.kind}".strip() for event in track.events]
        for track in timeline.tracks
    }


def test_the_runner_reports_when_the_model_gets_each_question() -> None:
    pairs = [("She named the baby Momotaro.", f"What is name {n}?") for n in range(8)]
    pairs.append(("c", "word " * 600))
    recorder = Recorder("runner")
    engine = Recorded(RunnerEngine(recorder=recorder), recorder)
    assert len(list(engine.answer(requests(*pairs)))) == 9
    events_by_key = consistent(recorder.timeline(), [f"k{n}" for n in range(9)])
    assert events_by_key.pop("k8") == ["queued", "started", "failed question-too-long"]
    assert set(map(tuple, events_by_key.values())) == {("queued", "started", "answered")}
    starts = [track.events[1].at for track in recorder.timeline().tracks]
    assert starts == sorted(starts)
    assert starts[0] > 0, "loading the model is part of the run"


class Fargate:
    """The engine around a dispatch."""

    model = "m@1"

    def __init__(self, tasks: FakeTasks, recorder: Recorder) -> None:
        self._tasks, self._recorder = tasks, recorder

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """See `qabot.engines.Engine`."""
        made = dispatch(self._tasks)
        made._recorder = self._recorder
        yield from made.run([job(request.key, request=request) for request in requests])


def fargate(table: Table, fates: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:  # noqa: F811
    from qabot.answers.model import Request
    from tests.qabot.engines.fargate.test_loop import CONTEXT

    recorder = Recorder("fargate")
    engine = Recorded(Fargate(FakeTasks(table, fates), recorder), recorder)
    results = list(engine.answer([Request(key, "Who?", CONTEXT) for key in fates]))
    assert len(results) == len(fates)
    return consistent(recorder.timeline(), list(fates))


def test_fargate_reports_every_attempt_and_why_it_failed(table: Table) -> None:  # noqa: F811
    events_by_key = fargate(
        table,
        {
            "fine": [],
            "crash": ["crash"],
            "spot": ["spot", "never"],
            "capacity": ["no-capacity", "no-capacity"],
            "expired": ["expired"],
            "model": ["model"],
        },
    )
    seen = {
        key: [event for event in events if event != "started"]
        for key, events in events_by_key.items()
    }
    assert seen == {
        "fine": ["queued", "launched", "answered"],
        "crash": ["queued", "launched", "retried crashed", "launched", "answered"],
        "spot": [
            "queued", "launched", "retried spot-interruption", "launched", "retried never-started",
            "launched", "answered",
        ],
        "capacity": ["queued", "retried no-capacity", "launched", "answered"],
        "expired": ["queued", "launched", "retried lease-expired", "launched", "answered"],
        "model": ["queued", "launched", "failed model"],
    }  # fmt: skip
    assert "started" in events_by_key["expired"], "it was seen at work before its lease ran out"
