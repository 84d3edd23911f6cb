"""The HTTP side: counts each call, injects faults, and passes it to ECS's tasks or to moto."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tools.emulator.calls import Call, CallLog, read_call
from tools.emulator.ecs import EcsTasks
from tools.emulator.faults import ApiError, CutReply, Faults, LateReply, LoseReply, Refuse
from tools.emulator.launch import EcsError
from tools.emulator.permissions import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from wsgiref.types import StartResponse

    from werkzeug.serving import BaseWSGIServer

_METADATA = "/emulated-metadata/v4/"
_XML_SERVICES = ("cloudformation", "ec2", "iam", "sts", "s3")
_EXPIRED = ApiError(
    "ExpiredTokenException", "The security token included in the request is expired"
)


class Application:
    """The WSGI application of one cloud.

    Args:
        ecs: the tasks.
        faults: to inject.
        revoked: access keys that are invalid now.
    """

    def __init__(self, ecs: EcsTasks, faults: Faults, revoked: Collection[str]) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._ecs = ecs
        self._faults = faults
        self._revoked = revoked
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto is not thread-safe: two conditional writes could both find their condition met.
        self._moto_lock = threading.Lock()
        self.calls = CallLog()
        # Errors of moto itself; the caller received a failure of the service.
        self.crashes: list[Exception] = []

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Reply to a request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(_METADATA):
            return self._metadata(path.removeprefix(_METADATA), start)
        call = read_call(environ)
        self.calls.add(call)
        if call.access_key in self._revoked:
            return _refuse(call, _EXPIRED, start)
        task = self._ecs.owner(call.access_key)
        if task is not None and (denied := refusal(task, call)):
            return _refuse(call, denied, start)
        fault = self._faults.on_call(call)
        if isinstance(fault, Refuse):
            return _refuse(call, fault.error, start)
        if isinstance(fault, LoseReply):
            # The reply is lost.
            consume(self._serve(call, environ, lambda *_arguments: lambda _data: None))
            return _refuse(call, fault.error, start)
        if isinstance(fault, CutReply):
            return self._cut(call, environ, start)
        if isinstance(fault, LateReply):
            body = list(self._serve(call, environ, start))
            time.sleep(fault.seconds)
            return body
        return self._serve(call, environ, start)

    def _cut(self, call: Call, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Send half of the reply with the length of the whole."""

        def closing(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            return start(status, [*headers, ("Connection", "close")])

        body = b"".join(self._serve(call, environ, closing))
        return [body[: len(body) // 2]]

    def _serve(self, call: Call, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if call.service == "ecs" and call.action in self._ecs.actions:
            try:
                return _reply(start, 200, json.dumps(self._ecs.answer(call)), _JSON)
            except EcsError as error:
                return _refuse(call, error.error, start)
        try:
            with self._moto_lock:
                answer: Iterable[bytes] = self._moto(environ, start)
        except Exception as error:  # noqa: BLE001 - a service that fails answers so
            self.crashes.append(error)
            return _refuse(call, ApiError("InternalFailure", "The emulation failed.", 500), start)
        return answer

    def _metadata(self, rest: str, start: StartResponse) -> Iterable[bytes]:
        """The task metadata endpoint, version 4, as far as a task needs it to identify itself.

        https://docs.aws.amazon.com/AmazonECS/latest/userguide/task-metadata-endpoint-v4-fargate.html
        """
        task_id, _, what = rest.partition("/")
        task = self._ecs.find(task_id)
        if task is None or what != "task":
            return _reply(start, 404, "{}", _JSON)
        about = {
            "Cluster": task.cluster_arn,
            "TaskARN": task.arn,
            "Family": task.definition.family,
            "Revision": task.definition.arn.rpartition(":")[2],
            "LaunchType": "FARGATE",
        }
        return _reply(start, 200, json.dumps(about), "application/json")


_JSON = "application/x-amz-json-1.1"


def consume(chunks: Iterable[bytes]) -> None:
    """Read a reply to its end and discard it."""
    for _ in chunks:
        pass
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def _refuse(call: Call, error: ApiError, start: StartResponse) -> Iterable[bytes]:
    """An error in the protocol of the service."""
    if call.service in _XML_SERVICES:
        text = (
            "<ErrorResponse><Error><Type>Sender</Type>"
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            "</Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
        )
        return _reply(start, error.status, text, "text/xml")
    body = {"__type": error.code, "message": error.message, **error.extra}
    return _reply(start, error.status, json.dumps(body), _JSON)


def _reply(start: Any, status: int, text: str, content_type: str) -> list[bytes]:
    body = text.encode()
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    start(f"{status} {'OK' if status < 400 else 'Error'}", headers)
    return [body]


class Server:
    """A threaded HTTP server on a free port of the loopback interface.

    Args:
        application: what it serves.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        class Quiet(MotoRequestHandler):
            """Does not log requests."""

            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ARG002
                return

        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="cloud-server",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
