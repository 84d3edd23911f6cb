"""Divide a run among machines: each question file belongs to exactly one of them.

A file is the smallest unit, as it has one answers file: the machines write different files, so their
commits do not conflict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qabot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qabot.questions.read import QuestionSet

_MOST = 256  # jobs that a matrix on GitHub may have


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run.

    Args:
        number: from 1.
        of: the number of parts.
    """

    number: int
    of: int

    @property
    def is_first(self) -> bool:
        """Whether it also does what belongs to no part, such as removing stale answers."""
        return self.number == 1


WHOLE = Shard(1, 1)


def parse(text: str) -> Shard:
    """Parse a shard such as `2/4`.

    Args:
        text: as on a command line; empty for the whole.

    Raises:
        UsageError: it is not a shard.
    """
    if not text:
        return WHOLE
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of <= _MOST:
        raise UsageError(f"invalid shard '{text}'; expected I/N with 1 <= I <= N <= {_MOST}")
    return Shard(number, of)


def share(sets: Iterable[QuestionSet], shard: Shard) -> set[str]:
    """The question files of one part; every machine with the same files computes the same parts.

    The heaviest files go first, each to the part with the least weight so far, which is at most a third
    above the optimum (Graham, 1969, "Bounds on multiprocessing timing anomalies").

    Args:
        sets: the files to divide, weighted by the text that the model reads for them.
        shard: the part.

    Returns:
        Their names.
    """
    weights = sorted(
        (-sum(len(q.context) + len(q.question) for q in each.questions), each.source)
        for each in sets
    )
    loads = [0] * shard.of
    mine = set()
    for weight, source in weights:
        least = loads.index(min(loads))
        loads[least] -= weight
        if least == shard.number - 1:
            mine.add(source)
    return mine
