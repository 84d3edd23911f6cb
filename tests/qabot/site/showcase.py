"""The repositories in the documents' pictures: an answer of each kind, and answers from a handbook.

The answers and their scores are the bundled model's; the failure is one that a task on Fargate can have.
"""

from __future__ import annotations

import json

from answerer.spans import Span
from qabot.answers import folder as store
from qabot.answers.key import Keys
from qabot.answers.locate import find_places
from qabot.answers.model import Answer, AnswerSet, Entry, Failure, Result
from qabot.github.links import Links
from tests.conftest import ROOT, Repository
from tests.qabot.site.pages import chosen
from tests.tutorial import MOMOTARO

MODEL = "qabot-minilm-l6-squad@64a382cf8c07/s5-d89eb1"
LINKS = Links(
    "https://github.com/someone/questions",
    "main",
    {
        "answers/apollo-11.yaml": "8f3a2c1d" * 5,
        "answers/handbook.yaml": "c42e90d1" * 5,
        "answers/momotaro.yaml": "51c09be7" * 5,
    },
)

APOLLO = (
    "Apollo 11 was the first spaceflight to land humans on the Moon, on 20 July 1969. Neil Armstrong "
    "and Buzz Aldrin landed in the Sea of Tranquility, while Michael Collins stayed in orbit. "
    "Armstrong stepped onto the surface six hours later, and Aldrin joined him nineteen minutes after "
    "that. They collected 21.5 kilograms of lunar material to bring back to Earth, and spent two and "
    "a quarter hours outside. The mission fulfilled a goal that President John F. Kennedy had set in "
    "1961."
)
QUESTIONS = {
    "apollo-11": (
        APOLLO,
        [
            {"id": "orbit", "question": "Who stayed in orbit?", "expect": ["Collins"]},
            {"id": "where", "question": "Where did they land?", "expect": ["Tranquility"]},
            {"id": "first", "question": "Who stepped onto the surface first?"},
            {"id": "outside", "question": "How long were they outside?"},
            {"id": "when", "question": "When did they land?"},
            {"id": "why", "question": "Why did they go?"},
            {
                "id": "material",
                "question": "What did they bring back to Earth?",
                "expect": ["rock"],
            },
            {"id": "goal", "question": "Who had set the goal?"},
        ],
    ),
    "momotaro": (
        MOMOTARO,
        [
            {"id": "name", "question": "What is the name of the baby?", "expect": ["Momotaro"]},
            {"id": "origin", "question": "What was the baby born from?"},
            {"id": "home", "question": "What did she bring home?"},
        ],
    ),
}
HANDBOOK = [
    {"id": "annual-leave", "question": "How many days of annual leave does everybody have?"},
    {"id": "notice-portugal", "question": "What is the notice period in Portugal?"},
    {"id": "blue-key", "question": "Who hands out the blue key?", "expect": ["Nils Hagen"]},
    {"id": "dogs", "question": "May dogs come to the office?", "expect_no_answer": True},
]
FOUND = {
    "annual-leave": [("28", 0.6603)],
    "notice-portugal": [("two months", 0.5144)],
    "blue-key": [("Nils Hagen", 0.98)],
    "dogs": [("", 0.7637)],
    "orbit": [("Michael Collins", 0.9532)],
    "where": [("the Sea of Tranquility", 0.4246), ("on the Moon", 0.112), ("Apollo 11", 0.0069)],
    "outside": [("two and a quarter hours", 0.814)],
    "when": [("20 July 1969", 0.8897)],
    "why": [
        ("", 0.9645),
        ("collected 21.5 kilograms of lunar material to bring back to Earth", 0.0098),
        ("The mission fulfilled a goal", 0.0042),
    ],
    "material": [("lunar material", 0.7705)],
    "goal": [("President John F. Kennedy", 0.8506)],
    "name": [("Momotaro", 0.8824)],
    "origin": [("the peach", 0.8112)],
}


def showcase(repository: Repository) -> Repository:
    """Write an answer of each kind."""
    for name, (context, questions) in QUESTIONS.items():
        content = json.dumps({"context": context, "questions": questions})
        repository.write(f"questions/{name}.json", content)
    return _answered(repository)


def handbook(repository: Repository) -> Repository:
    """Write answers from the documents of the sample."""
    for file in sorted((ROOT / "documents/handbook").iterdir()):
        repository.write(f"documents/handbook/{file.name}", file.read_bytes())
    content = json.dumps({"documents": ["handbook/*"], "questions": HANDBOOK})
    repository.write("questions/handbook.json", content)
    return _answered(repository)


def _answered(repository: Repository) -> Repository:
    keys = Keys(MODEL)
    for question_set in chosen(repository.root).sets:
        entries = []
        for question in question_set.questions:
            key = keys.key(question.context, question.question)
            if question.id in FOUND:
                first, *others = (
                    _span(question.context, text, score) for text, score in FOUND[question.id]
                )
                result: Result = Answer(key, MODEL, first, tuple(others))
            elif question.id == "first":
                reason = "the container was killed; raise memory in cdk.json"
                evidence = {"exitCode": "137", "stoppedReason": "OutOfMemoryError"}
                result = Failure(key, MODEL, "out-of-memory", reason, 4, False, evidence)
            else:
                continue
            places = find_places(question, result)
            entries.append(Entry(question.id, question.question, result, places))
        questions_by_id = {question.id: question for question in question_set.questions}
        answers = AnswerSet(question_set.source, tuple(entries))
        store.write_set(repository.root, answers, questions_by_id)
    return repository


def _span(context: str, text: str, score: float) -> Span:
    start = context.index(text)
    return Span(text, start, start + len(text), score)
