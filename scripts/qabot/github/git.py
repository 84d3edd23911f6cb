"""Git by its own command, with arguments as lists and nothing of ours in the user's configuration."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

from qabot.errors import QabotError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# github.com/actions/checkout: the account that commits for workflows.
BOT = "github-actions[bot]"
BOT_EMAIL = "41898282+github-actions[bot]@users.noreply.github.com"

# A remote that says nothing for so long will not say anything, seconds.
_TIMEOUT = 120


class GitError(QabotError):
    """Git refused.

    Args:
        arguments: what git was asked.
        said: what it said.
    """

    def __init__(self, arguments: tuple[str, ...], said: str) -> None:
        self.said = said
        super().__init__(
            f"git {arguments[0]} failed: {' '.join(said.split()) or 'it said nothing'}"
        )


class Git:
    """One working tree.

    Args:
        root: the working tree.
        environ: `GITHUB_TOKEN` and `GITHUB_SERVER_URL` are read: the token travels to git in its
            environment alone, never on a command line or in a file.
    """

    def __init__(self, root: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._root = root
        self._environ = environ

    def at(self, root: Path) -> Git:
        """The same for another working tree."""
        return Git(root, self._environ)

    def run(self, *arguments: str) -> str:
        """What git prints, without the last line end.

        Raises:
            GitError: it fails, or hangs.
        """
        try:
            done = subprocess.run(  # noqa: S603 - arguments are a list, and no shell reads them
                ["git", "-c", "core.quotePath=false", *arguments],  # noqa: S607 - the git of PATH is meant
                cwd=self._root,
                env=self._env(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            raise GitError(arguments, "there is no git on PATH") from None
        except subprocess.TimeoutExpired:
            raise GitError(arguments, f"no reply within {_TIMEOUT} s") from None
        if done.returncode:
            raise GitError(arguments, (done.stderr or done.stdout).decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def _env(self) -> dict[str, str]:
        env = {
            **self._environ,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": BOT,
            "GIT_AUTHOR_EMAIL": BOT_EMAIL,
            "GIT_COMMITTER_NAME": BOT,
            "GIT_COMMITTER_EMAIL": BOT_EMAIL,
            "LC_ALL": "C",
        }
        token = env.pop("GITHUB_TOKEN", "")
        if token:
            server = self._environ.get("GITHUB_SERVER_URL", "https://github.com")
            basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            count = int(env.get("GIT_CONFIG_COUNT", "0"))
            env[f"GIT_CONFIG_KEY_{count}"] = f"http.{server}/.extraheader"
            env[f"GIT_CONFIG_VALUE_{count}"] = f"AUTHORIZATION: basic {basic}"
            env["GIT_CONFIG_COUNT"] = str(count + 1)
        return env
