"""A run's timeline as a file: JSON, one line per question.

docs/timeline.md describes the format; `VERSION` is incremented when it changes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qabot import atomic_write as in_one_step
from qabot.errors import QabotError
from qabot.timeline.events import STATES, Event, Moment, Timeline, Track, What, in_order, moments

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "qabot-timeline"
VERSION = 1
# Exceptions that `parse` raises for other texts.
_NOT_A_TIMELINE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class TimelineError(QabotError):
    """A timeline cannot be written, or a file is not a timeline."""

    exit_code = 2


def prepare(path: Path) -> None:
    """Check before a run that its timeline can be written.

    Raises:
        TimelineError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    if path.is_dir():
        raise TimelineError(f"{path} is a folder; give --timeline the name of a file")


def write(path: Path, timeline: Timeline) -> None:
    """Write a timeline atomically.

    Raises:
        TimelineError: it cannot be written.
    """
    try:
        in_one_step.write(path, render(timeline).encode())
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> TimelineError:
    return TimelineError(f"cannot write {path}: {error.strerror}; give --timeline another file")


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
            {"at": _rounded(moment.at), **dict(zip(STATES, moment.counts, strict=True))}
            for moment in timeline.moments
        ]
        name = "counts"
    # Non-ASCII characters are escaped, so that half surrogate pairs can be written.
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
    """Read a timeline that `write` has written.

    Raises:
        TimelineError: the file cannot be read, or is not a timeline.
    """
    advice = "write one with qabot answer --timeline FILE"
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise TimelineError(f"cannot read {path}: {error.strerror}; {advice}") from error
    except _NOT_A_TIMELINE as error:
        raise TimelineError(f"{path} is not a timeline of this version; {advice}") from error


def parse(text: str) -> Timeline:
    """The timeline in a file's text.

    Raises:
        LookupError, TypeError, ValueError: it is not a timeline.
    """
    members = json.loads(text)
    if (members["format"], members["version"]) != (FORMAT, VERSION):
        raise ValueError
    seconds = float(members["seconds"])
    if "counts" in members:
        tracks: tuple[Track, ...] = ()
        counted = tuple(
            Moment(float(row["at"]), tuple(int(row[state]) for state in STATES))
            for row in members["counts"]
        )
    else:
        tracks = tuple(
            Track(str(row["key"]), tuple(map(_read_event, row["events"])))
            for row in members["questions"]
        )
        if not all(track.events and track.end.what.final for track in tracks):
            raise ValueError
        counted = moments(in_order(tracks), len(tracks), seconds)
    return Timeline(
        engine=str(members["engine"]),
        run=str(members["run"]),
        seconds=seconds,
        tracks=tracks,
        moments=counted,
        retries={str(kind): int(times) for kind, times in members["retries"].items()},
    )


def _read_event(row: dict[str, Any]) -> Event:
    task, kind = str(row.get("task", "")), str(row.get("kind", ""))
    return Event(float(row["at"]), What(row["event"]), task, kind)
