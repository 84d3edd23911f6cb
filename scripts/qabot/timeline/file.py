"""A run's timeline as a file: JSON, a line a question, read as strictly as it is written.

docs/timeline.md describes the format; `VERSION` is raised when it changes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qabot import atomic_write as in_one_step
from qabot.errors import QabotError
from qabot.nodes.nodes import DocumentError, decode
from qabot.timeline.events import STATES, Event, Timeline, What
from qabot.timeline.parse import FORMAT, VERSION, parse

if TYPE_CHECKING:
    from pathlib import Path

# Ten times what the largest timeline with tracks comes to.
MAX_BYTES = 50 * 2**20


class TimelineError(QabotError):
    """A timeline can't be written where it should be, or the file given is none."""

    exit_code = 2


def prepare(path: Path) -> None:
    """Make sure that a timeline can be written, before the run that it is about.

    Raises:
        TimelineError: it can't.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    if path.is_dir():
        raise TimelineError(f"{path} is a folder; give --timeline the name of a file")


def write(path: Path, timeline: Timeline) -> None:
    """Write a timeline, in one step.

    Raises:
        TimelineError: it can't be written.
    """
    try:
        in_one_step.write(path, render(timeline).encode())
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> TimelineError:
    return TimelineError(f"{path} can't be written: {error.strerror}; give --timeline another file")


def render(timeline: Timeline) -> str:
    """The text of a timeline's file."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "engine": timeline.engine,
        "run": timeline.run,
        "seconds": _rounded(timeline.seconds),
        "retries": dict(timeline.retries),
    }
    if timeline.tracks or not timeline.moments:
        rows: list[Any] = [
            {"key": track.key, "events": [_event(event) for event in track.events]}
            for track in timeline.tracks
        ]
        name = "questions"
    else:
        rows = [
            {"at": _rounded(one.at), **dict(zip(STATES, one.counts, strict=True))}
            for one in timeline.moments
        ]
        name = "counts"
    # Anything but ASCII is escaped: half a character in a foreign name can still be written.
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    listed = ",\n".join(map(json.dumps, rows))
    return "{" + ",\n".join([*lines, f'"{name}": [\n{listed}\n]']) + "}\n"


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


def _event(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = {"at": _rounded(event.at), "event": event.what}
    if event.what is What.LAUNCHED:
        row["task"] = event.task
    elif event.what in (What.RETRIED, What.FAILED):
        row["kind"] = event.kind
    return row


def read(path: Path) -> Timeline:
    """Read a timeline.

    Raises:
        TimelineError: there is none, or what is there is something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TimelineError(
            f"{path} can't be read: {error.strerror}; qabot answer --timeline FILE writes one"
        ) from error
    try:
        if len(data) > MAX_BYTES:
            raise DocumentError(1, 1, f"more than {MAX_BYTES:,} bytes", "give another file")
        return parse(decode(data))
    except DocumentError as error:
        raise TimelineError(
            f"{path}:{error.line}:{error.column}: no timeline of qabot: {error.what}; "
            "qabot answer --timeline FILE writes one"
        ) from error
