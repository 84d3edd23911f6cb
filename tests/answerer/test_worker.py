"""One task against moto's table, with models that fail in every way a model can."""

from __future__ import annotations

import signal
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from answerer import contexts
from answerer.errors import InputError, ModelError
from answerer.items import Status
from answerer.spans import Span
from answerer.supervisor import Supervisor
from answerer.worker import GRACE, Task, Worker, run_all
from tests.answerer import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from answerer.table import Table

CONTEXT = "She named the baby Momotaro."
CONTEXT_ID, PACKED = contexts.pack(CONTEXT)
SPANS = [Span("Momotaro", 19, 27, 0.9), Span("the baby", 10, 18, 0.1)]


@pytest.fixture
def table() -> Iterator[Table]:
    with tables.mocked() as table:
        table.put_contexts({CONTEXT_ID: PACKED}, expires_at=1)
        claim(table, 1)
        yield table


def claim(table: Table, attempt: int, key: str = "k", question: str = "Who?") -> None:
    assert not table.claim(
        key, attempt, token="t", question=question, context_id=CONTEXT_ID, lease=1, expires_at=1
    )


def model(answer: Callable[..., Any]) -> Callable[[], Any]:
    loaded = SimpleNamespace(answer=answer, info=SimpleNamespace(identity="m@1"))
    return lambda: loaded


def worker(
    load: Callable[[], Any], key: str = "k", attempt: int | None = 1, deadline: float = 30
) -> Worker:
    return Worker(Task(tables.ENVIRON, load, top_k=2, deadline=deadline), key, attempt)


def raising(error: BaseException) -> Callable[..., Any]:
    def answer(*_: object, **__: object) -> None:
        raise error

    return answer


def test_the_answer_is_written_with_its_model_and_alternatives(table: Table) -> None:
    asked: list[Any] = []

    def answer(*arguments: Any, **options: Any) -> list[Span]:
        asked.append((arguments, options))
        return SPANS

    assert worker(model(answer)).run(Supervisor()) == 0
    assert asked == [((CONTEXT, "Who?"), {"top_k": 2})]
    item = table.get("k")
    assert (item.status, item.spans, item.model) == (Status.ANSWERED, tuple(SPANS), "m@1")
    assert item.lease == pytest.approx(time.time() + 30 + GRACE, abs=20)


def test_without_an_attempt_the_table_says_which(table: Table) -> None:
    claim(table, 2)
    assert worker(model(lambda *_, **__: SPANS), attempt=None).run(Supervisor()) == 0
    assert table.get("k").status is Status.ANSWERED


@pytest.mark.parametrize(
    ("error", "kind", "reason", "permanent", "code"),
    [
        (InputError("question-too-long", "ask less"), "question-too-long", "ask less", True, 2),
        (ModelError("no such folder"), "model", "no such folder", False, 2),
        (ZeroDivisionError("hm"), "crashed", "ZeroDivisionError: hm", False, 1),
        (ValueError("half \ud800"), "crashed", "ValueError: half \\ud800", False, 1),
        (MemoryError(), "out-of-memory", "the task ran out of memory", False, 1),
    ],
)
def test_a_failure_is_written_as_what_it_is(
    table: Table, error: Exception, kind: str, reason: str, permanent: bool, code: int
) -> None:
    assert worker(model(raising(error))).run(Supervisor()) == code
    item = table.get("k")
    assert item.status is Status.FAILED
    assert (item.kind, item.reason, item.permanent) == (kind, reason, permanent)


def test_a_model_that_does_not_load_is_written_too(table: Table) -> None:
    assert worker(raising(ModelError("broken"))).run(Supervisor()) == 2
    assert table.get("k").reason == "broken"


