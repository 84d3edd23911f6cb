from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qabot.answers import folder as store
from qabot.answers.model import Answer, Request
from qabot.cli import main
from qabot.commands.ask import AskOptions
from qabot.commands.ask import ask as run_ask
from qabot.commands.clear import ClearOptions, clear
from qabot.commands.deployed_table import answered, open_table
from qabot.commands.engine_options import EngineOptions, FargateOptions, make_fargate_engine
from qabot.commands.list import ListOptions, list_answers
from qabot.commands.reap import ReapOptions, reap
from qabot.console.reporter import Reporter
from qabot.documents.choose import choose
from qabot.documents.extract import extract
from qabot.errors import CloudError, NoAnswerError, UsageError
from qabot.questions.read import read_questions
from tests.qabot.documents.made import pdf
from tests.qabot.engines.fargate.bench import deployed
from tools.emulator import Cloud, emulated_cloud
from tools.emulator.typical_faults import HANGS, TaskFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qabot.errors import Problem

ROOT = Path(__file__).resolve().parents[3]
CONTEXT = (
    "The peach was found in the river. The baby is called Momotaro. The old man is called Jiro."
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "questions").mkdir()
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    settings["context"]["qabot"]["model"] = "bundled"
    (tmp_path / "cdk.json").write_text(json.dumps(settings), encoding="utf-8")
    shutil.copytree(ROOT / "container" / "model", tmp_path / "container" / "model")
    return tmp_path


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with deployed(monkeypatch) as cloud:
        yield cloud


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(said: io.StringIO) -> Reporter:
    return Reporter(said)


def ask(root: Path, report: Reporter, question: str, **options: Any) -> int:
    engine = EngineOptions(engine="fargate")
    return run_ask(
        AskOptions(context=CONTEXT, question=question, root=root, engine=engine, **options), report
    )


def list_items(root: Path, **options: Any) -> int:
    return list_answers(ListOptions(root=root, engine="fargate", **options), Reporter())


