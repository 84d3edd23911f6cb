"""Gather what Python and the packages need, and nothing else of the base, into a new root.

    python minimal_root.py OUT PACKAGES    while the image is built; needs ldd and ldconfig

The result has no shell, no package manager, no pip, nothing setuid and nothing writable: an attacker
cannot use what is not there. Everything is taken from the base, whichever it is: the interpreter
that runs this, its standard library, and the shared libraries that ldd finds for it and the packages.
"""

from __future__ import annotations

import compileall
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

# Left out of the standard library: tests, teaching, drawing and installing, and modules that need
# libraries which answering never opens.
UNUSED = (
    "test", "idlelib", "turtledemo", "tkinter", "turtle.py", "ensurepip", "lib2to3", "pydoc_data",
    "distutils", "venv", "site-packages", "dist-packages", "__pycache__", "config-*", "__phello__",
    "sqlite3", "curses", "dbm",
)  # fmt: skip
UNUSED_EXTENSIONS = (
    "_test*", "_xxtest*", "xxlimited*", "_ctypes_test*", "_tkinter*", "_sqlite3*", "_curses*", "_dbm*",
    "_gdbm*", "readline*", "nis*", "_crypt*", "ossaudiodev*",
)  # fmt: skip
# Certificates (for SSL_CERT_FILE and AWS_CA_BUNDLE), the settings of OpenSSL and of the loader, UTF-8,
# and the files by which scanners recognise a system.
FILES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf", "/usr/lib/ssl/cert.pem",
    "/usr/lib/ssl/openssl.cnf", "/usr/lib/locale/C.utf8", "/usr/lib/os-release", "/etc/os-release",
    "/etc/ld.so.conf", "/etc/ld.so.conf.d",
)  # fmt: skip
# Of the executable files in a folder, those that are needed: Python and shared libraries.
NEEDED = re.compile(r"\.(py|so(\..*)?)$")
# Names are looked up in /etc/hosts, which the runtime writes, and in the DNS.
NSSWITCH = "hosts: files dns\n"


class Root:
    """A root file system under construction.

    Args:
        out: the folder that becomes `/`.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.copied: set[Path] = set()

    def add(self, path: Path, unused: tuple[str, ...] = ()) -> None:
        """Copy a file, a folder, or a link and its target, to the same path.

        Inside a folder nothing stays executable: programs that are not Python, such as the standard
        library's `ctypes/macholib/fetch_macholib`, are left out, and Python and shared libraries need
        no such permission.

        Args:
            path: absolute.
            unused: globs for the names that are left out of a folder.
        """
        self._add(path, unused, inside=False)

    def _add(self, path: Path, unused: tuple[str, ...], *, inside: bool) -> None:
        for parent in reversed(path.parents):
            if parent.is_symlink():  # such as /lib, which is /usr/lib
                self._link(parent)
        place = path.parent.resolve() / path.name
        target = self._out / place.relative_to("/")
        if place.is_symlink():
            self._link(place)
            self._add(place.parent / place.readlink(), unused, inside=inside)
        elif place.is_dir():
            for child in sorted(place.iterdir()):
                if not any(child.match(name) for name in unused):
                    self._add(child, unused, inside=True)
        elif not target.exists():
            executable = os.access(place, os.X_OK)
            if inside and executable and not NEEDED.search(place.name):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
            target.chmod(0o755 if executable and not inside else 0o644)
            self.copied.add(place)

    def _link(self, place: Path) -> None:
        target = self._out / (place.parent.resolve() / place.name).relative_to("/")
        if not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(place.readlink())

    def write(self, path: str, text: str) -> None:
        """Write a file.

        Args:
            path: absolute.
            text: its content.
        """
        target = self._out / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def libraries(binaries: list[Path]) -> set[Path]:
    """Find the shared libraries that programs and libraries need, the loader included.

    Args:
        binaries: ELF files.
    """
    found = subprocess.run(
        ["ldd", *map(str, binaries)], stdout=subprocess.PIPE, text=True, check=False
    )
    missing = re.findall(r"^\s+(\S+) => not found", found.stdout, re.MULTILINE)
    if missing:
        names = ", ".join(sorted(set(missing)))
        sys.exit(f"the base image lacks {names}; use another BASE_IMAGE")
    return {
        Path(path) for path in re.findall(r"(?:=>|^)\s+(/\S+) \(0x", found.stdout, re.MULTILINE)
    }


def keep_records(root: Root) -> None:
    """Keep the licence and the record of each Debian package that a copied file belongs to.

    In an image without dpkg, scanners look for packages in /var/lib/dpkg/status.d, one file per
    package: github.com/GoogleContainerTools/distroless.
    """
    if shutil.which("dpkg-query") is None:
        return  # not Debian
    # dpkg may list a file below /lib from before /lib became a link to /usr/lib.
    paths = {str(path) for path in root.copied}
    paths |= {path.removeprefix("/usr") for path in paths if path.startswith("/usr/lib")}
    found = subprocess.run(
        ["dpkg-query", "--search", *sorted(paths)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    ).stdout  # fmt: skip
    for package in sorted(set(re.findall(r"^([a-z0-9][a-z0-9.+-]*)(?=[:,])", found, re.MULTILINE))):
        status = subprocess.run(
            ["dpkg-query", "--status", package], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        root.write(f"/var/lib/dpkg/status.d/{package}", status)
        licence = Path("/usr/share/doc", package, "copyright")
        if licence.exists():
            root.add(licence)


def main(out: Path, packages: Path) -> None:
    """Make the root.

    Args:
        out: a folder; created if missing.
        packages: the folder of installed packages, which need shared libraries of the base.
    """
    root = Root(out)
    # Every name of the interpreter on PATH.
    for name in ("python", "python3", Path(sys.executable).name):
        found = shutil.which(name)
        if found is not None:
            root.add(Path(found))
    library = Path(sysconfig.get_path("stdlib"))
    extensions = library / "lib-dynload"
    root.add(library, (*UNUSED, *UNUSED_EXTENSIONS))
    # Bytecode: python:slim has none, and a read-only root cannot store any.
    compileall.compile_dir(
        out / library.relative_to("/"), quiet=1, stripdir=out, prependdir="/",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
    kept = [path for path in root.copied if path.suffix == ".so" and extensions in path.parents]
    shared = [path for path in packages.rglob("*.so*") if path.is_file()]
    for path in sorted(libraries([Path(sys.executable).resolve(), *kept, *shared])):
        if packages not in path.resolve().parents:
            root.add(path)
    for name in FILES:
        if Path(name).exists():
            root.add(Path(name))
    root.write("/etc/nsswitch.conf", NSSWITCH)
    subprocess.run(["ldconfig", "-X", "-r", str(out)], check=True)
    shutil.rmtree(out / "var", ignore_errors=True)  # ldconfig's own cache
    keep_records(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
