"""Base images to build on: one from Debian's packages, one with the layout of the real `python:slim`.

`python:3.13-slim` has CPython by `make install` in /usr/local, with a shared libpython that the program
finds by the rpath `$ORIGIN/../lib`. Machines that cannot pull it make an image of that layout from a
Python of their own that was installed in the same way.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Where a Python with a shared libpython may have been installed from its sources.
PREFIXES = (
    *(Path(sys.base_prefix), Path("/usr/local")),
    *Path.home().glob(".pyenv/versions/3.*"),
    *Path("/opt/hostedtoolcache/Python").glob("3.*/x64"),
)
SUPPORTED = range(11, 15)
# What `python:slim` does not have, or what is not part of the installation itself.
LEFT_OUT = re.compile(
    r"(^|/)(test|idlelib|tkinter|__pycache__|config-3[^/]*)(/|$)|\.a$"
    r"|/site-packages/(?!pip)|^(share|include)/|^bin/(?!python3?(\.\d+)?$|pip)"
)
REMOVE_PYTHON = "rm -rf /usr/bin/python* /usr/bin/pip* /usr/bin/py3* /usr/lib/python3*"


def shared_python() -> tuple[int, Path] | None:
    """The newest supported Python with a shared libpython: its minor version and its prefix."""
    found = [
        (minor, prefix)
        for prefix in PREFIXES
        for minor in SUPPORTED
        if (prefix / f"lib/libpython3.{minor}.so.1.0").is_file()
        and (prefix / f"bin/python3.{minor}").is_file()
        and prefix != Path("/usr")
    ]
    return max(found, default=None)


def build_context(debian: str, minor: int, prefix: Path) -> bytes:
    """The tar that `docker build -` reads: a Dockerfile, and the installation as `usr-local/`.

    Args:
        debian: the image that it is put into, in place of its own Python.
        minor: of the Python's version, 13 for 3.13.
        prefix: where it is installed.
    """
    recipe = (
        f"FROM {debian}\nRUN {REMOVE_PYTHON}\nCOPY usr-local/ /usr/local/\n"
        'RUN ldconfig && python -c "import ssl, ctypes, zlib" && python -m pip --version\n'
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, tarfile.TarInfo("Dockerfile"), recipe.encode())
        for path in sorted(prefix.rglob("*")):
            name = path.relative_to(prefix).as_posix()
            if LEFT_OUT.search(name) or (path.is_dir() and not path.is_symlink()):
                continue
            entry = tar.gettarinfo(path, f"usr-local/{name}")
            entry.uid = entry.gid = entry.mtime = 0
            if not entry.isreg():
                tar.addfile(entry)
                continue
            data = _stripped(path) if re.search(r"\.so(\.[\d.]+)?$", name) else path.read_bytes()
            if name == f"bin/python3.{minor}":
                data = _with_relative_rpath(data, f"{prefix}/lib")
            elif name.startswith("bin/"):  # pip's launcher names its interpreter
                data = data.replace(f"{prefix}/bin".encode(), b"/usr/local/bin")
            _add(tar, entry, data)
    return out.getvalue()


def _stripped(library: Path) -> bytes:
    """A shared library without its symbols for debuggers, as in `python:slim`."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "--strip-unneeded", "-o", out.name, library], check=True)
        return Path(out.name).read_bytes()


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, data: bytes) -> None:
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _with_relative_rpath(program: bytes, folder: str) -> bytes:
    """The program with `$ORIGIN/../lib` in place of the folder that its rpath names."""
    old, new = folder.encode() + b"\0", b"$ORIGIN/../lib\0"
    if b"$ORIGIN/../lib\0" in program:
        return program
    if old not in program or len(new) > len(old):
        raise ValueError(f"the program has no rpath {folder}")
    return program.replace(old, new.ljust(len(old), b"\0"))


def like_python_slim(debian: str) -> str | None:
    """The name of an image with the layout of `python:slim`, made if need be.

    Args:
        debian: an image of Debian that has Python's own libraries.

    Returns:
        None where this machine has no Python that was installed from its sources, or no `strip`.
    """
    python = shared_python()
    if python is None or shutil.which("strip") is None:
        return None
    tag = f"qabot-base-usr-local:3.{python[0]}"
    if subprocess.run(
        ["docker", "image", "inspect", tag], capture_output=True, check=False
    ).returncode:
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", tag, "-"],
            input=build_context(debian, *python),
            check=True,
            capture_output=True,
        )
    return tag
