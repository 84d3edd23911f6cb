"""The databases that an audit asks, on this machine: PyPI behind a proxy, OSV, and npm's registry."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Database:
    """What the databases know, and what they were asked."""

    def __init__(self) -> None:
        self.knows_python = True
        # package: advisories, as PyPI has them
        self.python: dict[str, list[dict[str, Any]]] = {}
        # package: advisories, as npm has them
        self.npm: dict[str, list[dict[str, Any]]] = {}
        self.npm_status = 200
        self.asked: set[tuple[str, str]] = set()
        self.npm_asked: set[str] = set()
        self.url = ""
        self.environ: dict[str, str] = {}


def advisory(id_: str, *fixed: str, aliases: tuple[str, ...] = ()) -> dict[str, Any]:
    """An advisory as PyPI's JSON API has it: warehouse.pypa.io/api-reference/json.html."""
    summary = f"Summary of {id_}"
    return {"id": id_, "aliases": list(aliases), "fixed_in": list(fixed), "summary": summary}


def npm_advisory(id_: str, affected: str) -> dict[str, Any]:
    """An advisory as npm's bulk endpoint has it."""
    return {
        "id": 1234, "url": f"https://github.com/advisories/{id_}", "title": f"Title of {id_}",
        "severity": "high", "vulnerable_versions": affected, "cwe": [],
    }  # fmt: skip


def handler(database: Database, tls: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    """What answers for all of them."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes

        def do_CONNECT(self) -> None:
            """Be the proxy, and at once the host behind it."""
            self.send_response(200)
            self.end_headers()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb")
            self.close_connection = False

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            if parts[0] == "pypi" and len(parts) == 4:  # pypi/NAME/VERSION/json
                database.asked.add((parts[1], parts[2]))
                if database.knows_python:
                    self.reply({"vulnerabilities": database.python.get(parts[1], [])})
                else:
                    self.reply({}, 404)
            else:  # npm: a package's versions
                name = "/".join(parts).replace("%2f", "/")
                versions = {v: {"name": name, "version": v} for v in ("2.1148.1", "9999.0.0")}
                self.reply(
                    {"name": name, "versions": versions, "dist-tags": {"latest": "9999.0.0"}}
                )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            asked = json.loads(body)
            if self.path == "/v1/query":  # OSV: google.github.io/osv.dev/post-v1-query
                name = asked["package"]["name"]
                database.asked.add((name, asked["version"]))
                self.reply({"vulns": osv} if (osv := database.python.get(name)) else {})
            else:
                database.npm_asked |= set(asked)
                known = {name: some for name, some in database.npm.items() if name in asked}
                self.reply(known, database.npm_status)

        def reply(self, value: Any, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def databases(folder: Path) -> Iterator[Database]:
    """All three on one port; `environ` of it leads an audit there, and nowhere else."""
    database = Database()
    authority, tls = certificate(folder, "pypi.org")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(database, tls))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    database.url = f"http://127.0.0.1:{server.server_port}"
    database.environ = {
        "HTTPS_PROXY": database.url,
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": str(authority),
        "NPM_CONFIG_REGISTRY": database.url,
        "NPM_CONFIG_CACHE": str(folder / "npm"),
        "XDG_CACHE_HOME": str(folder / "cache"),  # pip-audit's
    }
    try:
        yield database
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for a host that only who is told to will trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
