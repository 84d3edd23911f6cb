"""The documents beside the page that answers: their passages, to be searched in the browser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from qabot.documents.choose import PASSAGES
from qabot.documents.folder import FOLDER
from qabot.documents.index import ROUND_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qabot.documents.passage import Passage

# A phone can hold this much text and rank it: some 5,000 pages.
MOST_BYTES = 16_000_000
# Beyond this many, a list of files helps nobody, and only the folders can be chosen.
_MOST_CHOICES = 1_000


@dataclass(frozen=True, slots=True)
class LiveDocuments:
    """What the page asks about when a person chooses documents.

    Args:
        content: the passages of every document, as JSON.
        choices: paths below `documents/` that can be chosen: everything (an empty path), folders, files.
        settings: the constants of the search that `answerer.search_constants` does not know.
    """

    content: bytes
    choices: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def too_large(self) -> bool:
        """Whether they are more than the page takes."""
        return len(self.content) > MOST_BYTES


def pack(passages: Iterable[Passage]) -> LiveDocuments | None:
    """Put the passages of documents into one file.

    Args:
        passages: of all documents, by path and place.

    Returns:
        None where there are none.
    """
    documents = [
        {
            "name": name.removeprefix(f"{FOLDER}/"),
            "unit": found[0].unit,
            "passages": [[passage.text, passage.headings, passage.places] for passage in found],
        }
        for name, group in groupby(passages, key=lambda passage: passage.document)
        for found in [list(group)]
    ]
    if not documents:
        return None
    files = [str(document["name"]) for document in documents]
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents} - {"."}
    choices = ["", *sorted(folders)]
    if len(choices) + len(files) <= _MOST_CHOICES:
        choices += files
    text = json.dumps(documents, ensure_ascii=False, separators=(",", ":"))
    settings = {"most": PASSAGES, "round_numbers": ROUND_NUMBERS}
    return LiveDocuments(text.encode("utf-8", "replace"), tuple(choices), settings)
