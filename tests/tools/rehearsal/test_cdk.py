"""The real command line of the CDK against the emulated cloud."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tools.emulator import emulated_cloud

ROOT = Path(__file__).resolve().parents[3]
CDK = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"


def test_the_lock_names_the_version_of_package_json_and_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]["aws-cdk"]
    lock = (ROOT / "package-lock.json").read_text()
    assert json.loads(lock)["packages"]["node_modules/aws-cdk"]["version"] == wanted
    assert wanted.startswith("2."), "3.0.0 cannot read what aws-cdk-lib 2 writes"
    assert "://" not in lock.replace("https://registry.npmjs.org/", "")


@pytest.mark.skipif(
    not CDK.exists(), reason="the CDK's command line is not installed here: scripts/cdk --version"
)
def test_cdk_deploys_and_destroys_the_stack(tmp_path: Path) -> None:
    import infra  # noqa: F401 - it says which Node

    node = os.environ["JSII_NODE"]
    outputs = tmp_path / "outputs.json"
    with emulated_cloud() as cloud:

        def cdk(*arguments: str) -> str:
            done = subprocess.run(
                [node, CDK, *arguments, "--ci", f"--output={tmp_path / 'out'}"],
                cwd=ROOT,
                env={
                    **os.environ,
                    **cloud.environ,
                    "CDK_HOME": str(tmp_path / "home"),
                    "CDK_DISABLE_CLI_TELEMETRY": "true",
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        context = ["-c", "bootstrapless=true", "-c", "image=ghcr.io/o/n:1"]
        cdk(
            "deploy",
            "qabot",
            *context,
            "--method=direct",
            "--require-approval=never",
            f"--outputs-file={outputs}",
        )
        printed = json.loads(outputs.read_text())["qabot"]
        assert printed["ClusterName"] == "qabot"
        assert cloud.client("dynamodb").list_tables()["TableNames"] == [printed["TableName"]]
        cdk("destroy", "qabot", *context, "--force")
        assert cloud.client("dynamodb").list_tables()["TableNames"] == []
        assert cloud.crashes == []
