"""Tasks: any arguments, environment and table; the task ends with a documented code.

An input is the arguments, one per part; then, after an empty part, `NAME=VALUE`s of the environment;
then, after another, DynamoDB's replies: items as JSON, or the name of an error after a `!`. The
client is botocore's, and its requests are answered before they are sent. The model is the bundled one.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import socket
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, NoReturn
from unittest import mock

from answerer import __main__ as program
from answerer import contexts, environment
from tools.fuzzing.target import Target, as_text, as_unicode, join, split
from tools.fuzzing.targets.items import typed_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT = "She named the baby Momotaro. He was born from a peach."
QUESTION = "What is the name?"
ID, PACKED = contexts.pack(CONTEXT)
ENVIRON = {
    "TABLE_NAME": "table",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
}
# As documented in `answerer.__main__`; inputs contain no signals.
CODES = {0, 2, 3, 124}
_LONGEST_ARGUMENT = 2_000
_replies: list[bytes] = []


def run(data: bytes) -> None:
    """Start one task."""
    argv: list[bytes] = []
    environ: list[bytes] = []
    replies: list[bytes] = []
    groups = iter((argv, environ, replies))
    group = next(groups)
    for part in split(data):
        if not part and group is not replies:
            group = next(groups)
        else:
            group.append(part)
    given = dict(ENVIRON)
    for pair in environ:
        # Values that the system does not allow in an environment are left out.
        name, _, value = as_text(pair).replace("\0", "").partition("=")
        given[name] = value
    if "MODEL_DIR" in given and given["MODEL_DIR"].startswith(("/dev", "/proc")):
        return
    _replies[:] = replies
    arguments = [_argument(part) for part in argv]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = program.main(arguments, given)
    said = err.getvalue()
    assert code in CODES, (code, said)
    assert "crashed" not in re.findall(r"^answerer: failed: ([a-z-]+):", said, re.MULTILINE), said
    assert "Traceback" not in said, said
    for line in said.split("\n")[:-1]:
        # argparse repeats arguments; every line of the program begins with its name.
        if line.startswith("answerer: ") and "error:" not in line:
            assert line.isprintable(), line
    if code == 0 and "--help" not in arguments and "-h" not in arguments and out.getvalue():
        (line,) = out.getvalue().splitlines()
        answer = json.loads(line)
        assert set(answer) == {"score", "start", "end", "answer"}
        found = answer["answer"] or ""  # null where the text does not say
        context = next(text for text in arguments if text[answer["start"] :].startswith(found))
        assert context[answer["start"] : answer["end"]] == found


def _argument(part: bytes) -> str:
    # As Python decodes the arguments of a process, which cannot contain NUL.
    return part.replace(b"\0", b"").decode("utf-8", "surrogateescape")[:_LONGEST_ARGUMENT]


def _reply(request: Any, **_: Any) -> Any:
    """Answer a request of botocore in place of DynamoDB."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
    part = _replies.pop(0) if _replies else b""
    status = 200
    if part.startswith(b"!"):
        body: dict[str, Any] = {"__type": as_unicode(part[1:]), "message": "m"}
        status = 400
    else:
        key = json.loads(request.body).get("Key", {}).get("item_id", {}).get("S", "")
        item = typed_item(part) if part else _usual(key)
        body = {"Attributes" if operation == "UpdateItem" else "Item": item}
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    raw = mock.Mock()
    raw.stream.return_value = iter([json.dumps(body).encode()])
    return AWSResponse(request.url, status, headers, raw)


def _usual(key: str) -> dict[str, Any]:
    """The default content of the table."""
    if key == ID:
        return {"item_id": {"S": ID}, "data": {"B": base64.b64encode(PACKED).decode()}}
    return {
        "item_id": {"S": key},
        "status": {"S": "PENDING"},
        "attempt": {"N": "1"},
        "question": {"S": QUESTION},
        "context_id": {"S": ID},
    }


def _no_network(*_: Any, **__: Any) -> NoReturn:
    raise OSError("the network is disabled")


@contextmanager
def around() -> Iterator[None]:
    """Answer in place of DynamoDB, disable the network, and do not wait."""
    session = environment._session()
    session.register("before-send.dynamodb", _reply)
    keep = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    with ExitStack() as stack:
        stack.callback(session.unregister, "before-send.dynamodb", _reply)
        stack.enter_context(mock.patch.dict(os.environ, keep))
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            os.environ.pop(name, None)
        stack.enter_context(mock.patch.object(socket.socket, "connect", _no_network))
        stack.enter_context(mock.patch.object(socket, "getaddrinfo", _no_network))
        # botocore waits up to 20 s between attempts.
        stack.enter_context(mock.patch("botocore.endpoint.time.sleep"))
        yield


def seeds() -> Sequence[bytes]:
    """Both ways to call it, and their possible errors."""

    def started(
        *argv: bytes | str, environ: Sequence[str] = (), replies: Sequence[str] = ()
    ) -> bytes:
        return join(*argv, b"", *environ, b"", *replies)

    return [
        started(CONTEXT, QUESTION, "id", "--no_save"),
        started(CONTEXT, QUESTION, "id", "--top-k", "3"),
        started("--item-id", "k", "--attempt", "1"),
        started("--item-id", "k", "--attempt", "1", "--item-id", "l", "--attempt", "1"),
        started(
            "--item-id", "k", "--item-id", "l", replies=['{"attempt": 1}', "!ThrottlingException"]
        ),
        started("--item-id", "k", environ=["DEADLINE_SECONDS=0.5", "ITEM_TTL_DAYS=30"]),
        started(" ", QUESTION, "id", "--no_save"),
        started("1" * 4400, b"\xed\xa0\x80", "id", "--attempt", "9" * 4400),
        started("--item-id", "k", environ=["MODEL_DIR=/nowhere", "DEADLINE_SECONDS=nan"]),
        started("--item-id", "k", environ=["AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION="]),
        started("--item-id", "k", environ=["ECS_CONTAINER_METADATA_URI_V4=http://x:1/v4/t"]),
        started("--item-id", "k", environ=["TABLE_NAME=", "AWS_ACCESS_KEY_ID="]),
        started(
            "--item-id",
            "k",
            replies=["!com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"],
        ),
        started("--item-id", "k", replies=["!ConditionalCheckFailedException"]),
        started("--item-id", "k", replies=['{"attempt": 2}', "{}", "not json"]),
        started("--help"),
    ]


TARGET = Target(
    name="arguments",
    holds="an exit code that is documented, a log of one line per fact, one line of JSON or none",
    run=run,
    seeds=seeds,
    words=[
        "--item-id", "--attempt", "--top-k", "--no_save", "--", "-h", "=", "TABLE_NAME=", "AWS_REGION=",
        "DEADLINE_SECONDS=", "ITEM_TTL_DAYS=", "MODEL_DIR=", "AWS_ENDPOINT_URL=", "AWS_DEFAULT_REGION=",
        "AWS_ENDPOINT_URL_DYNAMODB=", "ECS_CONTAINER_METADATA_URI_V4=", "AWS_SESSION_TOKEN=", "http://",
        "https://[", "1e999", "nan", "-1", '"attempt": ', '"context_id": ', '"status": ', "ANSWERED",
        "!", "ThrottlingException", "AccessDeniedException", "\n", "\x1b[",
        "::error::", b"\xff\xff", b"\xed\xa0\x80",
    ],
    around=around,
    longest=2048,
)  # fmt: skip
