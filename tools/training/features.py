"""Features for training: a question with one window of tokens, and the places of its answers.

A window without the answer teaches the null: its start and its end are the first token.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from answerer.errors import InputError
from answerer.ranking import Ranking, best

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from answerer.windows import Context, Windows
    from qabot.models.squad import Example
    from tools.training.recipe import Stage

# A wrong text is drawn from this many that rank highest: the first sometimes does answer the question,
# in words that were not annotated.
_WRONG = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """A question with one window of a context.

    Args:
        inputs: input_ids, attention_mask and token_type_ids, each (1, tokens).
        context: the tokens that are the context's.
        spans: first and last token of each right answer; empty where the window has none.
    """

    inputs: dict[str, NDArray[np.int64]]
    context: slice
    spans: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """The number of its tokens."""
        return int(self.inputs["input_ids"].shape[1])


class Article:
    """The questions about one article, and its paragraphs.

    Args:
        examples: all questions of the article.
    """

    def __init__(self, examples: Iterable[Example]) -> None:
        self.examples = list(examples)
        self.texts = list(dict.fromkeys(example.context for example in self.examples))

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(self.texts)

    def wrong_paragraph(self, example: Example, generator: random.Random) -> str | None:
        """A paragraph that shares words with a question and contains none of its answers."""
        scores = self._ranking.scores(example.question)
        return _wrong(self.texts, scores, example, generator)


class Drawing:
    """Draws the features of an epoch from files of questions.

    Args:
        files: the questions of each file, and the file's weight.
        windows: the tokenizer, and the length of a window.
        stage: the shares of wrong paragraphs and windows.
    """

    def __init__(
        self, files: Sequence[tuple[Sequence[Example], float]], windows: Windows, stage: Stage
    ) -> None:
        self._files = [
            ([Article(group) for _, group in groupby(examples, lambda it: it.article)], weight)
            for examples, weight in files
        ]
        self._windows = windows
        self._stage = stage
        self._context = lru_cache(maxsize=256)(windows.context)

    def epoch(self, seed: str) -> list[Feature]:
        """The features of an epoch, drawn with a seed."""
        generator = random.Random(seed)  # noqa: S311 - a draw, no secret
        features: list[Feature] = []
        for articles, weight in self._files:
            for article in articles:
                for example in article.examples:
                    # Weight 1.3: once, and once more for 30% of the questions.
                    for _ in range(int(weight + generator.random())):
                        features += self._features(example, article, generator)
        return features

    def _features(
        self, example: Example, article: Article, generator: random.Random
    ) -> Iterator[Feature]:
        try:
            question = self._windows.question(example.question)
            context = self._context(example.context)
        except InputError:
            return
        cuts = self._windows.cut(context, question)
        if not example.answers:
            yield self._feature(context, question, generator.choice(cuts))
            return
        spans = [
            span
            for answer, start in example.answers
            if (span := _tokens(context, start, start + len(answer))) is not None
        ]
        right = [cut for cut in cuts if any(first in cut and last in cut for first, last in spans)]
        if not right:
            return
        yield self._feature(context, question, generator.choice(right), spans)
        if len(cuts) > 1 and generator.random() < self._stage.wrong_windows:
            texts = [
                context.text[context.starts[cut.start] : context.ends[cut.stop - 1]] for cut in cuts
            ]
            text = _wrong(texts, Ranking(texts).scores(example.question), example, generator)
            if text is not None:
                yield self._feature(context, question, cuts[texts.index(text)])
        if generator.random() < self._stage.wrong_paragraphs:
            text = article.wrong_paragraph(example, generator)
            if text is not None:
                other = self._context(text)
                cut = generator.choice(self._windows.cut(other, question))
                yield self._feature(other, question, cut)

    def _feature(
        self,
        context: Context,
        question: list[int],
        cut: range,
        spans: Sequence[tuple[int, int]] = (),
    ) -> Feature:
        place = self._windows.place(question, cut)
        offset = place.start - cut.start
        inside = (span for span in spans if span[0] in cut and span[1] in cut)
        return Feature(
            self._windows.inputs(context, question, cut),
            place,
            tuple((first + offset, last + offset) for first, last in inside),
        )


def _wrong(
    texts: Sequence[str], scores: Sequence[float], example: Example, generator: random.Random
) -> str | None:
    """One of the highest ranked texts that contain none of a question's answers."""
    answers = [answer.lower() for answer, _ in example.answers]
    wrong = [
        score if not any(answer in text.lower() for answer in answers) else 0.0
        for text, score in zip(texts, scores, strict=True)
    ]
    found = best(wrong, _WRONG)
    return texts[generator.choice(found)] if found else None


def _tokens(context: Context, start: int, end: int) -> tuple[int, int] | None:
    """The tokens that cover code points start to end of a context."""
    touched = ((context.ends > start) & (context.starts < end) & ~context.blank).nonzero()[0]
    return (int(touched[0]), int(touched[-1])) if len(touched) else None


def make_batches(features: Sequence[Feature], size: int, seed: str) -> list[list[Feature]]:
    """Batches of features of similar length, in an order that the seed decides."""
    generator = random.Random(seed)  # noqa: S311 - an order, no secret
    order = list(features)
    generator.shuffle(order)
    batches = []
    pool = 50 * size
    for first in range(0, len(order), pool):
        part = sorted(order[first : first + pool], key=lambda feature: feature.length)
        batches += [part[start : start + size] for start in range(0, len(part), size)]
    generator.shuffle(batches)
    return batches


def collate(features: Sequence[Feature], names: Iterable[str], seed: str) -> Mapping[str, Any]:
    """Put features into one padded batch of tensors, with one right answer each.

    Args:
        features: of one batch.
        names: the inputs that the model reads.
        seed: chooses one of several right answers of a feature.

    Returns:
        each input (features, longest); `choices` (features, longest), whether a token can start or
        end a span; `first` and `last` (features,), the token that is right.
    """
    import torch

    generator = random.Random(seed)  # noqa: S311 - a draw, no secret
    shape = (len(features), max(feature.length for feature in features))
    # Padding is masked, so any token id will do.
    batch: dict[str, Any] = {
        name: torch.zeros(shape, dtype=torch.int64) for name in {*names, "attention_mask"}
    }
    choices = torch.zeros(shape, dtype=torch.bool)
    choices[:, 0] = True
    for row, feature in enumerate(features):
        for name, tensor in batch.items():
            tensor[row, : feature.length] = torch.from_numpy(feature.inputs[name][0])
        choices[row, feature.context] = True
    spans = torch.tensor([generator.choice(feature.spans or ((0, 0),)) for feature in features])
    return {**batch, "choices": choices, "first": spans[:, 0], "last": spans[:, 1]}
