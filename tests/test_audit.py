"""`scripts/audit`, with the real pip-audit and npm, against databases on this machine."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.local_server import Handler, serving

NPM_ADVISORY = {
    "id": 1234,
    "url": "https://github.com/advisories/GHSA-npm-npm-npm",
    "title": "A hole",
    "severity": "high",
    "vulnerable_versions": "<9999",
    "cwe": [],
}


class Databases:
    """OSV (google.github.io/osv.dev/post-v1-query) and npm's registry, on one port."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}  # advisories by the package's name
        self.asked: set[str] = set()

    def reply(self, path: str, body: Any) -> Any:
        """The reply to a request's body."""
        if path == "/v1/query":
            package = body["package"]["name"]
            self.asked.add(f"{package}=={body['version']}")
            return {"vulns": [self.known[package]]} if package in self.known else {}
        self.asked |= set(body)
        return {name: [self.known[name]] for name in body if name in self.known}


@pytest.fixture
def databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Databases]:
    made = Databases()

    class DatabaseHandler(Handler):
        def do_POST(self) -> None:
            body = self.body()
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            self.reply(200, json.dumps(made.reply(self.path, json.loads(body))).encode())

        def do_GET(self) -> None:  # npm: a package's versions
            versions = {"9999.0.0": {"name": self.path[1:], "version": "9999.0.0"}}
            document = {"name": self.path[1:], "versions": versions}
            self.reply(200, json.dumps(document).encode())

    with serving(DatabaseHandler) as url:
        monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"{url}/v1/query")
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", url)
        monkeypatch.setenv("NPM_CONFIG_CACHE", str(tmp_path / "npm"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield made


def audit(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts/audit"], env=os.environ | environ, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_every_lock_is_audited(databases: Databases) -> None:
    done = audit()
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        ["git", "ls-files", "requirements/*.txt", "container/*.txt"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    pins = {
        line.partition(" ")[0].removesuffix("\\")
        for name in listed
        for line in (ROOT / name).read_text("utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    assert len(pins) > 100
    # Only the spelling of a name may differ: packaging.python.org, name normalisation.
    assert {pin.replace("_", "-").lower() for pin in pins} <= databases.asked
    assert {"aws-cdk", "esbuild"} <= databases.asked


def test_vulnerabilities_fail(databases: Databases) -> None:
    databases.known["urllib3"] = {"id": "GHSA-osv-osv-osv", "summary": "A hole", "affected": []}
    databases.known["aws-cdk"] = NPM_ADVISORY
    done = audit()
    assert done.returncode == 1
    assert "GHSA-osv-osv-osv" in done.stdout
    assert "GHSA-npm-npm-npm" in done.stdout
