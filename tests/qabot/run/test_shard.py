"""Parts of a run: together they are all of it, and no file is in two."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.console.reporter import Reporter
from qabot.errors import UsageError
from qabot.questions.parse import Question
from qabot.questions.read import QuestionSet, read_questions
from qabot.run import shard as shards
from qabot.run.plan import make_plan
from qabot.run.reconcile import reconcile
from qabot.run.shard import Shard
from tests.conftest import Repository
from tests.qabot.scripted import ScriptedEngine


def a_set(source: str, sizes: list[int]) -> QuestionSet:
    return QuestionSet(
        source,
        tuple(
            Question(source, f"q{number}", "Who?", "c" * size, (), number + 1)
            for number, size in enumerate(sizes)
        ),
    )


SETS = st.dictionaries(
    st.text("ab/é", min_size=1, max_size=6), st.lists(st.integers(0, 500), max_size=5), max_size=20
).map(lambda files: [a_set(source, sizes) for source, sizes in files.items()])


@given(SETS, st.integers(1, 8), st.randoms())
def test_the_parts_are_the_whole_and_each_file_is_in_one(
    sets: list[QuestionSet], of: int, random: Random
) -> None:
    shuffled = list(sets)
    random.shuffle(shuffled)
    parts = [shards.share(sets, Shard(number, of)) for number in range(1, of + 1)]
    assert sorted(source for part in parts for source in part) == sorted(
        item.source for item in sets
    )
    assert parts == [shards.share(shuffled, Shard(number, of)) for number in range(1, of + 1)]


def test_the_parts_are_about_as_heavy() -> None:
    sets = [a_set(f"{size}", [size * 100]) for size in range(1, 31)]
    weights = []
    for number in range(1, 5):
        mine = shards.share(sets, Shard(number, 4))
        weights.append(sum(int(source) for source in mine))
    assert max(weights) - min(weights) <= 3, weights


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "-1/2", "1/257", "١/٢"])
def test_an_invalid_shard_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match="expected I/N"):
        shards.parse(text)


def test_nothing_is_the_whole() -> None:
    assert shards.parse("") == shards.WHOLE
    assert shards.parse("2/3") == Shard(2, 3)


def test_machines_that_share_a_run_write_what_one_writes(repository: Repository) -> None:
    for name in ("a", "b", "team/c", "team/d"):
        repository.write(
            f"questions/{name}.yaml", f"context: 1921 {name}\nquestions: [When?, Who?]\n"
        )
    repository.write("questions/gone.yaml", "context: gone 1\nquestions: [Gone?]\n")
    whole = make_plan(repository.root, read_questions(repository.root), "m@1/s1")
    reconcile(repository.root, whole, ScriptedEngine(), Reporter())
    expected = {path: path.read_bytes() for path in repository.root.glob("answers/**/*.yaml")}
    (repository.root / "questions/gone.yaml").unlink()
    for path in expected:
        if "gone" not in path.name:
            path.unlink()
    asked, pruned = [], []
    for number in (1, 2, 3):
        part = make_plan(
            repository.root,
            read_questions(repository.root),
            "m@1/s1",
            shard=Shard(number, 3),
        )
        asked += [request.key for request in part.requests]
        pruned += part.prune
        reconcile(repository.root, part, ScriptedEngine(), Reporter())
    assert len(asked) == len(set(asked)) == 8
    assert pruned == ["answers/gone.yaml"]
    assert {path: path.read_bytes() for path in repository.root.glob("answers/**/*.yaml")} == {
        path: content for path, content in expected.items() if "gone" not in path.name
    }
