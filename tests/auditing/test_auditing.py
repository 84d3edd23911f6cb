"""`scripts/audit`, with the real pip-audit and npm, against databases on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from auditing.locks import LOCKS, one_version_each, read_locks
from auditing.npm import FOLDERS
from tests.auditing.services import Database, advisory, databases, npm_advisory
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "container/requirements.txt"
URLLIB3 = "urllib3==2.8.0"
TODAY_2000 = "2000-01-01"
ACCEPTED = """\
[[accepted]]
id = "{id}"
package = "urllib3"
reason = "only with a proxy"
until = {until}
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with databases(tmp_path_factory.mktemp("databases")) as found:
        yield found


@pytest.fixture
def repository(tmp_path: Path, database: Database) -> Path:
    """Small locks, where tests can change them, and databases that know of nothing bad."""
    fresh = Database()
    fresh.url, fresh.environ = database.url, database.environ
    database.__dict__.update(fresh.__dict__)
    for name in LOCKS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# Written by a test\n")
    (tmp_path / LOCK).write_text(
        f"# Written by a test\nboto3==1.44.5 \\\n    --hash=sha256:00\n    # via\n{URLLIB3} \\\n"
        "    --hash=sha256:01 \\\n    --hash=sha256:02\n"
    )
    (tmp_path / "requirements/torch.txt").write_text("torch==2.13.0\n")
    for folder in FOLDERS:
        for name in ("package.json", "package-lock.json"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / folder / name, tmp_path / folder / name)
    return tmp_path


