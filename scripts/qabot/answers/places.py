"""Where an answer is in the documents: in which, on which line or page, under which headings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = ("line", "page")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document.

    Args:
        document: the file, relative to the repository, with `/`.
        start: offset of its first code point in the document's text; see `qabot.documents.extract`.
        end: offset after its last one.
        heading: the headings of its section, from the outermost.
        unit: what `number` counts: `line` or `page`; empty where neither is known.
        number: from 1; 0 where it is not known.
    """

    document: str
    start: int
    end: int
    heading: tuple[str, ...] = ()
    unit: str = ""
    number: int = 0

    def __str__(self) -> str:
        """For a person: `documents/leave.md:12`, or `documents/a.pdf, page 3`."""
        if self.unit == "line":
            return f"{self.document}:{self.number}"
        return f"{self.document}, page {self.number}" if self.unit else self.document

    @property
    def anchor(self) -> str:
        """The end of a link to the document on GitHub, which leads to the place."""
        return {"line": f"?plain=1#L{self.number}", "page": f"#page={self.number}"}.get(
            self.unit, ""
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where an answer and its alternatives are.

    Args:
        answer: where the answer is, best first: in the passage that it was read in, then in other
            documents that have the same sentence. Empty where the text does not say.
        alternatives: where each alternative is.
    """

    answer: tuple[Place, ...] = ()
    alternatives: tuple[Place, ...] = ()


NOWHERE = Places()


def to_fields(place: Place) -> dict[str, Any]:
    """A place as fields of an answers file."""
    fields: dict[str, Any] = {"start": place.start, "end": place.end, "document": place.document}
    if place.unit:
        fields[place.unit] = place.number
    if place.heading:
        fields["heading"] = list(place.heading)
    return fields


def from_fields(fields: Mapping[str, Any]) -> Place | None:
    """The place in the fields of an entry; None if they have none.

    Raises:
        TypeError: a field is not of the type that `to_fields` writes.
    """
    document = fields.get("document")
    if document is None:
        return None
    heading = fields.get("heading", [])
    if not isinstance(document, str) or not isinstance(heading, list):
        raise TypeError("document")
    if not _is_number(fields.get("start")) or not _is_number(fields.get("end")):
        raise TypeError("start")
    place = Place(document, fields["start"], fields["end"], tuple(map(str, heading)))
    for unit in _UNITS:
        if _is_number(fields.get(unit)):
            return replace(place, unit=unit, number=fields[unit])
    return place


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
