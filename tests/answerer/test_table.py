"""The table against moto's DynamoDB: what is written reads back, and nothing newer is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerer import contexts, items
from answerer.errors import InputError
from answerer.items import Status
from answerer.spans import Span
from answerer.table import SupersededError, Table, TableError
from tests.answerer import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = "Momotaro was born from a peach. 桃太郎 🍑"
CONTEXT_ID = contexts.pack(CONTEXT)[0]
SPANS = [Span("Momotaro", 0, 8, 0.91), Span("a peach", 23, 30, 1e-07)]


@pytest.fixture
def table() -> Iterator[Table]:
    with tables.mocked() as table:
        yield table


def claim(table: Table, attempt: int, key: str = "k", token: str = "t") -> items.Item | None:
    return table.claim(
        key,
        attempt,
        token=token,
        question="Who?",
        context_id=CONTEXT_ID,
        lease=100,
        expires_at=1000,
    )


def put(table: Table, **attributes: Any) -> None:
    table.client.put_item(TableName=table.name, Item=attributes)


def test_a_question_goes_from_pending_through_running_to_answered(table: Table) -> None:
    assert claim(table, 1) is None
    assert table.get("k") == items.Item(
        key="k",
        status=Status.PENDING,
        attempt=1,
        token="t",
        lease=100,
        question="Who?",
        context_id=CONTEXT_ID,
    )
    started = table.start("k", 1, task="arn:1", lease=200)
    assert (started.status, started.task, started.lease) == (Status.RUNNING, "arn:1", 200)
    assert (started.question, started.context_id) == ("Who?", CONTEXT_ID)

    assert table.answer("k", 1, SPANS, "m@1")
    answered = table.read(["k", "missing"])
    assert list(answered) == ["k"]
    assert answered["k"].status is Status.ANSWERED
    assert answered["k"].spans == tuple(SPANS)
    assert answered["k"].model == "m@1"


def test_that_the_text_does_not_say_is_an_answer(table: Table) -> None:
    spans = [Span("", 0, 0, 0.8), *SPANS]
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    assert table.answer("k", 1, spans, "m@1")
    assert table.get("k").status is Status.ANSWERED
    assert table.get("k").spans == tuple(spans)
    raw = table.client.get_item(TableName=table.name, Key={"item_id": {"S": "k"}})["Item"]
    assert raw["answer"] == {"NULL": True}


def test_the_same_write_sent_twice_succeeds_twice(table: Table) -> None:
    for _ in range(2):
        assert claim(table, 1) is None
    for _ in range(2):
        assert table.start("k", 1, task="arn:1", lease=200).status is Status.RUNNING
    for _ in range(2):
        assert table.answer("k", 1, SPANS, "m")
    claim(table, 1, "f")
    for _ in range(2):
        assert table.fail("f", 1, "crashed", "why")


def test_an_attempt_is_claimed_once_and_in_order(table: Table) -> None:
    assert claim(table, 1) is None
    in_the_way = claim(table, 1, token="another run's")
    assert in_the_way is not None
    assert in_the_way.attempt == 1
    assert claim(table, 3) is not None
    assert claim(table, 2) is None
    assert table.get("k").attempt == 2


def test_a_claim_forgets_the_task_and_the_error_of_the_attempt_before(table: Table) -> None:
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    table.fail("k", 1, "crashed", "why")
    assert (table.get("k").kind, table.get("k").reason) == ("crashed", "why")
    assert claim(table, 2) is None
    again = table.get("k")
    assert (again.status, again.task, again.kind) == (Status.PENDING, None, None)


def test_a_late_task_can_not_touch_what_a_newer_attempt_has(table: Table) -> None:
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    claim(table, 2)
    assert not table.answer("k", 1, SPANS, "m"), "the late answer was accepted"
    assert not table.fail("k", 1, "crashed", "why"), "the late failure was accepted"
    with pytest.raises(SupersededError, match="attempt 2"):
        table.start("k", 1, task="arn:1", lease=300)
    assert table.get("k").status is Status.PENDING


def test_two_tasks_of_one_attempt_do_not_both_run(table: Table) -> None:
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    with pytest.raises(SupersededError):
        table.start("k", 1, task="arn:2", lease=200)


def test_an_answer_is_never_claimed_or_failed_away(table: Table) -> None:
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    table.answer("k", 1, SPANS, "m")
    assert claim(table, 2) is not None
    assert not table.fail("k", 1, "crashed", "why")
    assert table.get("k").status is Status.ANSWERED


def test_what_is_not_there_is_an_error_that_says_so(table: Table) -> None:
    for read in (table.get, table.context, lambda k: table.start(k, 1, task="a", lease=1)):
        with pytest.raises(TableError, match="has no item 'nothing'"):
            read("nothing")
    assert not table.answer("nothing", 1, SPANS, "m")
    assert table.read(["nothing"]) == {}


def test_contexts_are_written_in_batches_and_read_back(table: Table) -> None:
    texts = [f"{CONTEXT} {number}" for number in range(60)]
    packed = dict(map(contexts.pack, texts))
    table.put_contexts(packed, expires_at=5)
    assert table.read_contexts(packed) == dict(zip(packed, texts, strict=True))
    assert table.context(contexts.pack(texts[7])[0]) == texts[7]


def test_a_context_that_is_not_what_its_name_says_is_an_error(table: Table) -> None:
    table.put_contexts({CONTEXT_ID: contexts.pack("another")[1]}, expires_at=5)
    with pytest.raises(TableError, match="SHA-256 is another"):
        table.context(CONTEXT_ID)


def test_items_of_the_tutorial_are_listed_and_cleared_with_the_others(table: Table) -> None:
    put(
        table,
        item_id={"S": "uuid"},
        context={"S": CONTEXT},
        question={"S": "Who?"},
        score={"S": "0.75"},
        answer={"S": "Momotaro"},
    )
    table.save("mine", CONTEXT, "Who?", SPANS, "m@1", expires_at=9)
    claim(table, 1)
    table.put_contexts(dict([contexts.pack(CONTEXT)]), expires_at=5)

    listed = {item.key: item for item in table.scan()}
    assert set(listed) == {"uuid", "mine", "k"}
    assert listed["uuid"].status is Status.ANSWERED
    assert listed["uuid"].spans == (Span("Momotaro", -1, -1, 0.75),)
    assert listed["mine"].context == CONTEXT
    assert listed["mine"].spans == tuple(SPANS)

    assert table.clear() == 3
    assert list(table.scan()) == []
    assert table.read_contexts([CONTEXT_ID]) == {}


def test_clear_and_scan_go_through_every_page(table: Table) -> None:
    # A page of Scan holds 1 MB; moto pages as DynamoDB does.
    for number in range(30):
        put(table, item_id={"S": f"{number}"}, answer={"S": "x" * 100_000}, score={"N": "1"})
    assert len(list(table.scan())) == 30
    assert table.clear() == 30
    assert list(table.scan()) == []


def test_answers_that_do_not_fit_are_errors_and_alternatives_are_left_out(table: Table) -> None:
    claim(table, 1)
    table.start("k", 1, task="arn:1", lease=200)
    huge = Span("x" * (items.MAX_ANSWER_BYTES + 1), 0, items.MAX_ANSWER_BYTES + 1, 0.5)
    with pytest.raises(InputError, match="100,001 bytes"):
        table.answer("k", 1, [huge], "m")
    assert table.answer("k", 1, [SPANS[0], huge, SPANS[1]], "m")
    assert table.get("k").spans == tuple(SPANS)
    with pytest.raises(InputError, match="context and question"):
        table.save("t", "x" * 250_001, "Who?", SPANS, "m", expires_at=None)


ATTRIBUTE = st.one_of(
    st.builds(lambda text: {"S": text}, st.text()),
    st.builds(lambda number: {"N": str(number)}, st.integers() | st.floats()),
    st.builds(lambda data: {"B": data}, st.binary()),
    st.just({"NULL": True}),
    st.just({"L": [{"S": "x"}, {"M": {"answer": {"S": "y"}}}]}),
    st.builds(lambda status: {"S": status}, st.sampled_from(Status)),
)
NAMES = ["status", "attempt", "lease", "answer", "score", "start", "alternatives", "context"]


@given(st.dictionaries(st.sampled_from(NAMES), ATTRIBUTE))
def test_any_item_reads_as_something_consistent(raw: dict[str, Any]) -> None:
    item = items.parse({"item_id": {"S": "k"}, **raw})
    assert (item.status is Status.ANSWERED) == bool(item.spans)
    assert item.status is Status.FAILED or item.kind is None
    assert all(0 <= span.score <= 1 for span in item.spans)


def test_an_answer_with_a_score_that_is_none_is_asked_again() -> None:
    # answers/ would not take it: it would be fetched from the table in every run.
    raw = {"item_id": {"S": "k"}, "status": {"S": "ANSWERED"}, "answer": {"S": "a"}}
    item = items.parse({**raw, "score": {"N": "1.5"}})
    assert (item.status, item.kind) == (Status.FAILED, "bad-item")
