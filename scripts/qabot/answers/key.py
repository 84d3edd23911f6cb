"""The key of an answer: a digest of everything that it depends on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash


class Keys:
    """Makes keys for one model.

    A key is the SHA-256, hexadecimal, of the UTF-8 bytes of

        {"context":CONTEXT,"model":IDENTITY,"question":QUESTION}

    written as JSON without spaces and without unnecessary escapes. "context" comes
    first, so that questions about one context share its hash.

    Args:
        model: the model's identity; see `answerer.info`.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._contexts: dict[str, _Hash] = {}

    def key(self, context: str, question: str) -> str:
        """The key of one question about one context.

        Args:
            context: any text that UTF-8 can encode.
            question: any text that UTF-8 can encode.
        """
        begun = self._contexts.get(context)
        if begun is None:
            begun = hashlib.sha256(f'{{"context":{_json(context)},"model":'.encode())
            begun.update(_json(self._model).encode())
            self._contexts[context] = begun
        sha = begun.copy()
        sha.update(f',"question":{_json(question)}}}'.encode())
        return sha.hexdigest()


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
