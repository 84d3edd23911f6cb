"""Capture what one thread prints, while other threads print as before."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STREAMS = ("stdout", "stderr")


class _ByThread:
    """A text stream that writes to the buffer of the current thread, or else to the stream below.

    Args:
        below: the replaced stream.
    """

    def __init__(self, below: TextIO) -> None:
        self.below = below
        self.buffers: dict[int, StringIO] = {}

    def write(self, text: str) -> int:
        return self.buffers.get(threading.get_ident(), self.below).write(text)

    def flush(self) -> None:
        self.buffers.get(threading.get_ident(), self.below).flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)


_lock = threading.Lock()
_installed: dict[str, _ByThread] = {}
_users = 0


@contextmanager
def capture() -> Iterator[Callable[[], str]]:
    """Capture this thread's stdout and stderr; yields a function that returns the text so far."""
    global _users
    buffer, me = StringIO(), threading.get_ident()
    with _lock:
        for name in _STREAMS:
            stream = getattr(sys, name)
            # The stream may have been replaced since, as pytest does for each test.
            if not isinstance(stream, _ByThread):
                _installed[name] = _ByThread(stream)
                setattr(sys, name, _installed[name])
            getattr(sys, name).buffers[me] = buffer
        mine = [getattr(sys, name) for name in _STREAMS]
        _users += 1
    try:
        yield buffer.getvalue
    finally:
        with _lock:
            _users -= 1
            for stream in mine:
                stream.buffers.pop(me, None)
            if _users == 0:
                for name, stream in _installed.items():
                    if getattr(sys, name) is stream:
                        setattr(sys, name, stream.below)
                _installed.clear()
