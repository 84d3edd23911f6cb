"""Questions and answers compared: what to ask, what to keep, what to remove."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.model import Answer, Failure, Request, Result
from qabot.errors import UsageError
from qabot.questions.read import FOLDER
from qabot.run.shard import WHOLE, Shard, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from answerer.spans import Span
    from qabot.questions.parse import Question
    from qabot.questions.read import Questions


@dataclass(slots=True)
class SetPlan:
    """One question file and what is known of its answers.

    Args:
        source: the question file.
        questions: its questions, each with its key.
        stored: the answers file as it lies there; None where there is none.
        edited: that file is not as the program wrote it.
    """

    source: str
    questions: tuple[tuple[Question, str], ...]
    stored: store.Stored | None
    edited: bool


@dataclass(slots=True)
class Plan:
    """What a run does.

    Args:
        model: identity of the model that the keys are of.
        sets: the question files that the run is about.
        fresh: results that stand, by key.
        held: results of what is asked again, by key, that are worth keeping until it is answered.
        requests: the questions to answer, no key twice, in the order of the questions.
        prune: answers files, relative to the repository, whose questions are gone.
    """

    model: str
    sets: list[SetPlan] = field(default_factory=list)
    fresh: dict[str, Result] = field(default_factory=dict)
    held: dict[str, Result] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    prune: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Questions of all the sets."""
        return sum(len(one.questions) for one in self.sets)


def make_plan(
    root: Path,
    questions: Questions,
    model: str,
    globs: Sequence[str] = (),
    *,
    force: bool = False,
    shard: Shard = WHOLE,
    known: Iterable[Result] = (),
) -> Plan:
    """Compare questions with answers.

    Args:
        root: the repository.
        questions: what `questions/` holds.
        model: identity of the model that will answer.
        globs: which question files; all of them when empty. See `select`.
        force: no answer is fresh.
        shard: which part of these files.
        known: results from elsewhere that `answers/` may lack.

    Raises:
        UsageError: a glob selects nothing.
    """
    stored = store.read_all(root)
    gone = _gone(stored, questions.sources)
    selected = select([*questions.sources, *gone], globs)
    prune = sorted(path for source, path in gone.items() if source in selected)
    plan = Plan(model, prune=prune if shard.is_first else [])
    selected &= share((one for one in questions.sets if one.source in selected), shard)
    keys = Keys(model)
    results = _known(stored.values())
    for result in known:
        # What happened elsewhere is newer; but that it failed there takes no answer away.
        if isinstance(result, Answer) or not isinstance(results.get(result.key), Answer):
            results[result.key] = result
    asked: set[str] = set()
    for one in questions.sets:
        if one.source not in selected:
            continue
        keyed = tuple((q, keys.key(q.context, q.question)) for q in one.questions)
        for question, key in keyed:
            if key in plan.fresh or key in asked:
                continue
            found = results.get(key)
            stands = found is not None and _stands(found, question.context)
            if found is not None and stands and not force:
                plan.fresh[key] = found
                continue
            if found is not None and (stands or isinstance(found, Failure)):
                plan.held[key] = found
            asked.add(key)
            plan.requests.append(Request(key, question.question, question.context))
        there = stored.get(store.answers_path(one.source))
        plan.sets.append(SetPlan(one.source, keyed, there, _is_edited(there, keyed)))
    return plan


def _gone(stored: Mapping[str, store.Stored], sources: Sequence[str]) -> dict[str, str]:
    """Answers files of the program whose questions are gone, by the question file they were for."""
    expected = {store.answers_path(source) for source in sources}
    return {
        FOLDER + path.removeprefix(store.FOLDER): path
        for path, one in stored.items()
        if one.ours and path not in expected
    }


def _is_edited(there: store.Stored | None, keyed: Iterable[tuple[Question, str]]) -> bool:
    if there is None or there.answers is None:
        return False
    contexts = {key: question.context for question, key in keyed}
    return not there.pristine or any(
        isinstance(entry.result, Answer) and not _stands(entry.result, contexts[entry.result.key])
        for entry in there.answers.entries
        if entry.result.key in contexts
    )


def _known(stored: Iterable[store.Stored]) -> dict[str, Result]:
    """Every stored result by key, so that a renamed or moved question keeps its answer."""
    return {
        entry.result.key: entry.result
        for one in stored
        if one.answers is not None
        for entry in one.answers.entries
    }


def _stands(result: Result, context: str) -> bool:
    """Whether a stored result is what its key promises.

    A failure that another try could mend does not stand, nor does an answer that is not in the context:
    somebody has edited it.
    """
    if isinstance(result, Failure):
        return result.permanent
    return all(_is_in(span, context) for span in (result.span, *result.alternatives))


def _is_in(span: Span, context: str) -> bool:
    return context[span.start : span.end] == span.answer != ""


def select(sources: Sequence[str], globs: Sequence[str]) -> set[str]:
    """The question files that globs name.

    A glob is matched against the path from the repository and from `questions/`, with and without its
    suffix; a folder names all that is below it.

    Args:
        sources: question files, relative to the repository, with `/`.
        globs: as on the command line; none of them selects everything.

    Raises:
        UsageError: a glob selects nothing.
    """
    if not globs:
        return set(sources)
    selected: set[str] = set()
    for glob in globs:
        found = {source for source in sources if _matches(source, glob)}
        if not found:
            some = ", ".join(source.removeprefix(f"{FOLDER}/") for source in sources[:8])
            more = f" and {len(sources) - 8} more" if len(sources) > 8 else ""
            raise UsageError(
                f"no question file matches '{glob}'; there are: {some}{more}"
                if sources
                else f"no question file matches '{glob}': {FOLDER}/ holds none"
            )
        selected |= found
    return selected


def _matches(source: str, glob: str) -> bool:
    pattern = str(PurePosixPath(glob.replace("\\", "/")))
    inside = source.removeprefix(f"{FOLDER}/")
    names = {source, inside}
    names |= {str(PurePosixPath(name).with_suffix("")) for name in names}
    names |= {str(parent) for name in (source, inside) for parent in PurePosixPath(name).parents}
    return any(fnmatch.fnmatchcase(name, pattern) for name in names - {"."})
