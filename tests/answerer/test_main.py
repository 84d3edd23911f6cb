"""`python -m answerer` with the bundled model: in this thread, in another, and as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

import answerer
from answerer import contexts
from answerer.__main__ import main
from answerer.environment import model_directory, open_table
from answerer.items import Status
from tests.answerer import tables
from tests.local_server import Handler, serving
from tests.tutorial import EINSTEIN, YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from answerer.table import Table

CONTEXT_ID, PACKED = contexts.pack(EINSTEIN)
MODEL = json.loads((model_directory({}) / "model.json").read_text(encoding="utf-8"))["name"]


def put(table: Table, key: str = "k", question: str = YEAR) -> None:
    table.put_contexts({CONTEXT_ID: PACKED}, expires_at=1)
    assert not table.claim(
        key, 1, token="t", question=question, context_id=CONTEXT_ID, lease=1, expires_at=1
    )


@pytest.fixture
def table() -> Iterator[Table]:
    with tables.mocked() as table:
        yield table


def test_the_command_of_the_tutorial_prints_one_line_of_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([EINSTEIN, YEAR, "foo", "--no_save"], {}) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    answer = json.loads(out)
    assert list(answer) == ["score", "start", "end", "answer"]
    assert (answer["answer"], answer["start"], answer["end"]) == ("1921", 431, 435)
    assert 0.5 < answer["score"] <= 1


def test_without_a_table_nothing_is_imported_that_only_a_table_needs() -> None:
    env = {"PYTHONPATH": str(Path(answerer.__file__).parent.parent), "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "answerer", EINSTEIN, YEAR, "foo", "--no_save"],
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
    assert {"onnxruntime", "numpy", "tokenizers", "answerer.model"} <= imported
    unneeded = {"http", "http.client", "email", "ssl", "uuid", "logging", "asyncio", "botocore"}
    unneeded |= {"concurrent.futures", "answerer.table", "answerer.worker", "answerer.exporting"}
    assert imported & unneeded == set()


def test_without_no_save_it_writes_the_item_too(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {**tables.ENVIRON, "ITEM_TTL_DAYS": "1"}
    assert main([EINSTEIN, YEAR, "foo"], environ) == 0
    answer = json.loads(capsys.readouterr().out)
    item = table.get("foo")
    assert (item.context, item.question, item.status) == (EINSTEIN, YEAR, Status.ANSWERED)
    assert item.spans[0].answer == answer["answer"] == "1921"
    assert (item.model or "").startswith(MODEL)
    raw = table.client.get_item(TableName=table.name, Key={"item_id": {"S": "foo"}})["Item"]
    assert float(raw["expires_at"]["N"]) == pytest.approx(time.time() + 86_400, abs=60)


def test_an_item_of_the_table_is_answered_and_nothing_is_printed(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    put(table)
    assert main(["--item-id", "k", "--attempt", "1", "--top-k", "3"], tables.ENVIRON) == 0
    item = table.get("k")
    assert item.status is Status.ANSWERED
    assert item.spans[0].answer == "1921"
    assert len(item.spans) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("answerer: answered after")
    assert "1921" not in printed.err, "questions and answers stay out of the log"


@pytest.mark.parametrize(
    ("argv", "environ", "says"),
    [
        ([], {}, "give CONTEXT QUESTION ITEM_ID, or --item-id KEY"),
        (["context", "question"], {}, "give CONTEXT QUESTION ITEM_ID"),
        (["context", "--item-id", "k"], {}, "cannot be combined"),
        (["--item-id", "k", "--no_save"], {}, "cannot be combined"),
        (["--item-id", "k", "--attempt", "0"], {}, "--attempt"),
        (["--item-id", "k", "--item-id", "l", "--attempt", "1"], {}, "--attempt once for each"),
        (["c", "q", "i", "--attempt", "1"], {}, "--attempt once for each"),
        (["c", "q", "i", "--no_sav"], {}, "--no_sav"),
        (["c", "q", "i"], {}, "TABLE_NAME is not set"),
        (["--item-id", "k"], {}, "TABLE_NAME is not set"),
        (["c", "q", "i", "--no_save"], {"DEADLINE_SECONDS": "x"}, "DEADLINE_SECONDS"),
        (["c", "q", "i", "--no_save"], {"MODEL_DIR": "nowhere"}, "not a model directory"),
        (["", "q", "i", "--no_save"], {}, "context"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_says_so(
    argv: list[str],
    environ: dict[str, str],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(argv, environ) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


ARGUMENTS = st.lists(
    st.text(max_size=20)
    | st.sampled_from(["--item-id", "--attempt", "--top-k", "--no_save", "-h", "--", "1", "%s"]),
    max_size=6,
)
VARIABLES = st.dictionaries(
    st.sampled_from(["DEADLINE_SECONDS", "ITEM_TTL_DAYS"]), st.text(max_size=8)
)


@given(ARGUMENTS, VARIABLES)
def test_whatever_it_is_called_with_it_ends_with_a_line_and_a_code(
    argv: list[str], environ: dict[str, str]
) -> None:
    # Neither a model nor a table is there: every call ends early, and none in a traceback.
    with redirect_stderr(StringIO()) as err, redirect_stdout(StringIO()):
        code = main(argv, {**environ, "MODEL_DIR": "nowhere"})
    assert code in (0, 2)
    assert (code == 0) == ("-h" in argv and not err.getvalue())
    assert "Traceback" not in err.getvalue()


class Gate:
    """Passes requests on to moto; keeps GetItem waiting until it is opened.

    Args:
        target: moto's address.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self.reached, self.open = threading.Event(), threading.Event()

    @contextmanager
    def process(self, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        """A task that has its requests pass here."""
        gate = self

        class GateHandler(Handler):
            def do_POST(self) -> None:
                body = self.body()
                if self.headers["X-Amz-Target"].endswith(".GetItem"):
                    gate.reached.set()
                    gate.open.wait(60)
                request = urllib.request.Request(gate._target, body, dict(self.headers))
                with urllib.request.urlopen(request) as reply:
                    self.reply(reply.status, reply.read())

        with serving(GateHandler) as address:
            environ = {**environ, "AWS_ENDPOINT_URL": address}
            yield start(environ, "--item-id", "k", "--attempt", "1")


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def start(environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "answerer", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(answerer.__file__).parent.parent), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_as_a_process_it_answers_and_ends(moto_url: str) -> None:
    environ = {**tables.ENVIRON, "AWS_ENDPOINT_URL": moto_url, "TABLE_NAME": "process"}
    table = open_table(environ)
    tables.create(table)
    put(table)
    process = start(environ, "--item-id", "k", "--attempt", "1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), err
    assert table.get("k").spans[0].answer == "1921"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_process_that_waits_hears_a_signal_and_writes_it_down(
    moto_url: str, number: signal.Signals, code: int
) -> None:
    environ = {**tables.ENVIRON, "TABLE_NAME": number.name}
    table = open_table({**environ, "AWS_ENDPOINT_URL": moto_url})
    tables.create(table)
    put(table)
    gate = Gate(moto_url)
    with gate.process(environ) as process:
        assert gate.reached.wait(60)
        begun = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 10, "ECS kills 30 s after SIGTERM"
        gate.open.set()
    assert process.returncode == code, err
    item = table.get("k")
    assert (item.status, item.kind) == (Status.FAILED, "interrupted")
    assert number.name in (item.reason or "")


def test_a_process_that_hangs_ends_at_its_deadline(moto_url: str) -> None:
    environ = {**tables.ENVIRON, "TABLE_NAME": "hang", "DEADLINE_SECONDS": "2"}
    table = open_table({**environ, "AWS_ENDPOINT_URL": moto_url})
    tables.create(table)
    put(table)
    gate = Gate(moto_url)
    with gate.process(environ) as process:
        _, err = process.communicate(timeout=60)
        gate.open.set()
    assert process.returncode == 124, err
    assert table.get("k").kind == "deadline"
