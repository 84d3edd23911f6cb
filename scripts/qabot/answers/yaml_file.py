"""`answers/NAME.yaml`: its format.

    # Written by qabot from questions/einstein.yaml; change the questions, not this file.
    source: "questions/einstein.yaml"
    answers:
    - id: "year"
      question: "In what year did Einstein win the Nobel prize?"
      answer: "1921"
      score: 0.9614
      start: 431
      end: 435
      model: "qabot-minilm-l6-squad@0123456789ab/s1"
      key: "b5d4…"

Where the question is about documents, `start` and `end` count in the text of the `document`, and `line`
or `page`, and `heading` say where in it the answer is; `also` lists other documents with the same
sentence. `read_at` is the answer's offset in the passages that were read, joined by form feeds: where
another part of the document is edited, the next run finds the answer by it again.

A failed question has `error: {"kind": …, "reason": …, "attempts": …}` instead of its answer, and a
doubtful answer brings `alternatives`. Where the text does not say, `answer` is null, without
`start` and `end`; `score` is then how likely that is, and `alternatives` has the best spans.

Every value is JSON on one line, which is YAML too: any YAML reader can read it, any two writers write
the same bytes, and it can be read without a YAML reader.
A line of another form was edited or damaged; its entry is ignored, and the question answered again.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from answerer.spans import Span
from qabot.answers.model import Answer, AnswerSet, Entry, Failure, Result
from qabot.answers.places import Places, from_fields, to_fields
from qabot.console.text import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qabot.answers.places import Place

MARKER = "# Written by qabot"

# The longest name of evidence, in characters: a YAML key may have 1,024 (yaml.org/spec/1.2.2, 7.4.2),
# and JSON may spell each character with six.
_LONGEST_NAME = 160

# Marks a value that is not JSON, as null is JSON.
_DAMAGED = object()

_LINE = re.compile(r"(- |  )([a-z_]+): (.+)")
_SOURCE = re.compile(r"source: (.+)")


def render(answers: AnswerSet) -> str:
    """The text of an answers file."""
    source = quoted(answers.source)
    lines = [f"{MARKER} from {source[1:-1]}; change the questions, not this file."]
    lines += [f"source: {source}", "answers:" if answers.entries else "answers: []"]
    for entry in answers.entries:
        prefix = "- "
        for name, value in _fields(entry):
            lines.append(f"{prefix}{name}: {quoted(value)}")
            prefix = "  "
    return "\n".join(lines) + "\n"


def _fields(entry: Entry) -> Iterable[tuple[str, Any]]:
    yield "id", entry.id
    yield "question", entry.question
    result = entry.result
    if isinstance(result, Answer):
        if result.span.found:
            yield from _span(result.span, next(iter(entry.places.answer), None)).items()
        else:
            yield "answer", None
            yield "score", round(result.span.score, 4)
        if entry.places.answer[1:]:
            yield "also", [to_fields(place) for place in entry.places.answer[1:]]
        shown = entry.shown_alternatives
        if shown:
            yield "alternatives", [_span(span, place) for span, place in shown]
    else:
        error = {"kind": result.kind, "reason": result.reason, "attempts": result.attempts}
        if result.permanent:
            error["permanent"] = True
        if result.evidence:
            error["evidence"] = dict(sorted(result.evidence.items()))
        yield "error", error
    yield "model", result.model
    yield "key", result.key


def _span(span: Span, place: Place | None) -> dict[str, Any]:
    fields = {"answer": span.answer, "score": round(span.score, 4)}
    if place is None:
        return fields | {"start": span.start, "end": span.end}
    return fields | to_fields(place) | {"read_at": span.start}


def quoted(value: Any) -> str:
    """A value as JSON on one line, which YAML reads the same, with invisible characters escaped.

    Args:
        value: of JSON's types; text without half surrogate pairs.
    """
    text = json.dumps(value, ensure_ascii=False)
    # YAML wants some of them escaped (yaml.org/spec/1.2.2, 5.1).
    return escape_hidden(text)


def parse(text: str) -> AnswerSet | None:
    """Read an answers file; entries that are not as `render` writes them are left out.

    Args:
        text: of the file.

    Returns:
        None where the program did not write the file.
    """
    lines = text.split("\n")
    if not any(line.startswith(MARKER) for line in lines):
        return None
    source = ""
    entries: list[Entry] = []
    fields: dict[str, Any] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is not None and match[1] == "- ":
            _append(entries, fields)
            fields = {}
        if match is not None:
            fields[match[2]] = _json(match[3])
        elif (match := _SOURCE.fullmatch(line)) is not None and not source:
            found = _json(match[1])
            source = found if isinstance(found, str) else ""
    _append(entries, fields)
    return AnswerSet(source, tuple(entries))


def _append(entries: list[Entry], fields: dict[str, Any]) -> None:
    try:
        result = _result(fields)
        places = _places(fields)
        entries.append(Entry(_str(fields, "id"), _str(fields, "question"), result, places))
    except (KeyError, TypeError, ValueError):
        return


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair
    except (ValueError, RecursionError):
        return _DAMAGED
    return value


def _result(fields: Mapping[str, Any]) -> Result:
    key, model = _str(fields, "key"), _str(fields, "model")
    if "error" not in fields:
        alternatives = tuple(map(_read_span, fields.get("alternatives", ())))
        if fields["answer"] is None:
            return Answer(key, model, Span("", 0, 0, _score(fields)), alternatives)
        return Answer(key, model, _read_span(fields), alternatives)
    error = fields["error"]
    evidence = error.get("evidence", {}) if isinstance(error, dict) else None
    if not isinstance(evidence, dict) or any(len(name) > _LONGEST_NAME for name in evidence):
        raise TypeError("error")
    evidence = {str(name): str(value) for name, value in evidence.items()}
    return Failure(
        key, model, _str(error, "kind"), _str(error, "reason"), _int(error, "attempts"),
        error.get("permanent") is True, evidence,
    )  # fmt: skip


def _places(fields: Mapping[str, Any]) -> Places:
    answer = [from_fields(fields), *map(from_fields, fields.get("also", ()))]
    alternatives = map(from_fields, fields.get("alternatives", ()))
    return Places(
        tuple(place for place in answer if place is not None),
        tuple(place for place in alternatives if place is not None),
    )


def _read_span(fields: Mapping[str, Any]) -> Span:
    answer = _str(fields, "answer")
    if not answer:
        raise ValueError("an answer has at least one character")
    start, end = _int(fields, "start"), _int(fields, "end")
    if "read_at" in fields:
        start = _int(fields, "read_at")
        end = start + len(answer)
    return Span(answer, start, end, _score(fields))


def _score(fields: Mapping[str, Any]) -> float:
    score = fields["score"]
    if isinstance(score, bool) or not 0 <= score <= 1:
        raise ValueError("a score is a number in [0, 1]")
    return float(score)


def _str(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _int(fields: Mapping[str, Any], name: str) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(name)
    return value
