"""The CDK app: its errors are lines, and its audit can fail."""

from __future__ import annotations

import json
import tarfile
from importlib import resources
from pathlib import Path

import aws_cdk as cdk
import aws_cdk.aws_s3 as s3
import pytest

import infra
from infra.app import build, feature_flags, main
from infra.audit import accept, audit
from qabot.errors import SettingsError
from tests.infra.conftest import repository


def test_a_wrong_setting_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(repository(tmp_path, memory=1000)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "not offer 1000 MiB with 1024 CPU units; expected 2048, 3072" in printed.err
    assert "Traceback" not in printed.err


def test_what_the_cdk_itself_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path)
    (root / "container" / "Dockerfile").unlink()
    assert main(root) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("the CDK cannot make the template: ")
    assert "Dockerfile" in printed
    assert "Traceback" not in printed


def test_the_arguments_of_the_command_line_tell_which_stack_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QABOT_CDK_ARGUMENTS", "deploy qabot-access --ci")
    assert main(repository(tmp_path, image="o/n")) == 2
    assert "github_repository" in capsys.readouterr().err


def test_the_settings_can_be_those_of_another_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("code", "other"):
        (tmp_path / name).mkdir()
    code, other = repository(tmp_path / "code"), tmp_path / "other"
    settings = {"stack_name": "other", "cpu": 512, "memory": 1024}
    theirs = {"app": "a CDK app of their own", "context": {"qabot": settings}}
    (other / "cdk.json").write_text(json.dumps(theirs))
    build(other, code=code, outdir=str(tmp_path / "out")).synth()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["artifacts"]["qabot"]["properties"]["stackName"] == "other"
    assert list((tmp_path / "out").glob("asset.*/Dockerfile")), "the image is made of our code"
    # As the workflow names it.
    settings["cpu"] = 3
    (other / "cdk.json").write_text(json.dumps(theirs))
    monkeypatch.setenv("QABOT_ROOT", str(other))
    assert main(code) == 2
    assert "invalid cpu 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("machine", "emulator", "settings", "refused"),
    [
        ("x86_64", False, {}, False),
        ("x86_64", False, {"architecture": "arm64"}, True),
        ("x86_64", True, {"architecture": "arm64"}, False),
        ("x86_64", False, {"architecture": "arm64", "image": "ghcr.io/o/n:1"}, False),
        ("aarch64", False, {"architecture": "arm64"}, False),
    ],
)
def test_an_image_that_this_machine_cannot_build_is_refused_before_it_is_deployed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    machine: str,
    emulator: bool,
    settings: dict[str, str],
    refused: bool,
) -> None:
    (tmp_path / "binfmt").mkdir()
    if emulator:
        (tmp_path / "binfmt" / "qemu-aarch64").touch()
    monkeypatch.setattr("infra.app.EMULATORS", tmp_path / "binfmt")
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repository").mkdir()
    root = repository(tmp_path / "repository", **settings)
    monkeypatch.setenv("QABOT_CDK_ARGUMENTS", "deploy qabot")
    assert main(root) == (2 if refused else 0)
    message = capsys.readouterr().err
    assert ("cannot build an ARM64 image" in message) == refused
    if not refused:
        return
    monkeypatch.setenv("QABOT_CDK_ARGUMENTS", "diff qabot")
    assert main(root) == 0, "nothing is built"


def test_every_feature_flag_of_the_cdk_is_chosen_and_differs_only_with_a_reason() -> None:
    library = Path(str(resources.files("aws_cdk"))) / "_jsii"
    (package,) = library.glob("aws-cdk-lib@*.tgz")
    with tarfile.open(package) as tar:
        member = tar.extractfile("package/recommended-feature-flags.json")
        assert member is not None
        recommended = json.load(member)
    text = (Path(infra.__file__).parent / "feature_flags.json").read_text("utf-8")
    reasons = {name.removeprefix("//") for name in json.loads(text) if name.startswith("//@")}
    chosen = feature_flags()
    assert set(chosen) == set(recommended)
    assert {name for name in chosen if chosen[name] != recommended[name]} == reasons


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


def test_findings_are_reported_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.network.accept", lambda *_: None)
    assert main(repository(tmp_path, image="o/n")) == 1
    printed = capsys.readouterr().err
    assert "accept one with its reason" in printed
    assert "Traceback" not in printed
