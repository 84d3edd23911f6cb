"""DynamoDB's batch calls: as many items per call as allowed, repeated for what was not processed.

A batch call replies 200 and returns what it had no capacity for, so every caller has to loop.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from answerer.errors import AnswererError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

MAX_GET = 100
MAX_WRITE = 25
# A BatchWriteItem request may hold 16 MB; 25 items of 400 KB stay below it.
_FIRST_PAUSE = 0.05  # seconds
_LONGEST_PAUSE = 5.0
_ROUNDS = 20  # without any progress: over a minute


class BatchError(AnswererError):
    """DynamoDB repeatedly left part of a batch unprocessed."""

    exit_code = 3


def get(
    client: DynamoDBClient,
    table: str,
    keys: Sequence[dict[str, Any]],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """BatchGetItem with consistent reads, 100 keys per call; each key is requested once.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        keys: the items' keys, in DynamoDB's format.
        sleep: waits that many seconds.

    Raises:
        BatchError: no progress within about a minute.
    """
    distinct = list({repr(key): key for key in keys}.values())
    for first in range(0, len(distinct), MAX_GET):
        left = distinct[first : first + MAX_GET]
        pauses = _pauses(table)
        while left:
            reply = client.batch_get_item(
                RequestItems={table: {"Keys": left, "ConsistentRead": True}}
            )
            items = reply["Responses"].get(table, [])
            yield from items
            left = list(reply.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"])
            # A reply holds at most 16 MB: keys left over because of that do not mean throttling.
            if items:
                pauses = _pauses(table)
            elif left:
                sleep(next(pauses))


def write(
    client: DynamoDBClient,
    table: str,
    requests: Sequence[dict[str, Any]],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """BatchWriteItem, 25 requests per call.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        requests: `PutRequest`s and `DeleteRequest`s, in DynamoDB's format.
        sleep: waits that many seconds.

    Raises:
        BatchError: no progress within about a minute.
    """
    for first in range(0, len(requests), MAX_WRITE):
        left: Any = requests[first : first + MAX_WRITE]
        pauses = _pauses(table)
        while left:
            reply = client.batch_write_item(RequestItems={table: left})
            unprocessed = reply.get("UnprocessedItems", {}).get(table, [])
            if len(unprocessed) < len(left):
                pauses = _pauses(table)
            left = unprocessed
            if left:
                sleep(next(pauses))


def _pauses(table: str) -> Iterator[float]:
    """Exponential backoff with full jitter, then an error.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
    """
    pause = _FIRST_PAUSE
    for _ in range(_ROUNDS):
        yield random.uniform(0, pause)  # noqa: S311
        pause = min(pause * 2, _LONGEST_PAUSE)
    raise BatchError(
        f"table {table} accepts no more requests: its capacity is used up; run again in a few minutes"
    )
