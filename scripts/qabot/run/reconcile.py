"""A run: answer the questions of a plan, write the results, remove stale answers."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.locate import find_places
from qabot.answers.model import (
    Answer,
    AnswerSet,
    Entry,
    Failure,
    is_as_expected,
    is_doubtful,
    rounded,
    span_in_words,
)
from qabot.atomic_write import sweep
from qabot.console.redact import Redactor
from qabot.errors import AnswersError, Interrupted, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qabot.answers.model import Result
    from qabot.console.reporter import Reporter
    from qabot.engines import Engine
    from qabot.questions.parse import Question
    from qabot.run.plan import Plan, SetPlan

# Writing a set again for each of its answers costs more the larger it is. Waiting this many times as
# long as the last write took keeps that to one twentieth of a run; small sets are written immediately.
_PATIENCE = 20


@dataclass(slots=True)
class Outcome:
    """The result of a run.

    Args:
        asked: questions given to the engine.
        answered: of these, how many it answered.
        failed: questions of the selected files without an answer now.
        doubtful: answers of the selected files with a low score.
        expected: questions that expect something.
        met: of these, how many got it.
        seconds: from the first question asked to the last result.
        written: answers files that changed.
        removed: answers files whose questions are gone.
        unwritten: answers files that could not be written or removed.
        results: known after the run, by key.
    """

    asked: int = 0
    answered: int = 0
    failed: int = 0
    doubtful: int = 0
    expected: int = 0
    met: int = 0
    seconds: float = 0.0
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def is_unfinished(self) -> bool:
        """Whether the run made progress but ran out of time, so that another should continue it."""
        late = any(
            isinstance(result, Failure) and result.kind == "timeout"
            for result in self.results.values()
        )
        return late and self.answered > 0


def reconcile(
    root: Path,
    plan: Plan,
    engine: Engine,
    report: Reporter,
    clock: Callable[[], float] = time.monotonic,
    *,
    outcome: Outcome | None = None,
) -> Outcome:
    """Update `answers/` according to the plan.

    Every result is written as it arrives, so stopping at any moment loses no result.

    Args:
        root: the repository.
        plan: what to ask, keep and remove.
        engine: answers the questions; not used if there are none to ask.
        report: receives every result, and the answers files that somebody edited.
        clock: seconds.
        outcome: filled in during the run, so that it is correct for an interrupted run, too.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the answers so far are written.
        AnswersError: no answers file can be written.
    """
    outcome = outcome or Outcome()
    sweep(root / store.FOLDER)
    outcome.asked = len(plan.requests)
    writer = _Writer(root, plan, report, clock, outcome.results)
    started = clock()
    writer.flush(force=True)
    try:
        with report.progress(len(plan.requests), "Answering") as advance:
            if plan.requests:
                with contextlib.closing(engine.answer(plan.requests)) as arriving:
                    for result in arriving:
                        outcome.answered += isinstance(result, Answer)
                        advance(writer.add(result))
                        writer.flush()
    except KeyboardInterrupt:
        writer.flush(force=True)
        raise Interrupted(
            f"stopped after {writer.added} of {len(plan.requests)} questions; "
            "the answers so far are written, and the same command continues from there"
        ) from None
    finally:
        writer.flush(force=True)
        outcome.seconds = clock() - started
    # Last, so that a renamed file's answers can still be found under its old name until here.
    current = [store.answers_path(part.source) for part in plan.sets]
    for path in plan.prune:
        try:
            store.prune(root, [path], current)
        except AnswersError as error:
            writer.unwritten.add(path)
            report.error(str(error))
        else:
            outcome.removed.append(path)
    outcome.written = sorted(writer.written)
    outcome.unwritten = sorted(writer.unwritten)
    for planned in plan.sets:
        for question, key in planned.questions:
            _judge(question, writer.results.get(key), outcome, report, new=key not in plan.fresh)
    return outcome


def write_known(root: Path, plan: Plan, report: Reporter) -> tuple[list[str], list[str]]:
    """Update `answers/` without asking; sets without known results stay as they are.

    Args:
        root: the repository.
        plan: has the known results and the files to remove; its requests are not answered.
        report: receives the answers files that somebody edited.

    Returns:
        The answers files that changed, and those that are removed.
    """
    writer = _Writer(root, plan, report, time.monotonic, {})
    writer.take_known()
    writer.flush(force=True)
    store.prune(root, plan.prune, (store.answers_path(part.source) for part in plan.sets))
    return sorted(writer.written), plan.prune


class _Writer:
    """Collects results and writes the sets that they belong to."""

    def __init__(
        self,
        root: Path,
        plan: Plan,
        report: Reporter,
        clock: Callable[[], float],
        results: dict[str, Result],
    ) -> None:
        self.results = results
        # What is written is committed, and commits may be public.
        self._redact = Redactor(accounts=True)
        for key, result in (plan.fresh | plan.held).items():
            self.results[key] = self._public(result)
        self.written: set[str] = set()
        self.unwritten: set[str] = set()
        self.added = 0
        self._root = root
        self._report = report
        self._clock = clock
        self._sets = plan.sets
        self._asked: dict[str, list[tuple[SetPlan, Question]]] = defaultdict(list)
        for planned in plan.sets:
            for question, key in planned.questions:
                self._asked[key].append((planned, question))
        asked = plan.asked
        # A set with questions to ask stays as it is until the first result: if the engine fails, the
        # old answers are better than none.
        self._dirty = {
            planned.source: planned
            for planned in plan.sets
            if all(key not in asked for _, key in planned.questions)
        }
        self._next = 0.0

    def take_known(self) -> None:
        """Mark every set with known results to be written."""
        for planned in self._sets:
            if any(key in self.results for _, key in planned.questions):
                self._dirty[planned.source] = planned

    def add(self, result: Result) -> str:
        """Add a result; returns a line that describes it."""
        asked = self._asked[result.key]
        result = self.results[result.key] = self._public(result)
        self._dirty.update((planned.source, planned) for planned, _ in asked)
        self.added += 1
        question = asked[0][1]
        return f"{question.source}: {question.question} → {in_words(result)}"

    def _public(self, result: Result) -> Result:
        return self._redact.failure(result) if isinstance(result, Failure) else rounded(result)

    def flush(self, *, force: bool = False) -> None:
        """Write the sets that changed, unless they were just written."""
        started = self._clock()
        if not self._dirty or (not force and started < self._next):
            return
        for source, planned in list(self._dirty.items()):
            self._write(planned)
            del self._dirty[source]  # only now: Ctrl-C may come during the write
        ended = self._clock()
        self._next = ended + _PATIENCE * (ended - started)

    def _write(self, planned: SetPlan) -> None:
        entries = tuple(
            Entry(
                question.id,
                question.question,
                self.results[key],
                find_places(question, self.results[key]),
            )
            for question, key in planned.questions
            if key in self.results
        )
        path = store.answers_path(planned.source)
        if planned.edited and path not in self.written:
            self._report.warning(f"{path} was edited or is corrupt; rewriting it")
        questions = {question.id: question for question, _ in planned.questions}
        try:
            change = store.write_set(self._root, AnswerSet(planned.source, entries), questions)
        except AnswersError as error:
            if error.is_general:
                raise
            if path not in self.unwritten:  # the other files are still written
                self.unwritten.add(path)
                self._report.error(str(error))
            return
        self.unwritten.discard(path)
        if change.changed:
            self.written.add(path)
        for kept, name in change.kept:
            self._report.warning(f"{name} was not written by qabot; it is kept as {kept}")


def in_words(result: Result) -> str:
    """A result on one line, such as `Momotaro (0.93)`; not yet safe to print."""
    if isinstance(result, Answer):
        return span_in_words(result.span)
    return f"no answer: {result.reason}"


def _judge(
    question: Question, result: Result | None, outcome: Outcome, report: Reporter, *, new: bool
) -> None:
    """Count the result of a question, and report what a person should look at.

    A missing answer is reported in every run; an unexpected one only when it is new.
    """
    outcome.expected += bool(question.expect or question.expect_no_answer)
    if not isinstance(result, Answer):
        outcome.failed += 1
        if isinstance(result, Failure):
            what = f"no answer to '{question.question}': {result.reason}"
            kind = f"kind: {result.kind}"
            report.error(Problem(question.source, question.line, 0, what, kind))
        return
    outcome.doubtful += is_doubtful(result)
    met = is_as_expected(result.span, question)
    if met:
        outcome.met += 1
    elif met is False and new:
        got = f"'{result.span.answer}'" if result.span.found else "no answer"
        what = f"'{question.question}' got {got}"
        expected = ", ".join(question.expect) or "no answer"
        report.warning(Problem(question.source, question.line, 0, what, f"expected: {expected}"))
