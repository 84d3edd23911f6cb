"""Nothing that a run prints, commits or publishes contains a credential, or the account's id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qabot.cli import main
from tests.conftest import ROOT
from tests.qabot.github.remotes import Origin
from tests.workflows.harness import TOKEN, GitHub
from tests.workflows.test_answer import PEACH, ask
from tests.workflows.test_cloud import ROLE, deploy_bundled
from tools.emulator import ApiError, Faults, Reaction, Refuse, TaskFault, emulated_cloud
from tools.emulator.launch import ACCOUNT

if TYPE_CHECKING:
    from tools.emulator.calls import Call
    from tools.emulator.task import Task

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIASENTINELSENTINEL",
    "AWS_SECRET_ACCESS_KEY": "sentinel/secret+access/key",
    "AWS_SESSION_TOKEN": "sentinel//session+token==",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "sentinel.of.oidc",
}
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/cdk-x-container-assets-{ACCOUNT}-us-east-1"
# In the words of ECS, with all that they name.
NOT_PULLED = TaskFault(
    starts=False,
    stop_code="TaskFailedToStart",
    stopped_reason=f"CannotPullContainerError: User: arn:aws:sts::{ACCOUNT}:assumed-role/execution/0 "
    "is not authorized to perform: ecr:BatchGetImage",
    reason=f"CannotPullContainerError: pull image manifest: {REGISTRY}:tag: not found in {ACCOUNT}",
)
# As AWS words it: with the request as it was signed.
NOT_SIGNED = ApiError(
    "InvalidRequestException",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/qabot/github sent "
    f"'POST\n/\n\nhost:dynamodb\nx-amz-security-token:{CREDENTIALS['AWS_SESSION_TOKEN']}' with "
    f"AWS4-HMAC-SHA256 Credential={CREDENTIALS['AWS_ACCESS_KEY_ID']}/20260101, Signature={'0f' * 32}, "
    f"and {CREDENTIALS['AWS_SECRET_ACCESS_KEY']} is not what account {ACCOUNT} has",
)


@dataclass
class Recording(Faults):
    """The first task's image cannot be pulled; later, perhaps, the table accepts no signature."""

    signed: bool = True
    tasks: list[Task] = field(default_factory=list)

    def on_start(self, task: Task) -> TaskFault | None:
        self.tasks.append(task)
        return NOT_PULLED if len(self.tasks) == 1 else None

    def on_call(self, call: Call) -> Reaction | None:
        return Refuse(NOT_SIGNED) if not self.signed and "Batch" in call.kind else None


def seen(text: str) -> list[str]:
    """The secrets that a text contains."""
    unsafe = {**CREDENTIALS, "token": TOKEN, "account": ACCOUNT}
    return [name for name, value in unsafe.items() if value in text]


@pytest.mark.timeout(300)
def test_a_run_shows_no_secret(
    origin: Origin,
    github: GitHub,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    deploy_bundled(origin)
    ask(origin, {"questions/peach.yaml": PEACH + "- Who named the baby?\n"})
    github.variables.update(ROLE)
    recording = Recording()
    with emulated_cloud(faults=recording) as cloud:
        cloud.deploy(model="bundled", revision=None)
        github.environ.update({**cloud.environ, **CREDENTIALS, "QABOT_DEBUG": "1"})
        jobs = github.run("answer.yml")
        fargate = jobs["fargate"]
        assert fargate.outcome("Answer") == "failure", "one question has no answer"
        assert "image-missing" in fargate.summary
        # GitHub's runner takes the line that masks the account, and shows none of it.
        mask = f"::add-mask::{ACCOUNT}"
        assert mask in fargate.log().splitlines()
        for job in jobs.values():
            log = "\n".join(line for line in job.log().splitlines() if line != mask)
            assert seen(log) == []
            assert seen(job.summary) == []
        files = origin.files()
        task = recording.tasks[0].arn
        assert task.replace(ACCOUNT, "***") in files["answers/peach.yaml"]
        assert "not authorized to perform: ecr:BatchGetImage" in files["answers/peach.yaml"]
        for name, text in files.items():
            assert seen(text) == [], name
        page = github.folder / "run-1-1-page-0/clone/public"
        published = [file for file in page.rglob("*") if file.is_file()]
        assert published
        for file in published:
            assert seen(file.read_text("utf-8")) == [], file

        # AWS refuses, and its words hold everything.
        recording.signed = False
        clone = origin.clone()
        for name, value in {**github.environ, "GITHUB_ACTIONS": "true"}.items():
            monkeypatch.setenv(name, value)
        assert qabot(clone.root, "answer", "--engine", "fargate", "--force") == 3
    said = printed(capfd)
    assert "InvalidRequestException" in said
    assert seen(said.replace(mask, "")) == []


def test_a_token_in_the_output_of_git_is_not_shown(
    origin: Origin, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    other = "another-one-that-must-not-be-seen"
    hook = origin.path / "hooks/update"
    address = f"https://x-access-token:{TOKEN}@github.com/owner/fork"
    hook.write_text(f"#!/bin/sh\necho 'refused: {address} {other}'\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GITHUB_TOKEN", other)
    clone = origin.clone()
    clone.write("questions/asked/peach.yaml", PEACH)
    assert qabot(clone.root, "commit", "--branch", "main") == 1
    said = printed(capfd)
    assert "error: git push failed" in said
    assert "refused: https://***@github.com/owner/fork ***" in said
    assert "must-not-be-seen" not in said


def test_whatever_assumes_the_role_masks_its_account() -> None:
    assumed = 0
    for file in sorted((ROOT / ".github/workflows").glob("*.yml")):
        jobs: Mapping[str, Any] = yaml.safe_load(file.read_text("utf-8"))["jobs"]
        for job in jobs.values():
            for step in job["steps"]:
                if "configure-aws-credentials" in step.get("uses", ""):
                    assumed += 1
                    # What the CDK prints after it, with the ARNs of the stack, goes through that mask.
                    assert step["with"]["mask-aws-account-id"] is True, file.name
    assert assumed == 2


def qabot(root: Path, *arguments: str) -> int:
    return main(["--root", str(root), *arguments])


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    out, err = capfd.readouterr()
    return re.sub(r"\\u[0-9a-f]{4}", "", out + err)
