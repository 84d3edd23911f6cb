"""The synthesised stacks, once per process: each synthesis takes about a second."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import infra  # noqa: F401 - before the CDK, because it says on which Node that runs

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
GITHUB = {
    "github_repository": "octocat/questions",
    "github_owner_id": "583231",
    "github_repository_id": "1296269",
}
IMAGE = "ghcr.io/octocat/qabot:1"


def repository(root: Path, **settings: Any) -> Path:
    """A repository with just enough to deploy, at `root`.

    Args:
        root: an empty folder.
        settings: that differ from cdk.json's.
    """
    document = json.loads((ROOT / "cdk.json").read_text())
    document["context"]["qabot"].update(settings)
    (root / "cdk.json").write_text(json.dumps(document))
    container = root / "container"
    container.mkdir()
    (container / "Dockerfile").write_text("FROM scratch\n")
    return root


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Synthesises the app with settings and context; returns the folder of the cloud assembly."""

    @lru_cache
    def synthesise(settings: str, context: str) -> Path:
        from infra.app import build

        root = repository(tmp_path_factory.mktemp("repository"), **json.loads(settings))
        outdir = tmp_path_factory.mktemp("assembly")
        build(root, context=json.loads(context), outdir=str(outdir)).synth()
        return outdir

    return lambda context=None, **settings: synthesise(
        json.dumps(settings, sort_keys=True), json.dumps(context or {}, sort_keys=True)
    )


@pytest.fixture(scope="session")
def main_template(synthesise: Callable[..., Path]) -> Callable[..., dict[str, Any]]:
    """The main stack's template with settings that differ; with a registry's image by default."""

    def template(**settings: Any) -> dict[str, Any]:
        outdir = synthesise(**{"image": IMAGE, **settings})
        return dict(json.loads((outdir / "qabot.template.json").read_text()))

    return template


@pytest.fixture(scope="session")
def access_template(synthesise: Callable[..., Path]) -> Callable[..., dict[str, Any]]:
    """The access stack's template with more context."""

    def template(**context: Any) -> dict[str, Any]:
        outdir = synthesise(context={**GITHUB, **context}, image=IMAGE)
        return dict(json.loads((outdir / "qabot-access.template.json").read_text()))

    return template
