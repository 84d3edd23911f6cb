"""Pull requests with answers for a branch that does not accept pushes; later runs update them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from qabot.errors import QabotError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT = 30


class GitHubError(QabotError):
    """GitHub's API refused; the message says what to do by hand."""


def open_pull_request(
    branch: str, base: str, title: str, environ: Mapping[str, str]
) -> tuple[str, bool]:
    """Open the pull request from one branch to another, unless it is open.

    Args:
        branch: that has the answers.
        base: the branch to merge it into.
        title: of a new one.
        environ: `GITHUB_API_URL`, `GITHUB_REPOSITORY`, `GITHUB_SERVER_URL` and `GITHUB_TOKEN`.

    Returns:
        Its address, and whether it is new.

    Raises:
        GitHubError: GitHub refuses, or cannot be reached.
    """
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    by_hand = f"{server}/{repository}/compare/{base}...{branch}?expand=1"
    owner = repository.partition("/")[0]
    try:
        query = urlencode({"state": "open", "base": base, "head": f"{owner}:{branch}"})
        found = _call(environ, "GET", f"pulls?{query}", None)
        if isinstance(found, list) and found:
            return str(found[0]["html_url"]), False
        body = (
            f"Answers to the questions on `{base}`. It does not accept pushes, so they wait here; "
            "later runs add to this pull request."
        )
        made = _call(
            environ, "POST", "pulls", {"title": title, "head": branch, "base": base, "body": body}
        )
        return str(made["html_url"]), True
    except (OSError, ValueError, KeyError, TypeError) as error:
        code = error.code if isinstance(error, urllib.error.HTTPError) else None
        hint = (
            "allow it under Settings, Actions, General: 'Allow GitHub Actions to create and approve "
            "pull requests', or "
            if code in (403, 422)
            else ""
        )
        raise GitHubError(
            f"the answers are on the branch {branch}, but no pull request could be opened "
            f"({code or type(error).__name__}); {hint}open it by hand: {by_hand}"
        ) from None


def _call(environ: Mapping[str, str], method: str, path: str, body: object) -> Any:
    api = environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(  # noqa: S310 - the address is the runner's own variable
        f"{api}/repos/{environ.get('GITHUB_REPOSITORY', '')}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environ.get('GITHUB_TOKEN', '')}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as reply:  # noqa: S310
        return json.load(reply)
