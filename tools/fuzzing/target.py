"""Fuzz targets, and how they split bytes into parts."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

# Separates the parts of an input: it does not occur in UTF-8, so a part can grow, shrink and be copied
# without changing the others.
BETWEEN = b"\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A fuzz target.

    Args:
        name: for `scripts/fuzz`.
        holds: what must hold for any input.
        run: processes an input; raises any exception if something does not hold.
        seeds: first inputs.
        words: parts of inputs, for the fuzzer's dictionary.
        around: a context that is entered before the first input and left after the last.
        longest: bytes of an input.
    """

    name: str
    holds: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[str | bytes]
    around: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext
    longest: int = 4096

    @property
    def dictionary(self) -> list[bytes]:
        """The words as bytes, and the separator of parts."""
        return [BETWEEN, *(word.encode() if isinstance(word, str) else word for word in self.words)]


def join(*parts: bytes | str) -> bytes:
    """An input of these parts."""
    return BETWEEN.join(part.encode() if isinstance(part, str) else part for part in parts)


def split(data: bytes) -> list[bytes]:
    """The parts of an input; at least one."""
    return data.split(BETWEEN)


def as_text(part: bytes) -> str:
    """A part as text; half surrogates can be encoded as in CESU-8."""
    try:
        return part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return part.decode("utf-8", "replace")


def as_unicode(part: bytes) -> str:
    """A part as Unicode text without half surrogates."""
    return part.decode("utf-8", "replace")


def mutations(target: Target, number: int, seed: int) -> Iterator[bytes]:
    """The seeds, then small mutations of them; the same in every run.

    They find less than a coverage-guided fuzzer, but need no further packages.

    Args:
        target: with seeds and words.
        number: of inputs after the seeds.
        seed: of the random choices.
    """
    chance = random.Random(f"{target.name} {seed}")
    seeds = list(target.seeds())
    yield from seeds
    for _ in range(number):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            _change(data, chance, target.dictionary, seeds)
        yield bytes(data[: target.longest])


def _change(
    data: bytearray, chance: random.Random, words: Sequence[bytes], seeds: Sequence[bytes]
) -> None:
    at = chance.randint(0, len(data))
    to = min(len(data), at + chance.choice([1, 2, 4, 16, 64]))
    match chance.randrange(6):
        case 0:
            del data[at:to]
        case 1:
            data[at:at] = chance.choice(words)
        case 2:
            data[at:to] = chance.choice(words)
        case 3:
            data[at:at] = data[at:to] * chance.choice([1, 2, 50])
        case 4:
            data[at:to] = chance.randbytes(to - at)
        case _:
            other = chance.choice(seeds)
            data[at:] = other[chance.randint(0, len(other)) :]
