"""Part a run among machines: each question file belongs to exactly one of them.

A file is the smallest part, since it has one answers file: what the machines write never overlaps, so
their commits do not either.
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
        of: how many parts there are.
    """

    number: int
    of: int

    @property
    def is_first(self) -> bool:
        """Whether it also does what belongs to no part, such as removing what is gone."""
        return self.number == 1


WHOLE = Shard(1, 1)


def parse(text: str) -> Shard:
    """Read `2/4`.

    Args:
        text: as on a command line; empty text is the whole.

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

    The heaviest file goes first, each to the part that has least by then, which is never more than a
    third above the best that can be (Graham, 1969, "Bounds on multiprocessing timing anomalies").

    Args:
        sets: the files to part, each weighing what the model has to read for it.
        shard: which part.

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
