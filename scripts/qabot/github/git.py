"""Git, run as a command: arguments as lists, and nothing written to the user's configuration."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qabot.errors import QabotError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

# github.com/actions/checkout: the account that commits for workflows.
BOT = "github-actions[bot]"
BOT_EMAIL = "41898282+github-actions[bot]@users.noreply.github.com"

# Seconds after which a silent remote is given up.
_TIMEOUT = 120

# Variables for reaching a remote and reading configuration. Every other GIT_ variable names a
# repository, an index or objects, and git sets them for programs started by hooks (lefthook#1264).
_INHERITED = (
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TRACE",
)


class GitError(QabotError):
    """A git command failed.

    Args:
        arguments: the command's arguments.
        said: its output.
    """

    def __init__(self, arguments: tuple[str, ...], said: str) -> None:
        self.said = said
        super().__init__(
            f"git {arguments[0]} failed: {' '.join(said.split()) or 'it printed nothing'}"
        )


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder.

    Args:
        root: where its commands run.
        environ: `GITHUB_TOKEN` and `GITHUB_SERVER_URL` are read; the token is passed to git only in
            its environment, never on a command line or in a file.
        repository: of the commands; default: the one that contains `root`.
        config: configuration, as names and values, that overrides the repository's.
    """

    root: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    repository: Path | None = None
    config: Sequence[tuple[str, str]] = field(default=(), repr=False)

    @property
    def has_token(self) -> bool:
        """Whether GitHub's token is used instead of configured credentials."""
        return bool(self.environ.get("GITHUB_TOKEN"))

    def run(self, *arguments: str, names: Iterable[str] | None = None) -> str:
        """Run a command.

        Args:
            arguments: its arguments.
            names: files for its standard input, each ended by NUL.

        Returns:
            Its output without the last line end.

        Raises:
            GitError: it fails, or hangs.
        """
        try:
            done = subprocess.run(  # noqa: S603 - arguments are a list, and no shell reads them
                ["git", "-c", "core.quotePath=false", *arguments],  # noqa: S607 - the git of PATH is meant
                cwd=self.root,
                env=self._env(),
                input=b"".join(os.fsencode(name) + b"\0" for name in names or ()),
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            raise GitError(arguments, "git is not on PATH; install it") from None
        except subprocess.TimeoutExpired:
            raise GitError(arguments, f"no reply within {_TIMEOUT} s") from None
        if done.returncode:
            raise GitError(arguments, (done.stderr or done.stdout).decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def lines(self, *arguments: str) -> list[str]:
        """Run a command that ends each record with NUL; returns the records.

        Raises:
            GitError: it fails, or hangs.
        """
        return [line for line in self.run(*arguments).split("\0") if line]

    def succeeds(self, *arguments: str) -> bool:
        """Whether a command succeeds."""
        try:
            self.run(*arguments)
        except GitError:
            return False
        return True

    def _env(self) -> dict[str, str]:
        env = {
            name: value
            for name, value in self.environ.items()
            if not name.startswith("GIT_") or name.startswith(_INHERITED)
        }
        env |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_OPTIONAL_LOCKS": "0",  # reading a checkout does not write to it
            "GIT_AUTHOR_NAME": BOT,
            "GIT_AUTHOR_EMAIL": BOT_EMAIL,
            "GIT_COMMITTER_NAME": BOT,
            "GIT_COMMITTER_EMAIL": BOT_EMAIL,
            "LC_ALL": "C",
        }
        if self.repository is not None:
            env["GIT_DIR"] = str(self.repository)
        token = env.pop("GITHUB_TOKEN", "")
        config = [*self.config, *(self._authorization(token) if token else ())]
        if config:
            given = env.get("GIT_CONFIG_COUNT", "")
            first = int(given) if given.isascii() and given.isdigit() else 0
            for number, (name, value) in enumerate(config, first):
                env[f"GIT_CONFIG_KEY_{number}"] = name
                env[f"GIT_CONFIG_VALUE_{number}"] = value
            env["GIT_CONFIG_COUNT"] = str(first + len(config))
        return env

    def _authorization(self, token: str) -> list[tuple[str, str]]:
        """The token's header, replacing a configured one: GitHub answers 400 to two."""
        server = self.environ.get("GITHUB_SERVER_URL", "https://github.com")
        name = f"http.{server}/.extraheader"
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        # git-config, http.extraHeader: an empty value removes earlier ones.
        return [(name, ""), (name, f"AUTHORIZATION: basic {basic}")]
