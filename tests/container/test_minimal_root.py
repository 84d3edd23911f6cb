"""The files that the image keeps of its base; tests/container/test_image.py tests the whole image."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from minimal_root import Root, libraries


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base whose /lib is a link into /usr, as Debian's is."""
    base = tmp_path / "base"
    (base / "usr/lib/python/test").mkdir(parents=True)
    (base / "lib").symlink_to("usr/lib")
    (base / "usr/lib/libx.so.1.2").write_bytes(b"x")
    (base / "usr/lib/libx.so.1").symlink_to("libx.so.1.2")
    (base / "usr/lib/python/os.py").write_text("")
    (base / "usr/lib/python/test/regrtest.py").write_text("")
    tool = base / "usr/lib/tool"
    tool.write_text("")
    tool.chmod(0o6777)
    return base


def test_a_link_is_copied_with_its_target_and_the_links_above_it(
    base: Path, tmp_path: Path
) -> None:
    root = Root(tmp_path / "out")
    root.add(base / "lib/libx.so.1")
    there = tmp_path / "out" / base.relative_to("/")
    assert (there / "lib").readlink() == Path("usr/lib")
    assert (there / "usr/lib/libx.so.1").readlink() == Path("libx.so.1.2")
    assert (there / "lib/libx.so.1").read_bytes() == b"x"
    assert root.copied == {base / "usr/lib/libx.so.1.2"}


def test_unused_names_are_left_out_of_a_folder(base: Path, tmp_path: Path) -> None:
    Root(tmp_path / "out").add(base / "usr/lib/python", ("test",))
    there = tmp_path / "out" / base.relative_to("/") / "usr/lib/python"
    assert sorted(path.name for path in there.iterdir()) == ["os.py"]


def test_in_a_folder_nothing_is_executable_and_scripts_are_left_out(
    base: Path, tmp_path: Path
) -> None:
    library = base / "usr/lib/python"
    names = ("fetch_macholib", "pdb.py", "_ssl.cpython-313-x86_64-linux-gnu.so", "libz.so.1")
    for name in names:
        (library / name).write_text("")
        (library / name).chmod(0o755)
    Root(tmp_path / "out").add(library, ("test",))
    there = tmp_path / "out" / library.relative_to("/")
    assert sorted(path.name for path in there.iterdir()) == sorted([*names[1:], "os.py"])
    assert {path.stat().st_mode & 0o777 for path in there.iterdir()} == {0o644}


def test_nothing_is_setuid_or_writable_for_others(base: Path, tmp_path: Path) -> None:
    Root(tmp_path / "out").add(base / "usr/lib/tool")
    copied = tmp_path / "out" / (base / "usr/lib/tool").relative_to("/")
    assert copied.stat().st_mode & 0o7777 == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="the image is Linux")
def test_the_libraries_of_python_are_found() -> None:
    names = {path.name for path in libraries([Path(sys.executable).resolve()])}
    assert "libc.so.6" in names
    assert [name for name in names if name.startswith("ld-linux")], "the loader itself"


def test_a_library_that_the_base_lacks_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ldd = tmp_path / "ldd"
    ldd.write_text("#!/bin/sh\nprintf '\\tlibgone.so.1 => not found\\n'\n")
    ldd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SystemExit, match=r"base image lacks libgone.so.1; use another BASE_IMAGE"):
        libraries([tmp_path / "x"])
