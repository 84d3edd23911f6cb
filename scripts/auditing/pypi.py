"""Python packages, by pip-audit: https://github.com/pypa/pip-audit.

It asks PyPI, which knows the advisories of the Python Packaging Advisory Database and of GitHub. Its
own variables choose otherwise, such as PIP_AUDIT_VULNERABILITY_SERVICE=osv and PIP_AUDIT_OSV_URL.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditing import tool
from auditing.found import Audit, NotAudited, Vulnerability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditing.locks import Pin

# Of one request, seconds; there is one for each package.
_TIMEOUT = 10
# Of all requests together; with what is asked for the first time they take some seconds.
_PATIENCE = 600


def audit(pins: Sequence[Pin]) -> Audit:
    """Ask for the known vulnerabilities of some packages.

    Args:
        pins: no two of the same package.

    Raises:
        NotAudited: pip-audit could not ask, or PyPI knows none of the packages.
    """
    # Without the hashes, which only say which files may be installed, and without the markers: what is
    # locked for another Python or platform is installed there.
    with tempfile.TemporaryDirectory(prefix="qabot-audit-") as folder:
        file = Path(folder, "pins.txt")
        file.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), "utf-8")
        reply = _pip_audit(file)
    by_name = {pin.name: pin for pin in pins}
    audit = Audit(len(pins))
    for one in reply["dependencies"]:
        if "skip_reason" in one:
            audit.unknown.append(one["name"])
        else:
            audit.found += [_vulnerability(by_name[one["name"]], vuln) for vuln in one["vulns"]]
    if len(audit.unknown) == len(pins):
        raise NotAudited(f"the database knows none of {len(pins)} packages")
    return audit


def _pip_audit(file: Path) -> Any:
    command = [
        *(
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(file),
            "--no-deps",
            "--disable-pip",
        ),
        *("--format", "json", "--output", "-", "--desc", "on", "--aliases", "on"),
        *("--progress-spinner", "off", "--timeout", str(_TIMEOUT)),
    ]
    return tool.ask("pip-audit", command, _PATIENCE, why=_why)


def _why(said: str) -> str:
    """The line of what pip-audit said that tells most: of its own, or the last one of a traceback."""
    own = re.search(r"^ERROR:pip_audit\S*?:(.+)", said, re.MULTILINE)
    if own is not None:
        return own[1]
    raised = re.findall(r"^[\w.]+: (.+)", said, re.MULTILINE)
    last = raised[-1] if raised else (said.strip().splitlines() or [""])[-1]
    # requests tells of every layer; the innermost says what happened.
    return str(last.rpartition("Caused by ")[2])


def _vulnerability(pin: Pin, vuln: dict[str, Any]) -> Vulnerability:
    fixed = vuln["fix_versions"]
    raised = f"scripts/lock --upgrade-package {pin.name}"
    if pin.path == "requirements/torch.txt":
        raised = "write the version there and as TORCH_VERSION in container/Dockerfile"
    update = (
        f"fixed in {', '.join(fixed)}: {raised}"
        if fixed
        else "no version is known to be without it: do without the package"
    )
    ids = (vuln["id"], *sorted(vuln.get("aliases", ())))
    summary = vuln.get("description") or ""
    return Vulnerability(pin.name, pin.version, ids, summary, pin.path, pin.line, update)
