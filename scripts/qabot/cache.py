"""The cache folder; everything in it can be made again, and deleted at any time."""

from __future__ import annotations

import os
from pathlib import Path


def in_cache(*parts: str) -> Path:
    """A folder of the cache; it may not exist yet.

    Args:
        parts: names of the folders that lead to it.
    """
    given = os.environ.get("QABOT_CACHE") or os.environ.get("XDG_CACHE_HOME")
    base = Path(given) if given else Path.home() / ".cache"
    return (base / "qabot").joinpath(*parts)
