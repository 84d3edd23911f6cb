"""Training examples as a model reads them: one window of tokens each, and where its answers stand."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from answerer.windows import Context, Windows
    from qabot.models.squad import Example


@dataclass(frozen=True, slots=True)
class Feature:
    """One question with the window of its context that holds an answer.

    Args:
        inputs: input_ids, attention_mask and token_type_ids, each (1, tokens).
        spans: first and last token of each right answer in the window.
    """

    inputs: dict[str, NDArray[np.int64]]
    spans: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """How many tokens it has."""
        return int(self.inputs["input_ids"].shape[1])


def make_features(examples: Sequence[Example], windows: Windows, stride: int) -> list[Feature]:
    """Tokenise examples; those without an answer, or with one that no window holds, are left out.

    Args:
        examples: questions with their right answers.
        windows: the tokenizer, and the length of a window.
        stride: tokens that neighbouring windows share.
    """
    from answerer.errors import InputError

    features: list[Feature] = []
    text, context = None, None
    for example in examples:
        try:
            if context is None or example.context != text:
                text, context = example.context, windows.context(example.context)
            question = windows.question(example.question)
        except InputError:
            continue
        feature = _feature(example, windows, context, question, stride)
        if feature is not None:
            features.append(feature)
    return features


def _feature(
    example: Example, windows: Windows, context: Context, question: list[int], stride: int
) -> Feature | None:
    spans = [
        span
        for answer, start in example.answers
        if (span := _tokens(context, start, start + len(answer))) is not None
    ]
    tokens = len(context.ids)
    room = windows.max_length - windows.template.length - len(question)
    for first in range(0, tokens, max(1, room - stride)):
        window = range(first, min(first + room, tokens))
        offset = windows.place(question, window).start - first
        inside = [span for span in spans if span[0] in window and span[1] in window]
        if inside:
            return Feature(
                windows.inputs(context, question, window),
                tuple((begin + offset, end + offset) for begin, end in inside),
            )
    return None


def _tokens(context: Context, start: int, end: int) -> tuple[int, int] | None:
    """The tokens that cover code points start to end of a context."""
    touched = ((context.ends > start) & (context.starts < end) & ~context.blank).nonzero()[0]
    return (int(touched[0]), int(touched[-1])) if len(touched) else None


def make_batches(features: Sequence[Feature], size: int, seed: int) -> list[list[int]]:
    """Indices of features in batches of similar length, in an order that the seed decides."""
    generator = random.Random(seed)  # noqa: S311 - an order, no secret
    order = list(range(len(features)))
    generator.shuffle(order)
    batches = []
    pool = 50 * size
    for first in range(0, len(order), pool):
        part = sorted(order[first : first + pool], key=lambda index: features[index].length)
        batches += [part[start : start + size] for start in range(0, len(part), size)]
    generator.shuffle(batches)
    return batches


def collate(features: Sequence[Feature], names: Sequence[str], seed: int) -> dict[str, Any]:
    """Put features into one padded batch of tensors, with one of each's answers.

    Args:
        features: of one batch.
        names: the inputs that the model reads.
        seed: decides which of several right answers a feature is shown with.

    Returns:
        each input (features, longest), start_positions and end_positions (features,).
    """
    import torch

    generator = random.Random(seed)  # noqa: S311 - a draw, no secret
    longest = max(feature.length for feature in features)
    batch: dict[str, Any] = {}
    for name in (*names, "attention_mask"):
        # Padding is masked, so that any token id does.
        batch[name] = torch.zeros(len(features), longest, dtype=torch.int64)
        for row, feature in enumerate(features):
            batch[name][row, : feature.length] = torch.from_numpy(feature.inputs[name][0])
    spans = torch.tensor([generator.choice(feature.spans) for feature in features])
    return {**batch, "start_positions": spans[:, 0], "end_positions": spans[:, 1]}
