"""Gather what Python and the packages need, and nothing else of the base, into a root of its own.

    python minimal_root.py OUT PACKAGES    while the image is built; needs ldd and ldconfig

No shell, no package manager, no pip, nothing setuid, nothing that is writable: what is not there can't
be used by whoever finds a way in. It follows the base, whatever that is: the interpreter that runs this,
its standard library, and the shared libraries that ldd finds for it and for the packages.
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

# Of the standard library: what tests, teaches, draws or installs, and what needs a library of its own
# that answering never opens.
UNUSED = (
    "test", "idlelib", "turtledemo", "tkinter", "turtle.py", "ensurepip", "lib2to3", "pydoc_data",
    "distutils", "venv", "site-packages", "dist-packages", "__pycache__", "config-*", "__phello__",
    "sqlite3", "curses", "dbm",
)  # fmt: skip
UNUSED_EXTENSIONS = (
    "_test*", "_xxtest*", "xxlimited*", "_ctypes_test*", "_tkinter*", "_sqlite3*", "_curses*", "_dbm*",
    "_gdbm*", "readline*", "nis*", "_crypt*", "ossaudiodev*",
)  # fmt: skip
# Certificates for whoever names them in SSL_CERT_FILE or AWS_CA_BUNDLE, OpenSSL's and the loader's
# settings, UTF-8, and what scanners know a system by.
FILES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf", "/usr/lib/ssl/cert.pem",
    "/usr/lib/ssl/openssl.cnf", "/usr/lib/locale/C.utf8", "/usr/lib/os-release", "/etc/os-release",
    "/etc/ld.so.conf", "/etc/ld.so.conf.d",
)  # fmt: skip
# Names are looked up in /etc/hosts, which the runtime writes, and in the DNS.
NSSWITCH = "hosts: files dns\n"


class Root:
    """The root that is made.

    Args:
        out: the folder that becomes `/`.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.copied: set[Path] = set()

    def add(self, path: Path, unused: tuple[str, ...] = ()) -> None:
        """Copy a file, a folder, or a link with what it leads to, to the same place.

        Args:
            path: absolute.
            unused: names, as globs, of what is left out of a folder.
        """
        for parent in reversed(path.parents):
            if parent.is_symlink():  # such as /lib, which is /usr/lib
                self._link(parent)
        place = path.parent.resolve() / path.name
        target = self._out / place.relative_to("/")
        if place.is_symlink():
            self._link(place)
            self.add(place.parent / place.readlink(), unused)
        elif place.is_dir():
            for child in sorted(place.iterdir()):
                if not any(child.match(name) for name in unused):
                    self.add(child, unused)
        elif not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
            target.chmod(0o755 if os.access(place, os.X_OK) else 0o644)
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
    """The shared libraries of some programs and libraries, the loader included, as ldd finds them.

    Args:
        binaries: ELF files.
    """
    said = subprocess.run(
        ["ldd", *map(str, binaries)], stdout=subprocess.PIPE, text=True, check=False
    )
    missing = re.findall(r"^\s+(\S+) => not found", said.stdout, re.MULTILINE)
    if missing:
        sys.exit(f"The base lacks {', '.join(sorted(set(missing)))}; take another BASE_IMAGE.")
    return {Path(path) for path in re.findall(r"(?:=>|^)\s+(/\S+) \(0x", said.stdout, re.MULTILINE)}


def keep_records(root: Root) -> None:
    """Of the Debian packages that are left keep the licence, and the name for scanners.

    Scanners look for the packages of an image without dpkg in /var/lib/dpkg/status.d, a stanza a
    file: github.com/GoogleContainerTools/distroless.
    """
    if shutil.which("dpkg-query") is None:
        return  # no Debian
    # A file may be listed where it was before /lib became a link.
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
        out: a folder, made if need be.
        packages: that Python imports, and that bring shared libraries.
    """
    root = Root(out)
    # The names that lead to the interpreter, as they are on PATH.
    for name in ("python", "python3", Path(sys.executable).name):
        found = shutil.which(name)
        if found is not None:
            root.add(Path(found))
    library = Path(sysconfig.get_path("stdlib"))
    extensions = library / "lib-dynload"
    root.add(library, (*UNUSED, *UNUSED_EXTENSIONS))
    # python:slim has none, and a root that is read-only can't keep any.
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
    shutil.rmtree(out / "var", ignore_errors=True)  # ldconfig's own notes
    keep_records(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
