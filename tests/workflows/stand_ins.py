"""Functions instead of other people's actions: they read and write what those do, on this machine."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workflows.harness import GitHub


class ActionFailed(Exception):
    """An action fails, and says why."""


def _check_out(github: GitHub, given: dict[str, str], clone: Path) -> None:
    if "repository" in given:
        known = {"owner/fork": github.origin, **github.published}
        github.check_out(clone / given["path"], known[given["repository"]], given["ref"])
    else:
        github.check_out(clone, github.origin, given.get("ref"))


def _nothing(*_: object) -> None:
    """Python is here; the emulated cloud's credentials are in `environ`."""


def _upload(github: GitHub, given: dict[str, str], clone: Path) -> None:
    kept = github.artifact(given.get("name", "github-pages"))
    if kept.exists() and not given.get("overwrite"):
        raise ActionFailed(f"the run has an artifact {kept.name}")
    kept.mkdir(parents=True, exist_ok=True)
    source = clone / given["path"]
    if source.is_dir():
        shutil.copytree(source, kept, dirs_exist_ok=True)
    else:
        shutil.copy(source, kept)


def _download(github: GitHub, given: dict[str, str], clone: Path) -> None:
    wanted = given.get("name") or given["pattern"]
    found = sorted(github.artifact(".").glob(wanted))
    if not found:
        raise ActionFailed(f"no artifact {wanted}")
    for kept in found:
        shutil.copytree(kept, clone / given.get("path", "."), dirs_exist_ok=True)


def _attest(_: GitHub, given: dict[str, str], clone: Path) -> None:
    digest = re.fullmatch("sha256:[0-9a-f]{64}", given.get("subject-digest", ""))
    if not digest and not list(clone.glob(given.get("subject-path", "-"))):
        raise ActionFailed("there is nothing to attest")
    if "sbom-path" in given:
        json.loads((clone / given["sbom-path"]).read_text())


def _restore(github: GitHub, given: dict[str, str], _: Path) -> dict[str, str]:
    path, key = Path(given["path"]), given["key"]
    keys = [known for at, known in github.caches if at == str(path)]
    for wanted in (key, *given.get("restore-keys", "").split()):
        # Of several with the beginning, the newest.
        if fitting := [known for known in keys if known.startswith(wanted)]:
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(github.caches[str(path), fitting[-1]], path, symlinks=True)
            return {"cache-hit": "true" if fitting[-1] == key else "false"}
    return {}


def _save(github: GitHub, given: dict[str, str], _: Path) -> None:
    path, key = Path(given["path"]), given["key"]
    assert not key.endswith("-"), f"{key} is the same for every content"
    # A path that is not there, and a key that is, are warnings.
    if path.exists() and (str(path), key) not in github.caches:
        cached = github.folder / f"cache-{len(github.caches)}"
        shutil.copytree(path, cached, symlinks=True)
        github.caches[str(path), key] = cached


def _deploy_pages(github: GitHub, given: dict[str, str], _: Path) -> None:
    if github.pages != "workflow" or not github.artifact(given["artifact_name"]).is_dir():
        raise ActionFailed("Failed to create deployment (status: 404)")


# Each gets the repository, the action's inputs and the checkout, and may return outputs.
STAND_INS: dict[str, Callable[[GitHub, dict[str, str], Path], dict[str, str] | None]] = {
    "actions/attest": _attest,
    "actions/cache/restore": _restore,
    "actions/cache/save": _save,
    "actions/checkout": _check_out,
    "actions/deploy-pages": _deploy_pages,
    "actions/download-artifact": _download,
    "actions/setup-python": _nothing,
    "actions/upload-artifact": _upload,
    "actions/upload-pages-artifact": _upload,
    "aws-actions/configure-aws-credentials": _nothing,
}
