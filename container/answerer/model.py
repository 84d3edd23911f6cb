"""A model directory, loaded: contexts and questions in, spans out.

model = Model.load(Path("container/model"))
model.answer("He received the 1921 Nobel Prize in Physics.", "In what year?")
# [Span(answer='1921', start=16, end=20, score=0.9…)]
"""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import InputError, ModelError
from answerer.info import INFO_FILE, MODEL_FILE, TOKENIZER_FILE, ModelInfo, digest, read_info
from answerer.pool import Pool
from answerer.session import Session, import_onnxruntime
from answerer.spans import Span, SpanSearch
from answerer.texts import Text
from answerer.windows import Context, Windows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from answerer.scores import Evidence

# The longest answer, in tokens: about two lines.
MAX_ANSWER_TOKENS = 30

# Texts that are cached, with their tokens, for the next question about the same text.
_TEXTS_KEPT = 8


class Model:
    """A loaded model; use `load`.

    Args:
        info: what `model.json` says.
        windows: its tokenizer.
        session: its neural network.
        threads: how many windows run in parallel.
    """

    def __init__(self, info: ModelInfo, windows: Windows, session: Session, threads: int) -> None:
        self.info = info
        self.threads = threads
        self._windows = windows
        self._session = session
        self._text = functools.lru_cache(_TEXTS_KEPT)(functools.partial(Text, windows))

    @classmethod
    def load(cls, directory: Path, *, threads: int | None = None, with_fit: bool = True) -> Model:
        """Load a model directory.

        Args:
            directory: holds model.onnx, tokenizer.json and model.json.
            threads: how many windows run in parallel; by default one for each usable core.
            with_fit: as for `read_info`.

        Raises:
            ModelError: the directory is missing, broken or of another version.
        """
        info = read_info(directory, with_fit=with_fit)
        _check_content(directory, info.digest)
        windows = Windows(directory / TOKENIZER_FILE, info.max_length)
        if info.null and not windows.template.before:
            raise ModelError(
                f"{directory / INFO_FILE} says that the model has a null, but its tokenizer puts no "
                "token before the question that could be one; export the model again"
            )
        session = Session(directory / MODEL_FILE)
        return cls(info, windows, session, threads or usable_cores())

    def answer(self, context: str, question: str, *, top_k: int = 1) -> list[Span]:
        """Find the part of a text that answers a question.

        Args:
            context: any text, of any length up to `windows.MAX_CONTEXT`.
            question: a question about it.
            top_k: how many spans at most; they do not overlap.

        Returns:
            the answer, then the alternatives; `context[span.start:span.end] == span.answer`.
            The answer is an empty span where the text does not say, and its score how likely that
            is. No two spans overlap or say the same.

        Raises:
            InputError: the context or the question cannot be answered as it is.
            ModelError: the model failed.
        """
        job = self._job(0, context, question)
        if len(job.windows) == 1:  # the usual case needs no threads
            job.add(job.windows[0], self._session.run(job.inputs(job.windows[0])))
        else:
            for _ in self._run(iter([job])):
                pass
        return job.best(top_k)

    def evidence_all(
        self, pairs: Iterable[tuple[str, str]]
    ) -> Generator[tuple[int, tuple[Span, Evidence] | InputError], None, None]:
        """The best span for each of many questions, with the evidence for it.

        Args:
            pairs: as for `answer_all`.

        Yields:
            the index of a pair; the span, without a score, and the evidence that a calibration weighs.

        Raises:
            ModelError: the model failed.
        """
        for job in self._run(self._jobs(pairs)):
            yield job if isinstance(job, tuple) else (job.index, job.search.evidence())

    def answer_all(
        self, pairs: Iterable[tuple[str, str]], *, top_k: int = 1
    ) -> Generator[tuple[int, list[Span] | InputError], None, None]:
        """Answer many questions, with every core busy.

        Args:
            pairs: contexts and questions, taken a few ahead of the answers.
            top_k: as for `answer`.

        Yields:
            the index of a pair and what `answer` returns or raises for it, as they complete.
            Closing the iterator stops the work immediately.

        Raises:
            ModelError: the model failed.
        """
        for job in self._run(self._jobs(pairs)):
            yield job if isinstance(job, tuple) else (job.index, job.best(top_k))

    def _jobs(self, pairs: Iterable[tuple[str, str]]) -> Iterator[_Job | tuple[int, InputError]]:
        for index, (context, question) in enumerate(pairs):
            try:
                yield self._job(index, context, question)
            except InputError as error:
                yield index, error

    def _job(self, index: int, context: str, question: str) -> _Job:
        # The question first: it is short, and the context can be huge.
        tokens = self._windows.question(question)
        text = self._text(context)
        windows = [
            _Window(passage.offset, passage.context, window, passage.lexical, passage.overlap)
            for passage in text.passages(question)
            for window in self._windows.cut(passage.context, tokens)
        ]
        search = SpanSearch(context, MAX_ANSWER_TOKENS, question)
        return _Job(index, self._windows, self.info, tokens, windows, search, len(windows))

    def _run(
        self, jobs: Iterator[_Job | tuple[int, InputError]]
    ) -> Iterator[_Job | tuple[int, InputError]]:
        """Run the windows of all jobs in parallel; yield each job once it is complete."""
        ahead = 2 * self.threads  # enough that no thread waits while the caller uses a result
        running = 0
        waiting: Iterator[_Window] = iter(())
        job: _Job | None = None
        with Pool[tuple[_Job, _Window]](self._session, self.threads) as pool:
            while True:
                while running < ahead:
                    window = next(waiting, None)
                    if window is not None and job is not None:
                        pool.submit((job, window), job.inputs(window))
                        running += 1
                        continue
                    following = next(jobs, None)
                    if following is None:
                        break
                    if isinstance(following, tuple):
                        yield following
                    else:
                        job = following
                        waiting = iter(job.windows)
                if not running:
                    return
                (done, window), logits = pool.result()
                running -= 1
                done.add(window, logits)
                if not done.left:
                    yield done


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Tokens of a passage that the model reads in one run."""

    offset: int
    context: Context
    tokens: range
    lexical: float
    overlap: float


@dataclass(slots=True, eq=False)
class _Job:
    """One question in progress: its windows, and the results for them so far."""

    index: int
    texts: Windows
    info: ModelInfo
    question: list[int]
    windows: list[_Window]
    search: SpanSearch
    left: int

    def inputs(self, window: _Window) -> dict[str, NDArray[np.int64]]:
        return self.texts.inputs(window.context, self.question, window.tokens)

    def add(self, window: _Window, logits: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
        start, end = logits
        where = self.texts.place(self.question, window.tokens)
        self.search.add(
            window.context,
            window.tokens,
            start[0, where],
            end[0, where],
            offset=window.offset,
            null=float(start[0, 0]) + float(end[0, 0]) if self.info.null else 0.0,
            lexical=window.lexical,
            overlap=window.overlap,
        )
        self.left -= 1

    def best(self, top_k: int) -> list[Span]:
        return self.search.best(top_k, has_null=self.info.null, calibration=self.info.calibration)


def _check_content(directory: Path, expected: str) -> None:
    """Raise ModelError if the files are not those that `model.json` was written for.

    Native code reads them, and a damaged file can crash it without a message.
    """
    found: list[str | OSError] = []

    def read() -> None:
        try:
            found.append(digest(directory))
        except OSError as error:
            found.append(error)

    # Hashing releases the interpreter, and loading the model takes as long.
    aside = threading.Thread(target=read, name="digest", daemon=True)
    aside.start()
    import_onnxruntime()
    import tokenizers  # noqa: F401

    aside.join()
    (actual,) = found
    if isinstance(actual, OSError):
        reason = actual.strerror
        raise ModelError(f"{directory} cannot be read ({reason}); make it readable") from actual
    if actual == expected:
        return
    raise ModelError(
        f"{directory}: {MODEL_FILE} or {TOKENIZER_FILE} does not match {INFO_FILE}: "
        "it was damaged or changed; fetch or export the model again"
    )


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
