"""The loops around DynamoDB's batch calls, against a client that leaves requests unprocessed."""

from __future__ import annotations

from typing import Any

import pytest

from answerer import batches


class Grudging:
    """Processes at most `most` per call, and nothing in the calls of `refuses`."""

    def __init__(self, most: int, refuses: set[int] | None = None) -> None:
        self.most = most
        self.refuses = refuses or set()
        self.calls: list[int] = []
        self.served: list[Any] = []

    def _serve(self, requests: list[Any]) -> tuple[list[Any], list[Any]]:
        most = 0 if len(self.calls) in self.refuses else self.most
        self.calls.append(len(requests))
        self.served += requests[:most]
        return requests[:most], requests[most:]

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        assert RequestItems["t"]["ConsistentRead"]
        done, left = self._serve(RequestItems["t"]["Keys"])
        unprocessed = {"t": {"Keys": left, "ConsistentRead": True}} if left else {}
        return {"Responses": {"t": done}, "UnprocessedKeys": unprocessed}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        _, left = self._serve(RequestItems["t"])
        return {"UnprocessedItems": {"t": left} if left else {}}


KEYS = [{"item_id": {"S": str(number)}} for number in range(230)]


def test_get_asks_for_100_a_call_and_for_no_key_twice() -> None:
    client = Grudging(100)
    found = list(batches.get(client, "t", [*KEYS, *KEYS], pytest.fail))  # type: ignore[arg-type]
    assert found == KEYS
    assert client.calls == [100, 100, 30]


def test_get_continues_until_every_key_is_served() -> None:
    client = Grudging(30, refuses={1, 2})
    pauses: list[float] = []
    assert list(batches.get(client, "t", KEYS, pauses.append)) == KEYS  # type: ignore[arg-type]
    assert len(pauses) == 2, "it waits when nothing was served, and only then"


def test_write_sends_25_a_call_and_what_was_left_again() -> None:
    client = Grudging(25)
    batches.write(client, "t", KEYS, pytest.fail)  # type: ignore[arg-type]
    assert client.calls == [25] * 9 + [5]

    client = Grudging(10, refuses={0, 3})
    pauses: list[float] = []
    batches.write(client, "t", KEYS, pauses.append)  # type: ignore[arg-type]
    assert client.served == KEYS
    assert pauses


@pytest.mark.parametrize("call", ["get", "write"])
def test_no_progress_at_all_ends_in_an_error(call: str) -> None:
    pauses: list[float] = []
    with pytest.raises(batches.BatchError, match="table t accepts no more requests"):
        list(getattr(batches, call)(Grudging(0), "t", KEYS, pauses.append) or ())
    assert all(pause <= 5 for pause in pauses)
    assert len(pauses) == 20
