"""Any engine can be recorded, however its run ends."""

from __future__ import annotations

from qabot.answers.model import Request
from qabot.engines.recorded import Recorded
from qabot.timeline.recorder import Recorder
from tests.qabot.scripted import ScriptedEngine, failure
from tests.qabot.timeline.samples import Clock


def requests(number: int) -> list[Request]:
    return [Request(f"k{n}", f"q{n}", "word") for n in range(number)]


def test_any_engine_can_be_recorded() -> None:
    clock = Clock()

    def wait(request: Request) -> None:
        clock.at += 1.0

    engine = ScriptedEngine(
        lambda request: failure(request) if request.key == "k1" else wait(request)
    )
    recorder = Recorder("runner", clock=clock)
    recorded = Recorded(engine, recorder)
    assert recorded.model == engine.model
    results = list(recorded.answer(requests(3)))
    assert [result.key for result in results] == ["k0", "k1", "k2"]
    timeline = recorder.timeline()
    assert [track.end.what for track in timeline.tracks] == ["answered", "failed", "answered"]
    assert [track.end.at for track in timeline.tracks] == [1.0, 1.0, 2.0]


def test_what_is_left_when_a_run_is_broken_off_is_stopped() -> None:
    engine, recorder = ScriptedEngine(), Recorder("runner")
    results = Recorded(engine, recorder).answer(requests(3))
    next(results)
    results.close()
    assert engine.closed
    assert [track.end.what for track in recorder.timeline().tracks] == [
        "answered", "stopped", "stopped",
    ]  # fmt: skip
