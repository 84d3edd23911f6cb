"""An emulated DynamoDB with one table: prints the environment for using it, ends with its input.

Runs as a separate process, so that the measuring one stays small: a child's peak memory counts from the
moment its parent made it.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto.server import ThreadedMotoServer

from answerer.environment import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The environment of a task whose table is served here, and empty at first."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environ = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "TABLE_NAME": "bench",
        }
        table = open_table(environ)
        table.client.create_table(
            TableName=table.name,
            AttributeDefinitions=[{"AttributeName": "item_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "item_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        try:
            yield environ
        finally:
            table.client.delete_table(TableName=table.name)  # moto's state outlives its server
    finally:
        server.stop()


def main() -> None:
    """Serve until standard input ends."""
    with served() as environ:
        print(json.dumps(environ), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