def audit(
    root: Path, database: Database, cache: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run it as `scripts/audit` does, and let it reach what the test has and nothing else."""
    code = (
        "import sys; from pathlib import Path; from auditing.__main__ import main; "
        "sys.exit(main(Path(sys.argv[1])))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(root)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(cache or root),
            "PYTHONPATH": f"{ROOT}/scripts:{ROOT}/container",
            **database.environ,
            "XDG_CACHE_HOME": str(cache or root / "cache"),
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_has_no_known_vulnerability_passes(
    tmp_path: Path, repository: Path, database: Database
) -> None:
    accepted = (ROOT / "requirements/accepted.toml").read_text()
    assert "\n[[accepted]]" not in accepted, "what this repository accepts would be told here"
    done = audit(ROOT, database, tmp_path / "cache", QABOT_AUDIT="required")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert re.fullmatch(
        r"\d+ Python packages and \d+ npm packages: no known vulnerability\n", done.stdout
    )
    # Each version that a lock names was asked for, also what another Python or platform installs.
    assert database.asked == {(pin.name, pin.version) for pin in read_locks(ROOT)}
    assert {"aws-cdk", "esbuild"} <= database.npm_asked


def test_a_vulnerability_says_where_it_is_and_what_to_do(
    repository: Path, database: Database
) -> None:
    database.python["urllib3"] = [advisory("PYSEC-2026-1", "9.9.1", aliases=("CVE-2026-77",))]
    database.npm["aws-cdk"] = [npm_advisory("GHSA-abcd-efgh-ijkl", "<9999")]
    done = audit(repository, database)
    assert done.returncode == 1
    python, npm = done.stderr.splitlines()
    assert python == (
        f"{LOCK}:5: urllib3 2.8.0 has a known vulnerability, PYSEC-2026-1, "
        "CVE-2026-77 (Summary of PYSEC-2026-1); fixed in 9.9.1: scripts/lock --upgrade-package "
        "urllib3; or accept it for a while in requirements/accepted.toml"
    )
    assert npm.startswith(
        "package-lock.json: aws-cdk 2.1148.1 has a known vulnerability, GHSA-abcd-efgh-ijkl"
    )
    assert "npm audit fix --package-lock-only" in npm
    assert done.stdout.endswith(": 2 known vulnerabilities\n")


def test_on_github_it_becomes_an_annotation(repository: Path, database: Database) -> None:
    database.python["urllib3"] = [advisory("GHSA-1")]
    database.python["torch"] = [advisory("GHSA-2", "99.0")]
    done = audit(repository, database, GITHUB_ACTIONS="true")
    urllib3, torch = done.stderr.splitlines()
    assert urllib3.startswith(f"::error file={LOCK},line=5::urllib3 ")
    assert "no version is known to be without it: do without the package" in urllib3
    assert torch.startswith("::error file=requirements/torch.txt,line=1::torch ")
    assert "TORCH_VERSION in container/Dockerfile" in torch


def test_what_is_accepted_passes_until_its_day(repository: Path, database: Database) -> None:
    accepted = repository / "requirements/accepted.toml"
    database.python["urllib3"] = [
        advisory("PYSEC-2026-1", "9.9.1", aliases=("CVE-2026-77",)),
        advisory("PYSEC-2026-2"),
    ]
    accepted.write_text(ACCEPTED.format(id="CVE-2026-77", until="2999-01-01"))
    done = audit(repository, database)
    assert done.returncode == 1
    assert "PYSEC-2026-2" in done.stderr, "another one of the same package is not covered"
    assert "PYSEC-2026-1" not in done.stderr
    assert ": 1 known vulnerability\n" in done.stdout
    # The day has passed: that fails whether or not the database is there.
    accepted.write_text(ACCEPTED.format(id="CVE-2026-77", until=TODAY_2000))
    done = audit(repository, database, HTTPS_PROXY="http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr == (
        "requirements/accepted.toml:1: CVE-2026-77 of urllib3 was accepted until 2000-01-01; "
        "mend it now, or give a new reason and a later day\n"
    )
    # What is there no longer should go from the list.
    database.python.clear()
    accepted.write_text("\n\n" + ACCEPTED.format(id="CVE-2026-77", until="2999-01-01"))
    done = audit(repository, database)
    assert done.returncode == 0
    assert done.stderr == (
        "requirements/accepted.toml:3: urllib3 has CVE-2026-77 no longer; take the entry out\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accepted]", "write it as TOML"),
        ("accepted = 1", "begin each entry with [[accepted]]"),
        ('[[accepted]]\nid = "X"', ":1: an entry has id, package, reason and until"),
        (ACCEPTED.format(id=" ", until="2999-01-01"), "id is not a text"),
        (ACCEPTED.format(id="X", until='"2999-01-01"'), "until is not a date"),
        (ACCEPTED.format(id="X", until="2999-01-01T00:00:00"), "until is not a date"),
    ],
    ids=["toml", "list", "missing", "blank", "text-date", "datetime"],
)
def test_a_mistake_in_what_is_accepted_is_told(
    text: str, said: str, repository: Path, database: Database
) -> None:
    (repository / "requirements/accepted.toml").write_text(text)
    done = audit(repository, database)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_one_line_says_so(repository: Path, database: Database) -> None:
    done = audit(
        repository,
        database,
        HTTPS_PROXY="http://127.0.0.1:9",
        NPM_CONFIG_REGISTRY="http://127.0.0.1:9",
        NPM_CONFIG_FETCH_RETRIES="0",
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith("not audited: Python packages (")
    assert "onnection" in done.stdout, "and why"
    assert "; npm packages (" in done.stdout


def test_an_index_that_has_no_advisories_is_told(repository: Path, database: Database) -> None:
    database.knows_python = False
    database.npm_status = 405
    done = audit(repository, database, QABOT_AUDIT="required")
    assert done.stdout.startswith("not audited: Python packages (the database knows none of ")
    assert "npm packages (405 Method Not Allowed" in done.stdout
    # Where it is required, that is a failure.
    assert done.returncode == 1
    assert "QABOT_AUDIT=required, and not everything could be audited" in done.stderr


def test_half_an_audit_finds_what_it_can(repository: Path, database: Database) -> None:
    database.knows_python = False
    database.npm["aws-cdk"] = [npm_advisory("GHSA-abcd-efgh-ijkl", "<9999")]
    done = audit(repository, database)
    assert done.returncode == 1
    assert "GHSA-abcd-efgh-ijkl" in done.stderr
    assert "1 known vulnerability; not audited: Python packages" in done.stdout


def test_osv_can_be_asked_instead(repository: Path, database: Database) -> None:
    osv = {"id": "GHSA-osv", "summary": "S", "affected": []}
    database.python["urllib3"] = [osv]
    done = audit(
        repository,
        database,
        PIP_AUDIT_VULNERABILITY_SERVICE="osv",
        PIP_AUDIT_OSV_URL=f"{database.url}/v1/query",
    )
    assert done.returncode == 1
    assert "urllib3 2.8.0 has a known vulnerability, GHSA-osv" in done.stderr


def test_it_can_be_left_out(repository: Path, database: Database) -> None:
    done = audit(repository, database, QABOT_AUDIT="off")
    assert (done.returncode, done.stdout) == (0, "not audited: QABOT_AUDIT is off\n")
    assert not database.asked
    done = audit(repository, database, QABOT_AUDIT="no")
    assert done.returncode == 2
    assert "QABOT_AUDIT is 'no'; it must be required or off, or unset" in done.stderr


def test_a_lock_without_a_hash_is_told(repository: Path, database: Database) -> None:
    lock = repository / LOCK
    lock.write_text(lock.read_text() + "sneaky==1.0\nloose>=2 --hash=sha256:00\n")
    (repository / "requirements/cloud.txt").unlink()
    done = audit(repository, database)
    assert done.returncode == 2
    first, second, missing = done.stderr.splitlines()
    assert re.match(rf"{LOCK}:\d+: not a version with its hashes; run scripts/lock", first)
    assert first != second
    assert missing.startswith("requirements/cloud.txt: No such file or directory")


def test_every_lock_is_audited() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "requirements*.txt", "*/requirements*.txt", "*package-lock.json"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    npm = {(Path(folder) / "package-lock.json").as_posix() for folder in FOLDERS}
    assert set(listed) == set(LOCKS) | npm


def test_the_workflow_requires_it_weekly_and_where_a_lock_changes() -> None:
    def read(name: str) -> Any:
        text = (ROOT / ".github/workflows" / name).read_text("utf-8")
        return yaml.load(text, yaml.BaseLoader)  # `on` is no boolean

    audit = read("audit.yml")
    (*_, step) = audit["jobs"]["audit"]["steps"]
    assert (step["run"], step["env"]["QABOT_AUDIT"]) == ("scripts/audit", "required")
    assert audit["on"]["schedule"]
    for event in ("push", "pull_request"):
        patterns = [pattern.removeprefix("**/") for pattern in audit["on"][event]["paths"]]
        for lock in (*LOCKS, "requirements/accepted.toml", "tests/workflows/package-lock.json"):
            assert any(fnmatch(lock, f"*{pattern}") for pattern in patterns), (event, lock)
    # A new advisory stops nobody whose change has nothing to do with it.
    (*_, step) = read("test.yml")["jobs"]["test"]["steps"]
    assert step["env"]["QABOT_AUDIT"] == "off"


def test_pip_audit_is_given_one_version_of_a_package_at_a_time() -> None:
    pins = read_locks(ROOT)
    lists = one_version_each(pins)
    assert sorted(pin.name for some in lists for pin in some) == sorted(pin.name for pin in pins)
    for some in lists:
        assert len({pin.name for pin in some}) == len(some)
    assert len(lists) == 2, "numpy and others have a version of their own for Python 3.11"
