"""The page of a repository whose every text and name is hostile, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qabot.cli import main
from tests.qabot.site.conftest import Viewer
from tests.qabot.test_hostile import NAMES, TEXTS, origin, run  # noqa: F401


@pytest.mark.usefixtures("run")
def test_it_shows_it_all_as_text(tmp_path: Path, viewer: Viewer) -> None:
    main(["answer"])
    assert main(["site", "--out", str(tmp_path / "public")]) == 0
    path = tmp_path / "public/index.html"
    page = viewer.open(path)
    count = page.eval_on_selector_all("article", "all => all.length")
    assert count == 4 * len(NAMES) + 2 * len(TEXTS)
    heard: list[Any] = page.evaluate("[document.title, document.querySelectorAll('img').length]")
    assert heard[0] != "pwned"
    assert heard[1] == 0
    assert viewer.requests == [path.as_uri()]
