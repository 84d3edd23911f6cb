"""Repositories to show."""

from __future__ import annotations

from answerer.spans import Span
from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.model import Answer, AnswerSet, Entry, Failure, Result
from qabot.questions.read import read_questions
from tests.conftest import Repository

MODEL = "some-model@1/s1"
# What HTML, JSON, scripts, styles, templates, terminals and readers would each obey.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'` --><!-- @@data@@ &lt; ${x} "
    "</style> ]]> ::error::"
)


def peach(repository: Repository) -> Repository:
    """One set with an answer of each kind."""
    repository.write(
        "questions/peach.yaml",
        "context: '🍑 She found a big peach. She named the baby Momotaro. He left.'\n"
        "questions:\n"
        "- {id: name, question: What is the name?, expect: [Momotaro]}\n"
        "- {id: fruit, question: What did she find?, expect: [plum]}\n"
        "- {id: why, question: Why did he leave?}\n"
        "- {id: later, question: When?}\n",
    )
    answer_all(
        repository,
        {"name": ("Momotaro", 0.96), "fruit": ("a big peach", 0.12)},
        failed={"why": "out of memory"},
    )
    return repository


def answer_all(
    repository: Repository,
    answers: dict[str, tuple[str, float]],
    failed: dict[str, str] | None = None,
    model: str = MODEL,
) -> None:
    """Write the answers of every set, as a run would.

    Args:
        repository: to write to.
        answers: text and score by the question's id.
        failed: reasons by the question's id; each is the failure's kind and evidence too.
        model: the identity of the model that answered.
    """
    keys = Keys(model)
    for question_set in read_questions(repository.root).sets:
        entries = []
        for question in question_set.questions:
            key = keys.key(question.context, question.question)
            result: Result
            if question.id in answers:
                text, score = answers[question.id]
                start = question.context.index(text)
                other = Span(question.context[:3], 0, 3, score / 2)
                result = Answer(key, model, Span(text, start, start + len(text), score), (other,))
            elif question.id in (failed or {}):
                reason = (failed or {})[question.id]
                result = Failure(key, model, reason, reason, 3, False, {reason: reason})
            else:
                continue
            entries.append(Entry(question.id, question.question, result))
        store.write_set(
            repository.root,
            AnswerSet(question_set.source, tuple(entries)),
            {question.id: question for question in question_set.questions},
        )
