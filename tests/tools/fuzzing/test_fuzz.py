"""Every fuzz target over its seeds and over what small changes make of them.

This needs no fuzzer and finds what breaks again; `scripts/fuzz` looks for what is not known yet.
"""

from __future__ import annotations

import resource
import sys
import time

import pytest

from tools.fuzzing import targets
from tools.fuzzing.target import BETWEEN, Target, as_text, join, mutations, split

# As many as take about a second.
CHANGED = {
    "questions": 500, "answers": 250, "settings": 2_000, "texts": 300, "items": 60, "arguments": 120,
    "models": 800,
}  # fmt: skip
SECONDS_AN_INPUT = 5  # on a busy machine, too
MEGABYTES = 700


@pytest.mark.parametrize("name", targets.NAMES)
def test_nothing_breaks_what_reads_it(name: str) -> None:
    target = targets.load(name)
    before = _megabytes()
    with target.around():
        for data in mutations(target, CHANGED[name], seed=1):
            begun = time.monotonic()
            try:
                target.run(data)
            except BaseException as error:
                error.add_note(f"the input was {data!r}")
                raise
            assert time.monotonic() - begun < SECONDS_AN_INPUT, f"it takes too long: {data!r}"
    assert _megabytes() - before < MEGABYTES


def _megabytes() -> float:
    """The most memory this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


@pytest.mark.parametrize("name", targets.NAMES)
def test_no_seed_is_there_twice(name: str) -> None:
    target = targets.load(name)
    assert target.name == name
    assert len(set(target.seeds())) == len(target.seeds())


def test_a_target_that_is_wrong_is_noticed() -> None:
    """The replay above fails where a target raises; here is one that does for one byte in a seed."""
    found = [data for data in mutations(_picky(), 400, seed=1) if b"!" in data]
    assert found, "changes of the seeds bring in no word"


def _picky() -> Target:
    return Target(
        name="picky", holds="no exclamation mark", run=lambda _: None, seeds=lambda: [b"quiet"],
        words=["!"],
    )  # fmt: skip


def test_parts_are_taken_apart_as_they_were_put_together() -> None:
    assert split(join("a", b"b", "")) == [b"a", b"b", b""]
    assert BETWEEN not in "é\U0010ffff".encode()
    assert as_text(b"\xed\xa0\x80") == "\ud800"
    assert as_text(b"\xfe") == "\ufffd"


def test_the_same_seed_gives_the_same_inputs() -> None:
    target = targets.load("settings")
    assert list(mutations(target, 50, 1)) == list(mutations(target, 50, 1))
    assert list(mutations(target, 50, 1)) != list(mutations(target, 50, 2))
