"""The audit: what the locks name, against what is known of it.

QABOT_AUDIT=required makes it a failure that the databases can't be asked; QABOT_AUDIT=off skips it.
Exit codes: 0 nothing found, or not audited; 1 found, or not audited where it is required; 2 wrong use.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditing import npm, pypi
from auditing.accepted import PATH, read_accepted
from auditing.found import Audit, NotAudited, Vulnerability
from auditing.locks import one_version_each, read_locks
from qabot.console.reporter import Reporter, clean, count, for_log
from qabot.errors import Problem, UsageError
from qabot.exit_codes import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "QABOT_AUDIT"


def main(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> int:
    """Audit, and tell what was found; the summary, one line, goes to standard output.

    Args:
        root: the repository.
        environ: `QABOT_AUDIT` is read.

    Returns:
        The exit code; see the module.
    """
    report = Reporter()
    return settle(lambda: _audit(root, environ.get(VARIABLE, ""), report), report)


def _audit(root: Path, wanted: str, report: Reporter) -> int:
    if wanted not in ("", "required", "off"):
        raise UsageError(f"{VARIABLE} is {wanted!a}; it must be required or off, or unset")
    if wanted == "off":
        print(f"not audited: {VARIABLE} is off")
        return 0
    accepted = read_accepted(root, datetime.now(UTC).date())
    pins = one_version_each(read_locks(root))
    jobs: list[tuple[str, Callable[[], Audit]]] = [
        *(("Python package", partial(pypi.audit, some)) for some in pins),
        *(("npm package", partial(npm.audit, root, folder)) for folder in npm.FOLDERS),
    ]
    audits: dict[str, list[Audit]] = defaultdict(list)
    not_audited: dict[str, str] = {}
    with ThreadPoolExecutor(len(jobs)) as pool:
        for kind, running in [(kind, pool.submit(job)) for kind, job in jobs]:
            try:
                audit = running.result()
                audits[kind].append(audit)
            except NotAudited as error:
                not_audited.setdefault(kind, clean(str(error), 200))
    found = [one for some in audits.values() for audit in some for one in audit.found]
    unaccepted = [one for one in found if not any(entry.covers(one) for entry in accepted)]
    report.problems(tuple(sorted(map(_problem, unaccepted))))
    # Where not everything was asked for, nothing can be said of what is not there any more.
    for entry in () if not_audited else accepted:
        if not any(entry.covers(one) for one in found):
            what = f"{entry.package} has {entry.id} no longer"
            problem = Problem(PATH, entry.line, 0, what, "take the entry out")
            report.warning(str(problem), problem)
    unknown = sorted(name for some in audits.values() for audit in some for name in audit.unknown)
    print(for_log(_summary(audits, not_audited, unknown, len(unaccepted)), 1000))
    missing = bool(not_audited or unknown) and wanted == "required"
    if missing:
        report.error(f"{VARIABLE}=required, and not everything could be audited")
    return 1 if unaccepted or missing else 0


def _problem(found: Vulnerability) -> Problem:
    """A vulnerability as a problem of its lock, which says how to get rid of it."""
    names = ", ".join(found.ids[:3])
    what = f"{found.package} {found.version} has a known vulnerability, {names}"
    if found.summary:
        what += f" ({clean(' '.join(found.summary.split()), 120)})"
    return Problem(
        found.path, found.line, 0, what, f"{found.update}; or accept it for a while in {PATH}"
    )


def _summary(
    audits: Mapping[str, Sequence[Audit]],
    not_audited: Mapping[str, str],
    unknown: Sequence[str],
    vulnerabilities: int,
) -> str:
    parts = []
    if audits:
        packages = " and ".join(
            count(sum(audit.packages for audit in some), kind) for kind, some in audits.items()
        )
        known = (
            f"{vulnerabilities:,} known vulnerabilit{'y' if vulnerabilities == 1 else 'ies'}"
            if vulnerabilities
            else "no known vulnerability"
        )
        parts.append(f"{packages}: {known}")
    if not_audited:
        why = "; ".join(f"{kind}s ({said})" for kind, said in not_audited.items())
        parts.append(f"not audited: {why}")
    if unknown:
        parts.append(f"not known to the database: {', '.join(unknown)}")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
