"""Reads the text of a timeline's file, as strictly as it is written."""

from __future__ import annotations

import math
from typing import NoReturn

from qabot.console.text import clean
from qabot.nodes.json import read_json
from qabot.nodes.nodes import DocumentError, Fields, Items, Node, Scalar
from qabot.timeline.events import (
    MAX_TEXT,
    STATES,
    Event,
    Moment,
    Timeline,
    Track,
    What,
    in_order,
    moments,
)

FORMAT = "qabot-timeline"
VERSION = 1


def parse(text: str) -> Timeline:
    """Read a timeline's text.

    Raises:
        DocumentError: it is something else.
    """
    root = read_json(text)
    if root is None:
        raise DocumentError(1, 1, "there is nothing in it", "give another file")
    head = ("format", "version", "engine", "run", "seconds", "retries")
    known = _fields(root, head, ("questions", "counts"))
    if _text(known["format"]) != FORMAT:
        _wrong(known["format"], f"'format' is not {FORMAT}")
    if _count(known["version"]) != VERSION:
        _wrong(known["version"], f"this qabot reads version {VERSION} of the format")
    engine, run = _text(known["engine"]), _text(known["run"])
    seconds, retries = _seconds(known["seconds"]), _tally(known["retries"])
    if ("questions" in known) == ("counts" in known):
        _wrong(root, "it holds 'questions' or 'counts', and not both")
    if "questions" in known:
        tracks = tuple(_track(node, seconds) for node in _items(known["questions"]))
        if len({track.key for track in tracks}) < len(tracks):
            _wrong(known["questions"], "a question is there twice")
        return Timeline(
            engine=engine,
            run=run,
            seconds=seconds,
            tracks=tracks,
            moments=moments(in_order(tracks), len(tracks), seconds),
            retries=retries,
        )
    return Timeline(
        engine=engine,
        run=run,
        seconds=seconds,
        moments=_moments(known["counts"], seconds),
        retries=retries,
    )


def _track(node: Node, seconds: float) -> Track:
    known = _fields(node, ("key", "events"))
    events: list[Event] = []
    for one in _items(known["events"]):
        event = _read_event(one)
        if (event.what is What.QUEUED) == bool(events):
            _wrong(one, "a question's first event, and no other, is 'queued'")
        if events and events[-1].what.final:
            _wrong(one, f"nothing comes behind '{events[-1].what}'")
        if event.at > seconds or (events and event.at < events[-1].at):
            _wrong(one, "its time is outside the run, or before the event in front of it")
        events.append(event)
    if not events or not events[-1].what.final:
        ends = ", ".join(f"'{what}'" for what in What if what.final)
        _wrong(node, f"a question's last event is one of {ends}")
    return Track(_text(known["key"]), tuple(events))


def _read_event(node: Node) -> Event:
    known = _fields(node, ("at", "event"), ("task", "kind"))
    name = _text(known["event"])
    if name not in list(What):
        _wrong(known["event"], f"'{clean(name, 40)}' is no event")
    what = What(name)
    if ("task" in known) != (what is What.LAUNCHED):
        _wrong(node, "'task' stands with 'launched', and with nothing else")
    if ("kind" in known) != (what in (What.RETRIED, What.FAILED)):
        _wrong(node, "'kind' stands with 'retried' and 'failed', and with nothing else")
    texts = {key: _text(known[key]) for key in ("task", "kind") if key in known}
    return Event(_seconds(known["at"]), what, **texts)


def _moments(node: Node, seconds: float) -> tuple[Moment, ...]:
    made: list[Moment] = []
    for one in _items(node):
        known = _fields(one, ("at", *STATES))
        moment = Moment(_seconds(known["at"]), tuple(_count(known[state]) for state in STATES))
        if moment.at > seconds or (made and moment.at < made[-1].at):
            _wrong(one, "its time is outside the run, or before the one in front of it")
        if made and sum(moment.counts) < sum(made[-1].counts):
            _wrong(one, "it has fewer questions than the one in front of it")
        made.append(moment)
    if not made:
        _wrong(node, "'counts' is empty")
    return tuple(made)


def _tally(node: Node) -> dict[str, int]:
    if not isinstance(node, Fields):
        _wrong(node, "here an object is expected")
    return {_text(name): _count(value) for name, value in node.fields}


def _wrong(node: Node, what: str) -> NoReturn:
    raise DocumentError(node.line, node.column, what, "give another file")


def _fields(node: Node, needed: tuple[str, ...], others: tuple[str, ...] = ()) -> dict[str, Node]:
    """The members of an object, each of them known and there once."""
    if not isinstance(node, Fields):
        _wrong(node, "here an object is expected")
    made: dict[str, Node] = {}
    for key, value in node.fields:
        if key.text in made or key.text not in (*needed, *others):
            _wrong(key, f"'{clean(key.text, 40)}' has no place here")
        made[key.text] = value
    for name in needed:
        if name not in made:
            _wrong(node, f"'{name}' is missing")
    return made


def _items(node: Node) -> list[Node]:
    if not isinstance(node, Items):
        _wrong(node, "here a list is expected")
    return node.items


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or node.kind != "text" or len(node.text) > MAX_TEXT:
        _wrong(node, f"here a text of up to {MAX_TEXT} characters is expected")
    return node.text


def _seconds(node: Node) -> float:
    value = float(node.text) if isinstance(node, Scalar) and node.kind == "a number" else -1.0
    if not 0 <= value < math.inf:
        _wrong(node, "here seconds are expected")
    return value


def _count(node: Node) -> int:
    if not isinstance(node, Scalar) or node.kind != "a number" or not node.text.isdecimal():
        _wrong(node, "here a whole number is expected")
    return int(node.text) if len(node.text) < 16 else _wrong(node, "this number is too large")
