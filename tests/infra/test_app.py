"""The CDK app: its errors are lines, and its audit can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_s3 as s3
import pytest

from infra.app import build, main
from infra.audit import accept, audit
from qabot.errors import SettingsError
from tests.infra.conftest import repository

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wrong_setting_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(repository(tmp_path, memory=1000)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "not offer 1000 MiB with 1024 CPU units; expected 2048, 3072" in told.err
    assert "Traceback" not in told.err


def test_a_bundled_model_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(repository(tmp_path, model="bundled", image="o/n")) == 2
    assert "is not a model directory" in capsys.readouterr().err


def test_what_the_cdk_itself_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path)
    (root / "container" / "Dockerfile").unlink()
    assert main(root) == 1
    told = capsys.readouterr().err
    assert told.startswith("The CDK can't make the stack's template: ")
    assert "Dockerfile" in told
    assert "Traceback" not in told


def test_the_arguments_of_the_command_line_tell_which_stack_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QABOT_CDK_ARGUMENTS", "deploy qabot-access --ci")
    assert main(repository(tmp_path, image="o/n")) == 2
    assert "github_repository" in capsys.readouterr().err


def test_context_switches_are_checked_like_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="github_owner_id and github_repository_id missing"):
        build(repository(tmp_path), context={"github_repository": "o/n"})


def test_the_audit_stops_a_finding_that_nobody_accepted(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    s3.CfnBucket(cdk.Stack(app, "S"), "Open")
    audit(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert "AwsSolutions-S1" in (tmp_path / "validation-report.json").read_text()


def test_an_accepted_finding_passes_the_audit_and_only_that_one(tmp_path: Path) -> None:
    def app(*rules: str) -> cdk.App:
        made = cdk.App(outdir=str(tmp_path / "-".join(rules)))
        bucket = s3.CfnBucket(cdk.Stack(made, "S"), "Open")
        for rule in rules:
            accept(bucket, rule, "a test")
        audit(made)
        return made

    app("S1", "S2", "S10").synth()
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app("S1", "S2").synth()


def test_findings_are_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.network.accept", lambda *_: None)
    assert main(repository(tmp_path, image="o/n")) == 1
    told = capsys.readouterr().err
    assert "accept one with its reason" in told
    assert "Traceback" not in told
