"""cfn-lint over the templates: what CloudFormation would refuse, in the partitions that it can be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.infra.conftest import GITHUB, IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable

REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")


def lint(*templates: Path) -> subprocess.CompletedProcess[str]:
    """Run cfn-lint; its warnings fail, too."""
    return subprocess.run(
        [str(Path(sys.prefix) / "bin" / "cfn-lint"), "--regions", *REGIONS, "--", *map(str, templates)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_templates_are_without_a_finding(synthesise: Callable[..., Path]) -> None:
    assemblies = [
        synthesise(context=GITHUB, image=IMAGE),
        synthesise(context={**GITHUB, "github_oidc_provider": "existing"}, image=IMAGE),
        synthesise(architecture="arm64", spot=True, log_retention_days=3653),
        synthesise(image="o/n", context={"bootstrapless": "true"}),
        synthesise(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/qabot:1"),
    ]
    templates = [path for folder in assemblies for path in folder.glob("*.template.json")]
    assert len(templates) == 7
    done = lint(*templates)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_mistake_is_found(synthesise: Callable[..., Path], tmp_path: Path) -> None:
    template = json.loads((synthesise(image=IMAGE) / "qabot.template.json").read_text())
    (table,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::DynamoDB::Table"]
    table["Properties"]["BillingMode"] = "PAY_PER_QUESTION"
    (tmp_path / "wrong.template.json").write_text(json.dumps(template))
    done = lint(tmp_path / "wrong.template.json")
    assert done.returncode != 0
    assert "PAY_PER_QUESTION" in done.stdout
