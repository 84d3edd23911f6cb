"""A server of the page for this machine alone: browsers run no model on a page from a file."""

from __future__ import annotations

import functools
import http.server
import sys
import webbrowser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from qabot.console.reporter import Reporter


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with the headers that let the page use two threads."""

    extensions_map = {  # noqa: RUF012 (the base class has it so)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Print nothing for each request."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Print nothing when a browser hangs up; raise what else there is."""
        if not isinstance(sys.exception(), ConnectionError):
            raise


def server(folder: Path) -> http.server.ThreadingHTTPServer:
    """A server of a folder on a free port of the loopback interface, not started yet.

    Args:
        folder: what it serves.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    return _Server(("127.0.0.1", 0), handler)


def serve(folder: Path, report: Reporter) -> None:
    """Show a folder's page in a browser, and serve it until Ctrl-C.

    Args:
        folder: what to serve.
        report: gets the page's address.
    """
    with server(folder) as running:
        address = f"http://127.0.0.1:{running.server_port}/"
        report.note(f"serving the page at {address} until Ctrl-C")
        webbrowser.open(address)
        running.serve_forever()
