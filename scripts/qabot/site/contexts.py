"""The contexts in the page, each once, within a size limit."""

from __future__ import annotations

# A context is in the page once, however many questions share it, within these numbers of code points
# for each and for all; otherwise the page links to its file.
MAX_CONTEXT = 100_000
MAX_CONTEXTS = 4_000_000


class Contexts:
    """The contexts in the page, numbered in order of first use."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int | None] = {}
        self._room = MAX_CONTEXTS

    def number(self, context: str) -> int | None:
        """The number of a context; None if it is too long to be in the page."""
        if context not in self._numbers:
            if len(context) > min(MAX_CONTEXT, self._room):
                self._numbers[context] = None
            else:
                self._room -= len(context)
                self._numbers[context] = len(self.texts)
                # Between two passages of documents; shown as the end of a line.
                self.texts.append(context.replace("\f", "\n"))
        return self._numbers[context]
