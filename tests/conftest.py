"""Fixtures for the tests of all packages."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent

# Property tests find the same examples in every run on CI, and no test fails for being slow there.
settings.register_profile(
    "qabot",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("qabot")


# Tests that start a browser, a cloud, containers, or many processes; paths below tests/.
SLOW = (
    "answerer/exporting/",
    "answerer/test_main.py",
    "answerer/test_model.py",
    "answerer/test_worker.py",
    "container/",
    "infra/",
    "qabot/aws/test_stack.py",
    "qabot/commands/test_cloud.py",
    "qabot/commands/test_site.py::test_live",
    "qabot/deployment/test_settings.py::test_any_values",
    "qabot/documents/test_extract.py::test_reading",
    "qabot/engines/fargate/",
    "qabot/github/test_publish.py",
    "qabot/models/test_local.py",
    "qabot/nodes/test_readers.py::test_more_values",
    "qabot/questions/test_read.py::test_no_data",
    "qabot/run/test_documents.py",
    "qabot/site/",
    "qabot/test_hostile.py",
    "qabot/test_killed.py",
    "test_audit.py",
    "test_documents.py::test_the_commands",
    "test_run_task.py",
    "test_scripts.py",
    "test_wheel.py",
    "tools/",
    "workflows/",
)


# The longest of them. They begin first, so that no processor waits for one of them in the end.
LONGEST = ("tools/rehearsal/", "container/", "workflows/test_hub", "test_documents.py::test_the_c")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, so that `-m "not slow"` leaves them out, and begin with the longest."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(LONGEST))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import slow tests that `-m "not slow"` leaves out: it would take half of the time."""
    if config.getoption("markexpr") != "not slow" or not collection_path.is_relative_to(TESTS):
        return None
    path = collection_path.relative_to(TESTS).as_posix()
    return True if path in SLOW or f"{path}/" in SLOW else None


def environ(**more: str) -> dict[str, str]:
    """The environment of a process that runs this checkout's code.

    Args:
        more: variables besides those of the tests.
    """
    path = os.pathsep.join(str(ROOT / name) for name in ("scripts", "container", "."))
    return {**os.environ, "PYTHONPATH": path, **more}


def pytest_configure() -> None:
    """Make the suite independent of where it is started.

    On GitHub, GITHUB_* and RUNNER_* describe the job of the suite itself; what is tested must not see
    them. In the background of a shell SIGINT is ignored, and processes that tests start and interrupt
    would inherit that.
    """
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "RUNNER_", "ACTIONS_")):
            del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Repository:
    """A scratch repository with `questions/` and `answers/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "questions").mkdir()

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file, its folders made."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def read(self, path: str) -> str:
        """A file's text."""
        return (self.root / path).read_text(encoding="utf-8")

    def files(self, folder: str) -> dict[str, bytes]:
        """Every file below a folder, by its path."""
        top = self.root / folder
        return {
            file.relative_to(self.root).as_posix(): file.read_bytes()
            for file in sorted(top.rglob("*"))
            if file.is_file()
        }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests of a worker; where there is none they are skipped."""
    from tools.benchmark.browser import NoBrowserError, chromium

    try:
        with chromium() as browser:
            yield browser
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A scratch repository."""
    return Repository(tmp_path)
