"""A remote over HTTP that fails as GitHub does on a bad day, in front of git's own server."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local_server import Handler, serving
from tests.qabot.github.remotes import git


class FlakyRemote:
    """Serves bare repositories.

    Args:
        folder: that holds them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        # By request, such as `POST git-receive-pack`: how often it fails, and how.
        self.faults: Counter[str] = Counter()
        self.how = "503"
        self.authorizations: list[list[str]] = []

    def fault(self, request: str) -> str | None:
        """How this request fails; None if it does not."""
        if self.faults[request] == 0:
            return None
        self.faults[request] -= 1
        return self.how


class _Handler(Handler):
    remote: FlakyRemote
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """List references."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Give or take objects."""
        length = self.headers.get("Content-Length")
        self._serve(self.rfile.read(int(length)) if length else b"".join(self._chunks()))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _serve(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        service = (query.partition("service=")[2] or path.rpartition("/")[2]).partition("&")[0]
        self.remote.authorizations.append(self.headers.get_all("Authorization") or [])
        fault = self.remote.fault(f"{self.command} {service}")
        if fault == "503":
            self.reply(503)
        elif fault == "reset":
            self.close_connection = True
        else:
            status, headers, data = self._backend(path, query, body)
            if fault == "lost reply":
                self.close_connection = True
            else:
                self.reply(status, data, headers)

    def _backend(self, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        env = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROJECT_ROOT": str(self.remote.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "somebody",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        out = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, check=True
        ).stdout
        head, _, data = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers.pop("Status", "200").split()[0]), headers, data


@contextmanager
def flaky_remote(repository: Path) -> Iterator[FlakyRemote]:
    """Serve a bare repository; it takes pushes."""
    git(repository, "config", "http.receivepack", "true")
    remote = FlakyRemote(repository.parent)
    handler = type("Handler", (_Handler,), {"remote": remote})
    with serving(handler) as remote.address:
        yield remote
