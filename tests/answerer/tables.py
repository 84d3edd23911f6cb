"""A table in moto's DynamoDB, in this process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto import mock_aws

from answerer.environment import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from answerer.table import Table

ENVIRON = {
    "TABLE_NAME": "questions",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


def create(table: Table) -> None:
    """Create a table of the shape that the stack gives it."""
    table.client.create_table(
        TableName=table.name,
        KeySchema=[{"AttributeName": "item_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "item_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@contextmanager
def mocked() -> Iterator[Table]:
    """The table that tasks with `ENVIRON` find, gone afterwards."""
    with mock_aws():
        table = open_table(ENVIRON)
        create(table)
        yield table
