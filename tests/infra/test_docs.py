"""The figures, names and commands that the pages about the deployment give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qabot.deployment import fargate_limits as fargate
from qabot.deployment.settings import Settings, read_settings
from qabot.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
COST = (ROOT / "docs" / "cost.md").read_text("utf-8")
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text("utf-8")


def test_questions_that_share_tasks_cost_what_the_pages_say() -> None:
    def dollars(questions: int, each: int) -> float:
        seconds = fargate.BILLED_STARTUP_SECONDS + fargate.answer_seconds(each)
        tasks = fargate.tasks_for(questions, each)
        return fargate.cost(Settings().cpu, Settings().memory, seconds, tasks=tasks)

    assert f"20 tasks and cost about ${dollars(1000, 50):.2f}" in COST
    page = (ROOT / "docs" / "fargate.md").read_text("utf-8")
    said = f"about ${dollars(100_000, 50):.2f} instead of ${dollars(100_000, 1):.0f}"
    assert said in " ".join(page.split())


def test_a_thousand_questions_take_as_long_as_the_page_says() -> None:
    quick = fargate.run_seconds(1000, Settings().max_tasks) / 60
    slow = fargate.run_seconds(1000, max_tasks=6) / 3600
    assert f"about {quick:.0f} minutes for a thousand questions" in COST
    assert f"With the 6 vCPUs that an account begins with, about {slow:.0f} hours" in COST


def test_every_setting_that_the_pages_name_is_one() -> None:
    named = set(re.findall(r"`((?:github|max|log|item|task|stack)_[a-z_]+)`", DEPLOYING + COST))
    assert named
    assert named <= set(Settings.__dataclass_fields__)


def test_every_file_that_the_pages_name_is_there() -> None:
    named = set(re.findall(r"\b(?:scripts|infra|docs)/[\w./-]*\w", DEPLOYING + COST))
    assert {"scripts/cdk", "scripts/rehearse"} <= named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_launch_rate_is_the_one_that_the_engine_keeps_to() -> None:
    rate = f"{fargate.LAUNCH_BURST} at first, then {fargate.LAUNCHES_PER_SECOND:.0f} per second"
    assert rate in DEPLOYING


def test_the_mistake_on_the_page_is_reported_so(tmp_path: Path) -> None:
    text = (ROOT / "cdk.json").read_text("utf-8")
    (tmp_path / "cdk.json").write_text(text.replace('"memory": 4096', '"memory": 1000'), "utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert str(caught.value) in DEPLOYING
