"""All of a file or nothing, and nothing beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qabot import atomic_write as in_one_step


def test_a_file_is_written_over_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 250 + ".yaml")  # as long as a name can be
    for data in (b"one", b"two"):
        in_one_step.write(path, data)
        assert path.read_bytes() == data
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_can_not_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def full(begun: Path, data: bytes) -> int:
        with begun.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        in_one_step.write(path, b"after")
    with pytest.raises(OSError, match="No space left"):
        in_one_step.create(tmp_path / "b", b"after")
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("links", [True, False])
def test_what_is_there_is_not_written_over(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:

        def none(*_: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", none)
    path = tmp_path / "a"
    in_one_step.create(path, b"first")
    with pytest.raises(FileExistsError):
        in_one_step.create(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
