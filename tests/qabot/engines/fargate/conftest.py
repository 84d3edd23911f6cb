"""Fixtures for the tests of the fargate engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qabot.engines.fargate.bench import deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.emulator import Cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with deployed(monkeypatch) as cloud:
        yield cloud
