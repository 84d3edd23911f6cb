"""Engines answer questions: `runner` in this process, `fargate` one task a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from qabot.answers.model import Ask, Result


class Engine(Protocol):
    """Where questions are answered."""

    @property
    def model(self) -> str:
        """The identity of the model that answers, known without loading it."""

    def ask(self, asks: Sequence[Ask]) -> Generator[Result, None, None]:
        """Answer every ask, each as soon as it is known, in any order.

        Args:
            asks: no two with the same key.

        Yields:
            One result an ask. Closing the generator stops all that it started.

        Raises:
            ModelError: the model can't be loaded.
            CloudError: the cloud refuses to work at all.
        """
