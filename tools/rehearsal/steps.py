"""The headings of a rehearsal."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the heading of a step, and its duration at the end."""
    print(f"\n=== {title}", flush=True)
    begun = time.monotonic()
    yield
    print(f"    {time.monotonic() - begun:.1f} s", flush=True)
