"""Items of the table: any item reads as a question, any content of a context as text or an error.

An input is an item and perhaps a context's content. An item is JSON with DynamoDB's types, as the
service returns only these.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from answerer import contexts, items
from answerer.errors import InputError
from answerer.items import Status
from answerer.spans import Span
from answerer.table import SupersededError, Table, TableError
from qabot.answers import yaml_file as answers
from qabot.answers.model import Answer, AnswerSet, Entry
from qabot.commands.deployed_table import as_json, as_text
from qabot.engines.fargate.outcome import is_of
from tools.fuzzing.target import Target, join, split

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT = "It was 1921, or was it 1922?"
ID, PACKED = contexts.pack(CONTEXT)


class Service:
    """A table that returns the same item for every key, and refuses every condition.

    Args:
        item: with DynamoDB's types.
    """

    class exceptions:  # noqa: N801 - as botocore has it
        """The errors of the service."""

        class ConditionalCheckFailedException(Exception):
            """It carries the item that made a condition fail."""

            response: dict[str, Any]

    def __init__(self, item: dict[str, Any]) -> None:
        self._item = item

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self._item}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        return {"Responses": {"table": [self._item]}, "UnprocessedKeys": {}}

    def update_item(self, **_: Any) -> dict[str, Any]:
        error = self.exceptions.ConditionalCheckFailedException()
        error.response = {"Item": self._item}
        raise error


def run(data: bytes) -> None:
    """Read one item as an engine, a task and a listing do."""
    parts = split(data)
    raw = typed_item(parts[0])
    if "data" in raw and "B" in raw["data"]:
        raw["data"] = {"B": base64.b64decode(raw["data"]["B"])}
    table = Table(Service(raw), "table")  # type: ignore[arg-type]
    (item,) = table.read(["k"]).values()
    assert item == table.get("k")
    assert item.status in Status
    assert bool(item.spans) == (item.status is Status.ANSWERED)
    for span in item.spans:
        assert 0 <= span.score <= 1, span
    as_text(item).encode()
    as_json(item).encode()
    if item.spans and is_of(item, CONTEXT):
        _lasts(Answer("k", item.model or "m", item.spans[0], item.spans[1:]))
    try:
        table.start("k", 1, task="t", lease=1)
    except (SupersededError, TableError) as error:
        str(error).encode()
    table.claim("k", 1, token="t", question="q", context_id=ID, lease=1, expires_at=1)
    table.fail("k", 1, "kind", "reason")
    _context(parts[1] if len(parts) > 1 else PACKED)


def _lasts(answer: Answer) -> None:
    """Check that a result can be read back from `answers/`; otherwise every run would ask it again."""
    entry = Entry("a", "q", answer)
    read = answers.parse(answers.render(AnswerSet("questions/a.yaml", (entry,))))
    assert read is not None
    assert len(read.entries) == 1, answer


def _context(content: bytes) -> None:
    for id_ in (ID, f"{contexts.PREFIX}{hashlib.sha256(content).hexdigest()}"):
        raw = items.key(id_) | {"data": {"B": content}}
        try:
            text = Table(Service(raw), "table").context(id_)  # type: ignore[arg-type]
        except TableError as error:
            str(error).encode()
            continue
        packed = contexts.pack(text)
        assert contexts.unpack(*packed) == text
    try:
        id_, packed_content = contexts.pack(content.decode("utf-8", "surrogatepass"))
    except (UnicodeDecodeError, InputError):
        return
    assert contexts.unpack(id_, packed_content).encode() == content


def typed_item(part: bytes) -> dict[str, Any]:
    """A part as an item: JSON with DynamoDB's types, and with a key."""
    try:
        value = json.loads(part)
    except (ValueError, RecursionError):
        value = {}
    typed = _typed(value if isinstance(value, dict) else {}, 0)["M"]
    return {**typed, "item_id": typed.get("item_id") or {"S": "k"}}


def _typed(value: Any, depth: int) -> dict[str, Any]:
    """A JSON value with DynamoDB's types; text that begins with `b:` is bytes."""
    if depth > 30 or value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        # 38 digits, exponents to 125; "NaN" and "Infinity" are refused by the service.
        finite = isinstance(value, int) or math.isfinite(value)
        return {"N": f"{float(value):.17g}" if finite and abs(value) < 1e125 else "0"}
    if isinstance(value, list):
        return {"L": [_typed(element, depth + 1) for element in value]}
    if isinstance(value, dict):
        return {
            "M": {_unicode(name): _typed(element, depth + 1) for name, element in value.items()}
        }
    if value.startswith("b:"):
        return {"B": base64.b64encode(value.encode("utf-8", "replace")).decode()}
    return {"S": _unicode(value)}


def _unicode(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def seeds() -> Sequence[bytes]:
    """Items of each status and of the tutorial's form; contexts, whole, cut, and too large."""
    spans = [Span("1921", 7, 11, 0.9), Span("1922", 23, 27, 0.05)]
    written = items.answer_values(spans, "m@1/s1")
    untyped = TypeDeserializer().deserialize
    answer = {name[1:]: untyped(value) for name, value in written.items()}
    base = {"item_id": "k", "attempt": 1, "question": "When?", "context_id": ID, "token": "t"}
    every: list[dict[str, Any]] = [
        {**base, "status": "PENDING", "lease": 1},
        {**base, "status": "RUNNING", "task_arn": "arn", "lease": 1},
        {**base, "status": "ANSWERED", **answer},
        {**base, "status": "ANSWERED", **answer, "score": 1.5, "alternatives": [{}, "x", None]},
        {**base, "status": "FAILED", "kind": "crashed", "reason": "::error::", "permanent": True},
        {"item_id": "k", "context": CONTEXT, "question": "q", "answer": "1921", "score": "0.9"},
        {"item_id": "k", "status": "x", "attempt": "y", "score": None, "answer": 3},
        {"item_id": ID, "data": "b:"},
    ]
    return [
        *(join(json.dumps(element, default=float)) for element in every),
        join("{}", PACKED),
        join("{}", PACKED[:-3]),
        join("{}", zlib.compress(b"\xed\xa0\x80")),
        join("{}", zlib.compress(bytes(contexts.MAX_TEXT_BYTES + 1), 9)),
        join("{}", zlib.compress(b"x" * contexts.MAX_TEXT_BYTES, 9)),
    ]


TARGET = Target(
    name="items",
    holds="a question with spans in [0, 1] or a failure; a context or TableError; no bomb unpacks",
    run=run,
    seeds=seeds,
    words=[
        *(f'"{name}": ' for name in (
            "item_id", "status", "attempt", "lease", "task_arn", "token", "question", "context",
            "context_id", "answer", "score", "start", "end", "alternatives", "model", "kind", "reason",
            "permanent", "data",
        )),
        *(f'"{status}"' for status in Status),
        '"1921"', "-1", "1e300", "null", "true", "[{", '"b:', "\\ud800", "\\u0000", '"nan"', '"inf"',
        "\\n::error::", b"\x78\x9c", b"\x78\xda",
    ],
)  # fmt: skip
