"""The CDK's command line, as the locks name it; test_rehearse.py runs it."""

from __future__ import annotations

import json

from tests.conftest import ROOT


def test_the_lock_names_the_version_of_package_json_and_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]["aws-cdk"]
    lock = (ROOT / "package-lock.json").read_text()
    assert json.loads(lock)["packages"]["node_modules/aws-cdk"]["version"] == wanted
    assert wanted.startswith("2."), "3.0.0 cannot read what aws-cdk-lib 2 writes"
    assert "://" not in lock.replace("https://registry.npmjs.org/", "")
