"""Stay below an account's rate limits, and slow down when AWS throttles.

AWS counts with token buckets: each call takes a token, a bucket refills at a steady rate up to its
size. https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.deployment import fargate_limits as fargate

if TYPE_CHECKING:
    from collections.abc import Callable

# Calls do not arrive as evenly as they are sent: leave these fractions of a rate and a burst unused.
HEADROOM = 0.05
BURST_HEADROOM = 0.5
# After throttling, the pace is halved; each call restores this fraction of the full pace.
_SLOWEST = 1.0  # calls per second
_RECOVERY = 0.02
_PAUSE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Rate:
    """How often AWS accepts a call.

    Args:
        per_second: calls per second in the long run.
        burst: calls in a row, after a while without any.
    """

    per_second: float
    burst: float


# Each question is a separate RunTask call, so both the rate of calls and the rate of launches
# apply; the first has the smaller burst.
RUN_TASK = (
    Rate(fargate.RUN_TASK_CALLS_PER_SECOND, fargate.RUN_TASK_CALLS_PER_SECOND),
    Rate(fargate.LAUNCHES_PER_SECOND, fargate.LAUNCH_BURST),
)
STOP_TASK = (Rate(fargate.MODIFIES_PER_SECOND, fargate.MODIFY_BURST),)


class TokenBucket:
    """One bucket, full at first.

    Args:
        rate: how it refills, and how much it holds.
        now: the time it starts at, seconds.
    """

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = rate.burst
        self._at = now

    def _level(self, now: float, per_second: float) -> float:
        # Negative while reserved calls are still to be made.
        return min(self.rate.burst, self._tokens + (now - self._at) * per_second)

    def delay(self, now: float, per_second: float) -> float:
        """Seconds until there is a token."""
        return max(0.0, (1 - self._level(now, per_second)) / per_second)

    def take(self, now: float, per_second: float) -> None:
        """Take a token out."""
        self._tokens, self._at = self._level(now, per_second) - 1, now

    def drain(self, now: float, owed: float) -> None:
        """Empty it, and let it owe some tokens."""
        self._tokens, self._at = -owed, now


class Pacer:
    """Says when the next call may be made. Not thread-safe.

    Args:
        rates: all of them apply.
        clock: the time, seconds.
    """

    def __init__(self, rates: tuple[Rate, ...], clock: Callable[[], float]) -> None:
        self._clock = clock
        now = clock()
        self._buckets = [
            TokenBucket(
                Rate(rate.per_second * (1 - HEADROOM), rate.burst * (1 - BURST_HEADROOM)), now
            )
            for rate in rates
        ]
        self._share = 1.0  # of the rates, below 1 after a throttle
        self._not_before = now

    def delay(self) -> float:
        """Seconds until the next call may be made; 0 for now."""
        now = self._clock()
        wait = max(bucket.delay(now, self._speed(bucket)) for bucket in self._buckets)
        return max(wait, self._not_before - now, 0.0)

    def reserve(self) -> float:
        """Count one call, to be made as soon as it may be.

        Returns:
            When that is, on the clock.
        """
        at = self._clock() + self.delay()
        for bucket in self._buckets:
            bucket.take(at, self._speed(bucket))
        self._share = min(1.0, self._share + _RECOVERY)
        return at

    def slow_down(self) -> None:
        """A call was throttled, so others use the account too: pause, then continue at half the pace."""
        now = self._clock()
        if now < self._not_before:
            return  # one of several concurrent calls
        self._share /= 2
        for bucket in self._buckets:
            bucket.drain(now, _PAUSE * self._speed(bucket))
        self._not_before = now + _PAUSE

    def _speed(self, bucket: TokenBucket) -> float:
        return max(_SLOWEST, bucket.rate.per_second * self._share)
