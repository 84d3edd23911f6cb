"""Compare questions with answers: which to ask, to keep and to remove."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.model import Answer, Failure, Request, Result, is_in
from qabot.errors import UsageError
from qabot.questions.read import FOLDER
from qabot.run.shard import WHOLE, Shard, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qabot.answers.model import Entry
    from qabot.questions.parse import Question
    from qabot.questions.read import Questions


@dataclass(slots=True)
class SetPlan:
    """One question file and its stored answers.

    Args:
        source: the question file.
        questions: its questions, each with its key.
        stored: the current answers file; None if there is none.
        edited: that file was changed since the program wrote it.
    """

    source: str
    questions: tuple[tuple[Question, str], ...]
    stored: store.Stored | None
    edited: bool

    @property
    def before(self) -> dict[str, Entry]:
        """The entries of the current answers file, by id."""
        answers = self.stored.answers if self.stored is not None else None
        return {entry.id: entry for entry in answers.entries} if answers is not None else {}


@dataclass(slots=True)
class Plan:
    """The plan of a run.

    Args:
        model: identity of the model in the keys.
        sets: the selected question files.
        fresh: up-to-date results, by key.
        held: results of questions that are asked again, by key, to keep until they are answered.
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
        return sum(len(planned.questions) for planned in self.sets)

    @property
    def asked(self) -> set[str]:
        """The keys of the questions to answer."""
        return {request.key for request in self.requests}


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
        globs: of question files; empty for all. See `select`.
        force: answer again, even if an up-to-date answer exists.
        shard: the part of these files.
        known: results from elsewhere that `answers/` may lack.

    Raises:
        UsageError: a glob selects nothing.
    """
    stored = store.read_all(root)
    gone = _gone(stored, questions.sources)
    selected = select([*questions.sources, *gone], globs, root)
    sets = [question_set for question_set in questions.sets if question_set.source in selected]
    mine = share(sets, shard)
    plan = Plan(model)
    if shard.is_first:
        plan.prune = sorted(path for source, path in gone.items() if source in selected)
    keys = Keys(model)
    # By key, so that a renamed or moved question keeps its answer.
    by_key = {result.key: result for result in store.results(stored.values())}
    results = _newest(by_key, known)
    for question_set in sets:
        if question_set.source in mine:
            keyed = tuple((q, keys.key(q.context, q.question)) for q in question_set.questions)
            _compare(plan, keyed, results, force=force)
            there = stored.get(store.answers_path(question_set.source))
            plan.sets.append(SetPlan(question_set.source, keyed, there, _is_edited(there, keyed)))
    return plan


def _compare(
    plan: Plan, keyed: Iterable[tuple[Question, str]], results: Mapping[str, Result], *, force: bool
) -> None:
    """Sort a file's questions into those with a fresh result and those to ask."""
    asked = plan.asked
    for question, key in keyed:
        if key in plan.fresh or key in asked:
            continue
        found = results.get(key)
        valid = found is not None and _is_valid(found, question.context)
        if found is not None and valid and not force:
            plan.fresh[key] = found
            continue
        if found is not None and (valid or isinstance(found, Failure)):
            plan.held[key] = found
        asked.add(key)
        plan.requests.append(Request(key, question.question, question.context))


def _newest(stored: dict[str, Result], known: Iterable[Result]) -> dict[str, Result]:
    """Stored results, replaced by those from elsewhere, which are newer."""
    for result in known:
        # A failure elsewhere does not replace an answer.
        if isinstance(result, Answer) or not isinstance(stored.get(result.key), Answer):
            stored[result.key] = result
    return stored


def _gone(stored: Mapping[str, store.Stored], sources: Sequence[str]) -> dict[str, str]:
    """Answers files of the program whose questions are gone, by the question file they were for."""
    expected = {store.answers_path(source) for source in sources}
    return {
        FOLDER + path.removeprefix(store.FOLDER): path
        for path, file in stored.items()
        if file.ours and path not in expected
    }


def _is_edited(there: store.Stored | None, keyed: Iterable[tuple[Question, str]]) -> bool:
    if there is None or there.answers is None:
        return False
    contexts = {key: question.context for question, key in keyed}
    return not there.pristine or any(
        isinstance(entry.result, Answer) and not _is_valid(entry.result, contexts[entry.result.key])
        for entry in there.answers.entries
        if entry.result.key in contexts
    )


def _is_valid(result: Result, context: str) -> bool:
    """Whether a stored result can be used again.

    A failure that another attempt may resolve cannot, nor can an answer that is not in the context:
    somebody has edited it.
    """
    if isinstance(result, Failure):
        return result.permanent
    said = all(span.found for span in result.alternatives)
    return said and all(is_in(span, context) for span in (result.span, *result.alternatives))


def select(sources: Sequence[str], globs: Sequence[str], root: Path | None = None) -> set[str]:
    """The question files that globs match.

    Each is first tried as the path of a file or folder: from the current folder, as a shell completes
    it, or from the repository or `questions/`, with or without its suffix. Only if nothing has that
    path, it is a glob, matched against the same names. A folder names everything below it.

    Args:
        sources: question files, relative to the repository, with `/`.
        globs: as on the command line; empty for everything.
        root: the repository; None without one.

    Raises:
        UsageError: a glob selects nothing.
    """
    if not globs:
        return set(sources)
    names = {source: _names(source) for source in sources}
    selected: set[str] = set()
    others = []
    for glob in globs:
        path = _path_inside(root, glob) if root is not None else None
        found = {source for source in sources if path is not None and path in names[source]}
        if not found and path is not None and (root / path).is_file():  # type: ignore[operator]
            # `questions/*` as a shell expands it contains schema.json and context files, too.
            others.append(glob)
            continue
        pattern = str(PurePosixPath(glob.replace("\\", "/")))
        found = found or {source for source in sources if pattern in names[source]}
        found = found or {
            source
            for source in sources
            if any(fnmatch.fnmatchcase(name, pattern) for name in names[source])
        }
        if not found:
            raise _nothing_matches(sources, glob)
        selected |= found
    if not selected:
        raise _nothing_matches(sources, others[0])
    return selected


def _names(source: str) -> set[str]:
    """The names of a question file: its path and its folders, from the repository and `questions/`."""
    inside = source.removeprefix(f"{FOLDER}/")
    names = {source, inside}
    names |= {str(PurePosixPath(name).with_suffix("")) for name in names}
    names |= {str(parent) for name in (source, inside) for parent in PurePosixPath(name).parents}
    return names - {"."}


def _path_inside(root: Path, name: str) -> str | None:
    """A path from the current folder, relative to the repository; None if it does not exist."""
    path = Path(os.path.abspath(name))  # noqa: PTH100 - links stay as they are
    base = Path(os.path.abspath(root))  # noqa: PTH100
    inside = path.is_relative_to(base / FOLDER) and os.path.lexists(path)
    return path.relative_to(base).as_posix() if inside else None


def _nothing_matches(sources: Sequence[str], glob: str) -> UsageError:
    if not sources:
        return UsageError(f"no question file matches '{glob}': {FOLDER}/ has none")
    some = ", ".join(source.removeprefix(f"{FOLDER}/") for source in sources[:8])
    more = f" and {len(sources) - 8} more" if len(sources) > 8 else ""
    return UsageError(f"no question file matches '{glob}'; question files: {some}{more}")
