"""`cdk.json`: any bytes are settings or problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot.console.text import for_log
from qabot.deployment.settings import RULES, SETTINGS_FILE, read_settings
from qabot.errors import SettingsError
from tests.conftest import ROOT
from tools.fuzzing.scratch import Scratch
from tools.fuzzing.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = Scratch()


def run(data: bytes) -> None:
    """Read one file."""
    root = SCRATCH.fresh()
    (root / SETTINGS_FILE).write_bytes(data)
    try:
        settings = read_settings(root)
    except SettingsError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.path == SETTINGS_FILE
            assert problem.line >= 0
            assert problem.column >= 0
            for_log(str(problem)).encode()
        return
    for name, rule in RULES.items():
        assert rule.allows(getattr(settings, name)), name


def seeds() -> Sequence[bytes]:
    """The real file, and small ones."""
    small = '{"context": {"qabot": {"//x": "about", "cpu": 256, "memory": 512, "spot": true}}}'
    return [
        (ROOT / SETTINGS_FILE).read_bytes(),
        small.encode(),
        small.replace("512", "513").replace("true", '"yes"').encode(),
        b'{"context": {"qabot": {"cpu": 1, "cpu": 2}}}',
        b"[]",
        b"",
    ]


TARGET = Target(
    name="settings",
    holds="settings that their rules allow, or problems with their places",
    run=run,
    seeds=seeds,
    words=[*(f'"{name}": ' for name in RULES), "null", "1e999", "-1", "NaN", "\\ud800", '"//'],
    around=SCRATCH.around,
    longest=8192,
)