def test_a_crash_leaves_its_traceback_in_the_log_line_by_line(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    worker(model(raising(ValueError("x\n::error::y\u2028z")))).run(Supervisor())
    lines = capsys.readouterr().err.splitlines()
    assert any("Traceback" in line for line in lines)
    assert all(line.startswith("answerer: ") for line in lines)


def test_a_hang_ends_at_the_deadline_and_its_late_answer_is_refused(table: Table) -> None:
    release, done = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[Span]:
        release.wait()
        done.set()
        return SPANS

    assert worker(model(hang), deadline=1.5).run(Supervisor()) == 124
    assert (table.get("k").status, table.get("k").kind) == (Status.FAILED, "deadline")
    release.set()
    assert done.wait(5)
    time.sleep(0.1)
    assert table.get("k").status is Status.FAILED


def test_an_interruption_is_written_in_time(table: Table) -> None:
    supervisor, release, inside = Supervisor(), threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[Span]:
        inside.set()
        release.wait()
        return SPANS

    def interrupt() -> None:
        inside.wait()
        supervisor.interrupt(signal.SIGTERM)

    threading.Thread(target=interrupt).start()
    begun = time.monotonic()
    assert worker(model(hang)).run(supervisor) == 143
    assert time.monotonic() - begun < 10, "ECS kills 30 s after SIGTERM"
    release.set()
    assert (table.get("k").kind, table.get("k").reason) == (
        "interrupted",
        "the task was stopped (SIGTERM)",
    )


def test_a_newer_attempt_is_left_alone(table: Table) -> None:
    claim(table, 2)
    assert worker(model(lambda *_, **__: SPANS)).run(Supervisor()) == 0
    assert (table.get("k").attempt, table.get("k").status) == (2, Status.PENDING)


def test_an_attempt_that_is_overtaken_while_it_answers_changes_nothing(table: Table) -> None:
    def answer(*_: object, **__: object) -> list[Span]:
        claim(table, 2)
        return SPANS

    assert worker(model(answer)).run(Supervisor()) == 0
    assert (table.get("k").attempt, table.get("k").status) == (2, Status.PENDING)


def test_a_context_that_is_gone_is_written_as_such(table: Table) -> None:
    table.client.delete_item(TableName=table.name, Key={"item_id": {"S": CONTEXT_ID}})
    assert worker(model(lambda *_, **__: SPANS)).run(Supervisor()) == 3
    item = table.get("k")
    assert item.kind == "table"
    assert "was cleared or expired" in (item.reason or "")


def test_an_item_or_a_table_that_is_gone_ends_the_task_with_a_line(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    load = model(lambda *_, **__: SPANS)
    assert worker(load, key="nothing").run(Supervisor()) == 3
    assert "has no item 'nothing'" in capsys.readouterr().err
    table.client.delete_table(TableName=table.name)
    assert worker(load).run(Supervisor()) == 3
    log = capsys.readouterr().err
    assert "ResourceNotFoundException" in log
    assert "Traceback" not in log


KEYS = ("k", "l", "m")


def run_several(
    table: Table, answer: Callable[..., Any], supervisor: Supervisor | None = None, **arguments: Any
) -> int:
    """A task of three questions, whose texts are their keys."""
    for key in KEYS[1:]:
        claim(table, 1, key, key)
    task = Task(
        tables.ENVIRON,
        model(answer),
        **{"top_k": 2, "deadline": 30, "questions": len(KEYS), **arguments},
    )
    return run_all(task, [(key, 1) for key in KEYS], supervisor or Supervisor())


def test_a_task_claims_all_its_questions_before_it_answers_the_first(table: Table) -> None:
    seen: list[list[Status]] = []

    def answer(*_: object, **__: object) -> list[Span]:
        seen.append([table.get(key).status for key in KEYS])
        return SPANS

    assert run_several(table, answer) == 0
    assert seen[0] == [Status.RUNNING] * 3
    items = [table.get(key) for key in KEYS]
    assert [item.status for item in items] == [Status.ANSWERED] * 3
    assert len({item.task for item in items}) == 1
    for item in items:
        assert item.lease == pytest.approx(time.time() + 3 * 30 + GRACE, abs=20), (
            "of the whole task"
        )


def test_a_model_is_loaded_once_for_all_questions(table: Table) -> None:
    loads: list[int] = []

    def load() -> Any:
        loads.append(1)
        return model(lambda *_, **__: SPANS)()

    claim(table, 1, "l")
    task = Task(tables.ENVIRON, load, top_k=2, deadline=30, questions=2)
    assert run_all(task, [("k", 1), ("l", None)], Supervisor()) == 0
    assert len(loads) == 1


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [(InputError("no-words", "write words"), "no-words", 2), (ValueError("hm"), "crashed", 1)],
)
def test_a_question_that_fails_does_not_keep_the_next_from_its_turn(
    table: Table, error: Exception, kind: str, code: int
) -> None:
    def answer(_: str, question: str, **__: object) -> list[Span]:
        if question == "l":
            raise error
        return SPANS

    assert run_several(table, answer) == code
    assert [table.get(key).kind for key in KEYS] == [None, kind, None]
    assert [table.get(key).status for key in ("k", "m")] == [Status.ANSWERED] * 2


def test_nor_does_one_that_hangs(table: Table) -> None:
    release = threading.Event()

    def answer(_: str, question: str, **__: object) -> list[Span]:
        if question == "l":
            release.wait()
        return SPANS

    assert run_several(table, answer, deadline=1.5) == 124
    release.set()
    assert [table.get(key).kind for key in KEYS] == [None, "deadline", None]
    assert table.get("m").status is Status.ANSWERED


@pytest.mark.parametrize("before", [True, False])
def test_an_interruption_ends_all_that_is_left(table: Table, before: bool) -> None:
    supervisor, release = Supervisor(), threading.Event()

    def answer(_: str, question: str, **__: object) -> list[Span]:
        if question == "l":
            supervisor.interrupt(signal.SIGTERM)
            release.wait()
        return SPANS

    if before:  # while the questions are claimed
        supervisor.interrupt(signal.SIGTERM)
    assert run_several(table, answer, supervisor) == 143
    release.set()
    answered = [None] if not before else ["interrupted"]
    assert [table.get(key).kind for key in KEYS] == [*answered, "interrupted", "interrupted"]


def test_what_another_attempt_has_is_left_to_it(table: Table) -> None:
    claim(table, 1, "l", "l")
    claim(table, 2, "l", "l")
    task = Task(tables.ENVIRON, model(lambda *_, **__: SPANS), top_k=2, deadline=30, questions=2)
    assert run_all(task, [("l", 1), ("k", 1)], Supervisor()) == 0
    assert (table.get("l").status, table.get("k").status) == (Status.PENDING, Status.ANSWERED)
