"""Ask a tool that says what it knows as JSON."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from auditing.found import NotAudited

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def ask(
    name: str,
    command: Sequence[str | Path],
    patience: float,
    *,
    folder: Path | None = None,
    why: Callable[[str], str] = lambda _: "",
) -> Any:
    """The reply of a tool; its exit code says no more than that.

    Args:
        name: the tool's, for people.
        command: that runs it.
        patience: seconds.
        folder: where to run it; here unless told.
        why: finds the reason, if there is one, in what the tool said on standard error.

    Raises:
        NotAudited: it took too long, or its reply is no JSON.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a tool of this environment, with arguments as a list
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=patience,
            check=False,
        )
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise NotAudited(f"no reply within {patience:g} s") from None
    except ValueError:
        raise NotAudited(why(done.stderr) or f"{name} ended with {done.returncode}") from None
