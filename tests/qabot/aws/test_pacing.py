"""Pacing against a clock that is simulated and an account that counts as AWS does."""

from __future__ import annotations

import pytest

from qabot.aws.pacing import RUN_TASK, STOP_TASK, Pacer, Rate
from qabot.deployment import fargate_limits as fargate


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Account:
    """Token buckets as AWS describes them, written without those of the code under test."""

    def __init__(self, *limits: tuple[float, float]) -> None:
        self.limits = limits
        self.levels = [burst for _, burst in limits]
        self.at = 1000.0

    def allows(self, now: float) -> bool:
        gone, self.at = now - self.at, now
        self.levels = [
            min(burst, level + gone * per_second)
            for level, (per_second, burst) in zip(self.levels, self.limits, strict=True)
        ]
        self.levels = [level - 1 for level in self.levels]
        return min(self.levels) >= 0


def launch(pacer: Pacer, clock: Clock, account: Account, calls: int) -> float:
    begun = clock.now
    for number in range(calls):
        clock.now = max(clock.now, pacer.reserve())
        assert account.allows(clock.now), f"call {number + 1} was too fast"
    return clock.now - begun


@pytest.mark.parametrize("calls", [1, 20, 100, 300, 10_000])
def test_launches_never_pass_the_rates_and_stay_within_a_tenth_of_them(calls: int) -> None:
    clock = Clock()
    account = Account((20, 20), (20, 100))
    seconds = launch(Pacer(RUN_TASK, clock), clock, account, calls)
    best = max(0.0, (calls - 20) / 20)  # twenty immediately, then twenty per second
    assert seconds <= best * 1.1 + 0.6


def test_the_rates_are_those_of_the_table_of_figures() -> None:
    assert (Rate(20, 20), Rate(20, 100)) == RUN_TASK
    assert Rate(fargate.MODIFIES_PER_SECOND, fargate.MODIFY_BURST) in STOP_TASK


def test_a_pause_fills_the_bucket_but_not_beyond() -> None:
    clock = Clock()
    pacer, account = Pacer(RUN_TASK, clock), Account((20, 20), (20, 100))
    launch(pacer, clock, account, 50)
    clock.now += 3600
    launch(pacer, clock, account, 200)


def test_after_a_throttle_it_pauses_goes_at_half_the_pace_and_recovers() -> None:
    clock = Clock()
    pacer, account = Pacer(RUN_TASK, clock), Account((20, 20), (20, 100))
    launch(pacer, clock, account, 100)
    pacer.slow_down()
    pacer.slow_down()  # the second of two concurrent calls
    assert pacer.delay() >= 1
    slow = launch(pacer, clock, account, 10)
    assert slow > 1 + 10 / 20 * 1.5
    launch(pacer, clock, account, 100)
    recovered = launch(pacer, clock, account, 100)
    assert recovered == pytest.approx(100 / 19, rel=0.02)


def test_however_often_it_is_throttled_it_does_not_stop_for_good() -> None:
    clock = Clock()
    pacer = Pacer(RUN_TASK, clock)
    for _ in range(50):
        pacer.slow_down()
        clock.now += 2
    assert pacer.delay() <= 1


def test_reservations_ahead_of_time_are_spread_as_the_rates_want() -> None:
    clock = Clock()
    pacer, account = Pacer(RUN_TASK, clock), Account((20, 20), (20, 100))
    for at in [pacer.reserve() for _ in range(200)]:
        assert account.allows(at)
