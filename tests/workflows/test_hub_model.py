"""Both workflows with a model of the hub: one export, then the cache."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.checkpoints import make_checkpoint
from tests.hub import local_hub
from tests.qabot.github.remotes import Origin
from tests.workflows.harness import GitHub
from tests.workflows.test_answer import PEACH, ask

NAME = "team/small"
MODEL = "team/small@0123456"


def choose(origin: Origin) -> None:
    """Let a fork name a model of the hub."""
    person = origin.clone()
    text = person.read("cdk.json").replace('"model": "bundled"', f'"model": "{NAME}"')
    person.write("cdk.json", text.replace('"revision": null', '"revision": "0123456"'))
    origin.push(person, "Choose a model")


def models(github: GitHub) -> list[str]:
    """The keys of the models in GitHub's cache."""
    return [key for _, key in github.caches if key.startswith("qabot-model-")]


@pytest.mark.timeout(300)
def test_a_model_of_the_hub_is_exported_once(
    origin: Origin, github: GitHub, tmp_path: Path
) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint", "bert")
    choose(origin)
    ask(origin, {"questions/peach.yaml": PEACH})
    with local_hub({}) as hub:
        github.environ |= hub.environ(tmp_path / "downloads")

        # Nothing was exported yet, and a pull request does not: the bundled model shows what it can.
        job = github.run("pull-request.yml", "pull_request")["questions"]
        assert job.result == "success", job.log()
        assert "### Preview by the bundled model" in job.summary
        assert f"{MODEL} is not in the cache; the bundled model answers instead" in job.log()
        assert hub.requested == []

        # Somebody looks what would be asked: nothing is exported for that.
        dry = github.run("answer.yml", "workflow_dispatch", dry_run=True)["runner"]
        assert (dry.result, dry.outcome("Export the model")) == ("success", "skipped")

        # A model that the hub does not have stops the run.
        runner = github.run("answer.yml")["runner"]
        assert runner.outcome("Export the model") == "failure"
        assert f"the Hugging Face hub has no public model '{NAME}'" in runner.log()
        assert models(github) == []

        hub.checkpoints[NAME] = checkpoint
        runner = github.run("answer.yml")["runner"]
        assert runner.result == "success", runner.log()
        assert runner.outcome("Export the model") == "success"
        (key,) = models(github)
        assert re.fullmatch(r"qabot-model-team--small-0123456-int8-v\d+", key)
        assert f'model: "{MODEL}+int8/s' in origin.files()["answers/peach.yaml"]

        # Another machine, whose hub cannot be reached.
        shutil.rmtree(tmp_path / "downloads")
        hub.checkpoints.clear()
        ask(origin, {"questions/more.yaml": PEACH.replace("What is", "Who heard")})
        job = github.run("pull-request.yml", "pull_request")["questions"]
        assert job.result == "success", job.log()
        assert "previewed 1 of 1 question with " + MODEL in job.log()
        assert "Preview by team/small" in job.summary.replace("\\", "")
        runner = github.run("answer.yml")["runner"]
        assert runner.result == "success", runner.log()
        assert runner.outcome("Export the model") == "skipped"
        assert f'model: "{MODEL}+int8/s' in origin.files()["answers/more.yaml"]
