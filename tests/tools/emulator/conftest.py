"""Fixtures for the tests of the emulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tools.emulator.launcher import Launcher, echo
from tools.emulator import emulated_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    with emulated_cloud(program=echo) as cloud:
        yield Launcher(cloud)
