"""Engines answer questions: `runner` in this process, `fargate` in one task per question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from qabot.answers.model import Request, Result


class Engine(Protocol):
    """Where questions are answered."""

    @property
    def model(self) -> str:
        """The identity of the model that answers, known without loading it."""

    def answer(self, requests: Sequence[Request]) -> Generator[Result, None, None]:
        """Answer all questions, yielding each result as soon as it is available, in any order.

        Args:
            requests: the questions; no two with the same key.

        Yields:
            One result per request. Closing the generator stops everything that it started.

        Raises:
            ModelError: the model cannot be loaded.
            CloudError: AWS refuses to work at all.
        """
