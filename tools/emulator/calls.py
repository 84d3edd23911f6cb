"""Recognise the service, action and caller of an HTTP request, and count calls."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/(\w+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an API.

    Args:
        service: its name in signatures, such as `ecs`, `dynamodb`, `cloudformation`.
        action: such as `RunTask`; for a REST service, `METHOD /path`.
        region: that the call is for.
        access_key: that signed it.
        body: its raw content.
    """

    service: str
    action: str
    region: str
    access_key: str
    body: bytes = field(repr=False, default=b"")

    @property
    def kind(self) -> str:
        """`service:Action`, as in an IAM policy."""
        return f"{self.service}:{self.action}"

    def parameters(self) -> dict[str, Any]:
        """The parameters of a call whose content is JSON; empty for the other protocols."""
        try:
            parameters = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return parameters if isinstance(parameters, dict) else {}


def read_call(environ: dict[str, Any]) -> Call:
    """The call in a WSGI request, whose content can be read again afterwards."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key, region, service = match.groups() if match else ("", "", "")
    path = environ.get("PATH_INFO", "")
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        action = str(target).rpartition(".")[2]
    elif rpc := _RPC_PATH.search(path):
        action = rpc[1]
    else:
        form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5000)
        action = form.get("Action", [f"{environ.get('REQUEST_METHOD')} {path}"])[0]
    return Call(service, action, region, access_key, body)


class CallLog:
    """All calls so far, in order; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Record a call."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        """Every call, oldest first."""
        with self._lock:
            return list(self._calls)

    def by_kind(self, access_keys: Iterable[str] | None = None) -> Counter[str]:
        """The number of calls of each kind.

        Args:
            access_keys: only those signed with these.
        """
        wanted = None if access_keys is None else set(access_keys)
        return Counter(
            call.kind for call in self.all() if wanted is None or call.access_key in wanted
        )