def test_ask_list_and_clear(
    cloud: Cloud,
    root: Path,
    report: Reporter,
    said: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ask(root, report, "What is the name of the baby?") == 0
    assert capsys.readouterr().out.startswith("Momotaro (0.")
    assert "1 task to launch" in said.getvalue()
    assert ask(root, report, "What is the\tname of the old man?", top_k=2, json=True) == 0
    spans = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(spans) == 2
    assert spans[0]["answer"] == "Jiro"

    assert list_items(root) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all("ANSWERED" in line for line in lines)
    assert any("What is the name of the old man?  0." in line for line in lines)
    assert list_items(root, limit=1, format="json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["status"] == "ANSWERED"

    with pytest.raises(UsageError, match="use --yes"):
        clear(ClearOptions(root=root), report)
    monkeypatch.setattr("sys.stdin", SimpleTerminal())
    assert clear(ClearOptions(root=root), report, lambda: "n") == 0
    assert "nothing was deleted" in said.getvalue()
    assert clear(ClearOptions(root=root), report, lambda: "Y") == 0
    assert "deleted 2 questions from qabot" in said.getvalue()
    capsys.readouterr()
    list_items(root)
    assert capsys.readouterr().out == ""


class SimpleTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_ask_reports_failures_and_unsupported_options(
    cloud: Cloud, root: Path, report: Reporter
) -> None:
    with pytest.raises(NoAnswerError, match="empty-question"):
        ask(root, report, " ")
    with pytest.raises(UsageError, match="--top-k 3"):
        ask(root, report, "Who?", top_k=4)


def test_reap_stops_what_a_run_has_left(
    root: Path, report: Reporter, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulated_cloud(faults=TaskFaults(lambda *_: HANGS)) as cloud:
        for name, value in cloud.environ.items():
            monkeypatch.setenv(name, value)
        cloud.deploy(model="bundled")
        engine = make_fargate_engine(root, FargateOptions(run="left-behind"), report)
        engine.submit([Request(digit * 64, "Who?", CONTEXT) for digit in "ab"])
        another = make_fargate_engine(root, FargateOptions(run="another"), report)
        another.submit([Request("c" * 64, "Who?", CONTEXT)])
        reap(ReapOptions(run="left-behind", root=root), report)
        assert "stopped 2 tasks of run left-behind" in said.getvalue()
        assert [task.desired for task in cloud.tasks] == ["STOPPED", "STOPPED", "RUNNING"]
        reap(ReapOptions(all=True, root=root), report)
        assert said.getvalue().endswith("stopped 1 task\n")
        assert all(task.desired == "STOPPED" for task in cloud.tasks)
        reap(ReapOptions(run="unheard-of", root=root), report)
        assert "stopped 0 tasks of run unheard-of" in said.getvalue()


def test_the_options_of_the_command_line_reach_the_engine(root: Path, report: Reporter) -> None:
    given = FargateOptions(run="mine", max_tasks=7, timeout=60)
    engine = make_fargate_engine(root, given, report, force=True)
    assert engine.run == "mine"
    assert engine.model.startswith("qabot-minilm-l6-squad@")


def test_without_a_stack_every_command_says_what_to_do(
    root: Path, report: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulated_cloud() as cloud:
        for name, value in cloud.environ.items():
            monkeypatch.setenv(name, value)
        every: list[Callable[[], int]] = [
            lambda: ask(root, report, "Who?"),
            lambda: list_items(root),
            lambda: clear(ClearOptions(root=root, yes=True), report),
            lambda: reap(ReapOptions(run="x", root=root), report),
        ]
        for command in every:
            with pytest.raises(CloudError, match=r"no stack qabot in us-east-1.*cdk deploy"):
                command()


def test_answered_items_come_with_their_contexts(
    cloud: Cloud, root: Path, report: Reporter
) -> None:
    engine = make_fargate_engine(root, FargateOptions(), report)
    (result,) = engine.answer([Request("a" * 64, "What is the name of the baby?", CONTEXT)])
    assert isinstance(result, Answer)
    table = open_table(root)
    table.save("uuid", "in the item", "Who?", [result.span], "m", expires_at=None)
    shown = {item.key: context for item, context in answered(table, 10)}
    assert shown == {"a" * 64: CONTEXT, "uuid": "in the item"}
    assert len(list(answered(table, 1))) == 1


def test_a_task_reads_the_chosen_passages_and_the_answer_has_its_place(
    cloud: Cloud, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    documents = root / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text(
        "# Leave\n\n## Annual leave\n\nEvery employee has 28 days of annual leave in a year.\n"
    )
    pages = [["Trips of the company."], ["Trips are booked by Nils Hagen in Lisbon."]]
    (documents / "travel.pdf").write_bytes(pdf(pages))
    for number in range(8):
        text = f"Room {number} has no employee and no trips are planned there."
        (documents / f"room-{number}.txt").write_text(text)
    (root / "questions/handbook.yaml").write_text(
        "documents: ['**']\nquestions:\n"
        "- How many days of annual leave does every employee have?\n"
        "- Who books trips in Lisbon?\n"
    )
    assert main(["--root", str(root), "answer", "--engine", "fargate"]) == 0

    def fail(problem: Problem) -> None:
        raise AssertionError(problem)

    (chosen,) = choose(root, read_questions(root), fail).sets
    read = {question.question: question.context for question in chosen.questions}
    assert [len(question.passages) for question in chosen.questions] == [5, 5]
    shown = {item.question: context for item, context in answered(open_table(root), 10)}
    assert shown == read

    stored = store.read_all(root)["answers/handbook.yaml"].answers
    assert stored is not None
    leave, trips = stored.entries
    assert isinstance(leave.result, Answer)
    assert isinstance(trips.result, Answer)
    assert "28" in leave.result.span.answer
    assert "Hagen" in trips.result.span.answer
    (place,) = leave.places.answer
    assert (place.document, place.heading) == ("documents/leave.md", ("Leave", "Annual leave"))
    assert (place.unit, place.number) == ("line", 5)
    (place,) = trips.places.answer
    assert (place.document, place.unit, place.number) == ("documents/travel.pdf", "page", 2)
    for entry in stored.entries:
        (place,) = entry.places.answer
        data = (root / place.document).read_bytes()
        text = extract(data, place.document).text
        assert isinstance(entry.result, Answer)
        assert text[place.start : place.end] == entry.result.span.answer
    assert len(cloud.tasks) == 2
