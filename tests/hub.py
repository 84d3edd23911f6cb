"""A local stand-in for the Hugging Face hub: a loopback server with checkpoints as the hub serves them.

The paths, headers and error codes are those that huggingface_hub asks for and reads:
https://github.com/huggingface/huggingface_hub, file_download.py and utils/_http.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.local_server import Handler, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMIT = "0123456789" * 4

_FILE = re.compile(r"/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_API = re.compile(
    r"/api/models/(?P<name>[^/]+/[^/]+)/(?P<kind>tree|revision)/(?P<revision>[^/]+).*"
)


@dataclass
class Hub:
    """A running stand-in.

    Args:
        address: of the server.
        checkpoints: folders by `OWNER/NAME`; each has the one commit `COMMIT`.
        requested: the paths that were asked for.
    """

    address: str = ""
    checkpoints: dict[str, Path] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def environ(self, home: Path) -> dict[str, str]:
        """The environment of a process that uses this hub.

        Args:
            home: where it keeps its downloads.
        """
        return {"HF_ENDPOINT": self.address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}

    def reply(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the reply to a request."""
        self.requested.append(path)
        match = _FILE.fullmatch(path) or _API.fullmatch(path)
        if match is None:
            return 404, {}, b""
        folder = self.checkpoints.get(match["name"])
        if folder is None:
            # As the hub replies to people who are not logged in.
            return 401, {"X-Error-Code": "RepoNotFound"}, b"Invalid username or password."
        if not COMMIT.startswith(match["revision"]):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"Invalid rev id"
        if path.startswith("/api/"):
            return _listing(match["name"], folder, is_tree=match["kind"] == "tree")
        file = folder / match["path"]
        if not file.is_file():
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            return 404, headers, b"Entry not found"
        body = file.read_bytes()
        etag = hashlib.sha256(body).hexdigest()
        return 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, body


def _listing(name: str, folder: Path, *, is_tree: bool) -> tuple[int, dict[str, str], bytes]:
    files = sorted(path.name for path in folder.iterdir())
    model = {"id": name, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}
    tree = [{"type": "file", "path": file, "size": 1, "oid": "0"} for file in files]
    body = json.dumps(tree if is_tree else model).encode()
    return 200, {"Content-Type": "application/json"}, body


@contextlib.contextmanager
def local_hub(checkpoints: dict[str, Path]) -> Iterator[Hub]:
    """Run a stand-in for the hub.

    Args:
        checkpoints: folders by `OWNER/NAME`.
    """
    hub = Hub(checkpoints=checkpoints)

    class HubHandler(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = hub.reply(unquote(self.path.partition("?")[0]))
            self.reply(status, body, headers)

        do_HEAD = do_GET

    with serving(HubHandler) as hub.address:
        yield hub
