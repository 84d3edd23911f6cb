"""The RunTask call of a launch, and whether it fits."""

from __future__ import annotations

import json

from qabot.aws.tasks import Launch, command, make_token
from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings import RULES


def launch(questions: int, attempt: int = 1) -> Launch:
    attempts = tuple((f"{number:064x}", attempt) for number in range(questions))
    token = make_token(*attempts[0])
    return Launch(attempts=attempts, token=token, top_k=3, spot=False, size=(16384, 122_880))


def test_each_question_has_its_attempt_beside_it() -> None:
    attempts = (("a", 1), ("b", 4))
    said = command(Launch(attempts=attempts, token="t", top_k=3, spot=True, size=(1024, 4096)))
    assert " ".join(said) == "--item-id a --attempt 1 --item-id b --attempt 4 --top-k 3"


def test_the_most_questions_that_a_task_may_have_fit_into_the_overrides() -> None:
    rule = RULES["questions_per_task"]
    most = max(number for number in range(1, 1000) if rule.allows(number))
    container = {"name": "x" * 255, "command": command(launch(most, attempt=10**6))}
    overrides = {"containerOverrides": [container], "cpu": "16384", "memory": "122880"}
    assert len(json.dumps(overrides)) <= fargate.OVERRIDES_MOST_CHARACTERS
    assert len(make_token("f" * 64, 10**6)) <= 64
