"""From texts to what the model reads: tokens, and overlapping windows of them.

A context is tokenised once, however many windows and questions it takes part in. A window is then
assembled here, from the question's tokens, a range of the context's, and the special tokens that
the tokenizer would have put around them.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

# Tokens that neighbouring windows share, so that an answer that one cuts is whole in the other.
# 64, 96 and 128 differ less in F1 than other positions of the cuts do (docs/models.md).
OVERLAP = 96

# The number of tokens by which a cut may move, to fall between words.
LONGEST_WORD = 16

# The longest context, in code points: some 3,000 pages. More would take minutes and a gigabyte.
MAX_CONTEXT = 4_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """A tokenised context.

    Args:
        text: the context.
        ids: (tokens,) token ids.
        starts: (tokens,) offset of each token's first code point in `text`.
        ends: (tokens,) offset after each token's last code point.
        blank: (tokens,) whether a token holds nothing but white space.
        breaks: (tokens,) whether white space comes right before a token, or begins it.
    """

    text: str
    ids: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    blank: NDArray[np.bool_]
    breaks: NDArray[np.bool_]

    def stripped(self, first: int, last: int) -> tuple[int, int]:
        """The code points of tokens first..last without white space at either end."""
        start, end = int(self.starts[first]), int(self.ends[last])
        text = self.text[start:end]
        return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))


@dataclass(frozen=True, slots=True)
class Template:
    """The special tokens around a question and a context, as (token id, token type) each.

    Args:
        before: what comes before the question.
        between: what comes between the question and the context.
        after: what comes after the context.
        question_type: token type of the question's tokens.
        context_type: token type of the context's tokens.
    """

    before: list[tuple[int, int]]
    between: list[tuple[int, int]]
    after: list[tuple[int, int]]
    question_type: int
    context_type: int

    @property
    def length(self) -> int:
        """How many special tokens a window has."""
        return len(self.before) + len(self.between) + len(self.after)


class Windows:
    """The tokenizer of a model, and the windows it makes of questions and contexts.

    Args:
        path: `tokenizer.json`.
        max_length: tokens of one window, special tokens and question included.

    Raises:
        ModelError: the file is not a tokenizer, or one that cannot distinguish question and context.
    """

    def __init__(self, path: Path, max_length: int) -> None:
        from tokenizers import Tokenizer

        self._path = path
        with _failing(f"{path} cannot be read"):
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.template = learn_template(self._tokenizer, path)
        # From here on, "[SEP]" in a context is five characters, not a special token.
        self._tokenizer.encode_special_tokens = True
        self.max_length = max_length

    def context(self, text: str) -> Context:
        """Tokenise a context.

        Raises:
            ModelError: the tokenizer fails on it.
        """
        import numpy as np

        encoding = self._encode(text)
        tokens = len(encoding)
        ids = np.fromiter(encoding.ids, np.int64, tokens)
        offsets = np.fromiter(itertools.chain.from_iterable(encoding.offsets), np.int32, 2 * tokens)
        starts, ends = offsets[::2].copy(), offsets[1::2].copy()
        space = np.fromiter((char.isspace() for char in text), np.bool_, len(text))
        seen = np.concatenate([[0], (~space).cumsum()])
        blank = seen[ends] == seen[starts]
        before = np.concatenate([[True], space])[starts]
        begins = np.concatenate([space, [False]])[starts]
        return Context(text, ids, starts, ends, blank, before | begins)

    def question(self, text: str) -> list[int]:
        """Tokenise a question.

        Raises:
            InputError: it is blank, not Unicode text, or leaves no room for a context.
            ModelError: the tokenizer fails on it.
        """
        check_text("question", text)
        ids: list[int] = self._encode(text).ids
        # At least a quarter of the window is for the context.
        longest = self.max_length - self.template.length - max(1, self.max_length // 4)
        if len(ids) > longest:
            raise InputError(
                "question-too-long",
                f"the question has {len(ids):,} tokens, and this model reads at most {longest}; "
                "ask something shorter, and move what explains it into the context",
            )
        return ids

    def _encode(self, text: str) -> Encoding:
        with _failing(f"{self._path} fails on a text"):
            return self._tokenizer.encode(text, add_special_tokens=False)

    def cut(self, context: Context, question: list[int]) -> list[range]:
        """Cut a context into windows of nearly equal length that overlap, between words.

        Returns:
            the range of context tokens of each window; together they cover the context.
        """
        tokens = len(context.ids)
        room = self.max_length - self.template.length - len(question)
        if tokens <= room:
            return [range(tokens)]
        overlap = min(OVERLAP, room // 2)
        count = 1 + -(-(tokens - room) // (room - overlap))
        last = tokens - room
        firsts = [round(last * number / (count - 1)) for number in range(count)]
        # A cut moves to the nearest place between words inside of its window, a little at most, so
        # that windows still overlap.
        most = min(LONGEST_WORD, overlap // 3)
        cut = []
        for first in firsts:
            start, stop = first, first + room
            if start > 0:
                places = context.breaks[start : start + most + 1].nonzero()[0]
                start += int(places[0]) if len(places) else 0
            if stop < tokens:
                places = context.breaks[stop - most : stop + 1].nonzero()[0]
                stop -= most - int(places[-1]) if len(places) else 0
            cut.append(range(start, stop))
        return cut

    def inputs(
        self, context: Context, question: list[int], window: range
    ) -> dict[str, NDArray[np.int64]]:
        """Assemble one window: the model's possible inputs, each of shape (1, tokens)."""
        import numpy as np

        template = self.template
        before, between, after = (
            [token for token, _ in part]
            for part in (template.before, template.between, template.after)
        )
        head = [*before, *question, *between]
        ids = np.concatenate([head, context.ids[window.start : window.stop], after], dtype=np.int64)
        types = [kind for _, kind in template.before]
        types += [template.question_type] * len(question)
        types += [kind for _, kind in template.between]
        types += [template.context_type] * len(window)
        types += [kind for _, kind in template.after]
        return {
            "input_ids": ids[None],
            "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }

    def place(self, question: list[int], window: range) -> slice:
        """The positions of the context's tokens in the result of `inputs`."""
        first = len(self.template.before) + len(question) + len(self.template.between)
        return slice(first, first + len(window))


def learn_template(tokenizer: Tokenizer, path: Path) -> Template:
    """Learn what a tokenizer puts around a question and a context by having it encode a pair.

    Args:
        tokenizer: any tokenizer with a post-processor for pairs.
        path: its file, for the error.

    Raises:
        ModelError: the two texts cannot be found in the encoded pair.
    """
    # Probes for vocabularies with letters, and for unusual ones without.
    for probe in ("a", "the", "1", "."):
        with _failing(f"{path} cannot encode a pair of texts"):
            encoding: Encoding = tokenizer.encode(probe, probe)
        ids, kinds, parts = encoding.ids, encoding.type_ids, encoding.sequence_ids
        question = [index for index, part in enumerate(parts) if part == 0]
        context = [index for index, part in enumerate(parts) if part == 1]
        if question and context and question[-1] < context[0]:
            break
    else:
        raise ModelError(
            f"{path} does not distinguish question and context when it encodes a pair of texts, so "
            "it is not the tokenizer of a question-answering model; export another checkpoint"
        )
    tokens = list(zip(ids, kinds, strict=True))
    return Template(
        before=tokens[: question[0]],
        between=tokens[question[-1] + 1 : context[0]],
        after=tokens[context[-1] + 1 :],
        question_type=kinds[question[0]],
        context_type=kinds[context[0]],
    )


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Turn whatever tokenizers raises into a ModelError: an Exception, or a panic in its Rust code."""
    try:
        yield
    except BaseException as error:
        # PanicException is not a subclass of Exception, and no module exports it.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"{what} ({error}); export the model again") from error


def check_text(what: str, text: str) -> None:
    """Check that a text can be tokenised.

    Args:
        what: `context` or `question`, for the error.
        text: the text.

    Raises:
        InputError: it is blank, too long or not Unicode text.
    """
    if not text.strip():
        raise InputError(f"empty-{what}", f"the {what} is empty; write one")
    if len(text) > MAX_CONTEXT:
        raise InputError(
            f"{what}-too-long",
            f"the {what} has {len(text):,} characters, and at most {MAX_CONTEXT:,} can be "
            "searched; split it",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            "not-unicode",
            f"the {what} holds half of a surrogate pair at character {error.start + 1}, which is "
            "no Unicode text; save it as UTF-8 again",
        ) from None
