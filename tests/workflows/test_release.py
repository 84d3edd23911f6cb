"""The workflow that releases a version. `docker`, `gh` and Syft are simulated here; the wheel is real.

`tests/container` builds a real image, and lists what is in it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.qabot.github.remotes import Origin, git
from tests.workflows.harness import TOKEN, GitHub, Job
from tests.workflows.reader import Reader

WORKFLOW = "release.yml"
AMD64, ARM64, INDEX = (f"sha256:{digit * 64}" for digit in "abc")

# Each records its arguments; `draft` is there once a release was drafted, and its text is the notes.
DOCKER = f"""#!/bin/sh
echo "$*" >>"$RECORD/docker"
case "$1 $2" in
  "run --rm") echo '{{"answer": "Momotaro"}}' ;;
  "image inspect")
    case "$RUNNER_NAME" in image-0) a=amd64 d={AMD64} ;; *) a=arm64 d={ARM64} ;; esac
    case "$*" in
      *Architecture*) echo "$a" ;;
      *) printf '%s\\n' "other/name@$d" "ghcr.io/owner/fork@$d" ;;
    esac ;;
  "login ghcr.io") test "$(cat)" = {TOKEN} ;;
  "buildx imagetools") [ "$3" = create ] || echo '"{INDEX}"' ;;
esac
"""
GH = """#!/bin/sh
echo "$*" >>"$RECORD/gh"
case "$2" in
  view) [ -e "$RECORD/draft" ] && cat "$RECORD/isDraft" ;;
  create) cat >"$RECORD/draft" ;;
esac
"""
SYFT = """#!/bin/sh
for last; do :; done
for each; do case "$each" in spdx-json=*) echo '{}' >"${each#*=}" ;; esac; done
"""

CHANGELOG = """# Changelog

## Unreleased

- Something later.

## 1.2.0 - 2026-11-28

### Added

- [Three ways](docs/three-ways.md), and [a site](https://example.com/docs/).

## 1.2

- Something else.
"""


@pytest.fixture
def release(reader: Reader, origin: Origin, tmp_path: Path) -> GitHub:
    """The repository on GitHub, with programs that record what they are asked."""
    (tmp_path / "record").mkdir()
    made = GitHub(reader, origin.path, tmp_path, programs={"docker": DOCKER, "gh": GH})
    made.environ["RECORD"] = str(tmp_path / "record")
    made.environ |= {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_ACTOR": "somebody"}
    made.before["List the contents"] = simulate_syft
    return made


def simulate_syft(clone: Path) -> None:
    """Put a program into the environment of a clone in place of Syft."""
    shutil.copy(clone / "requirements/release.txt", clone / ".venv/installed/release")
    syft = clone / ".venv/bin/syft"
    syft.write_text(SYFT)
    syft.chmod(0o755)


def commit(
    origin: Origin, version: str, changelog: str | None = None, tag: str | None = None
) -> str:
    """Commit a version and tag it; returns the commit."""
    clone = origin.clone()
    module = clone.root / "scripts/qabot/__init__.py"
    doc = module.read_text("utf-8").partition("\n")[0]
    module.write_text(f'{doc}\n\n__version__ = "{version}"\n', "utf-8")
    said = f"# Changelog\n\n## {version}\n\n- Better.\n" if changelog is None else changelog
    clone.write("CHANGELOG.md", said)
    origin.push(clone, f"Release {version}")
    git(clone.root, "tag", "--annotate", "--message", "A tag", tag or f"v{version}")
    git(clone.root, "push", "--quiet", "origin", tag or f"v{version}")
    return git(clone.root, "rev-parse", "HEAD")


def tag_pushed(github: GitHub, tag: str) -> dict[str, Job]:
    return github.run(WORKFLOW, ref=tag, ref_type="tag")


def published(github: GitHub, tag: str) -> Job:
    return github.run(WORKFLOW, "release", ref=tag, ref_type="tag")["move"]


def recorded(github: GitHub, name: str) -> str:
    return (Path(github.environ["RECORD"]) / name).read_text("utf-8")


@pytest.mark.timeout(300)
def test_a_tag_becomes_a_draft_with_a_wheel_and_an_image(release: GitHub, origin: Origin) -> None:
    commit(origin, "1.2.0", CHANGELOG)
    jobs = tag_pushed(release, "v1.2.0")
    log = "\n".join(job.log() for job in jobs.values())
    assert {name: job.result for name, job in jobs.items()} == {
        "check": "success", "wheel": "success", "image": "success", "attest": "success",
        "draft": "success", "move": "skipped",
    }, log  # fmt: skip
    assert TOKEN not in log
    docker = recorded(release, "docker")
    assert "push --quiet ghcr.io/owner/fork:1.2.0-amd64\n" in docker
    assert "push --quiet ghcr.io/owner/fork:1.2.0-arm64\n" in docker
    both = f"ghcr.io/owner/fork@{AMD64} ghcr.io/owner/fork@{ARM64}\n"
    assert f"buildx imagetools create --tag ghcr.io/owner/fork:1.2.0 {both}" in docker
    created = recorded(release, "gh").splitlines()[-1]
    assert created.startswith("release create v1.2.0 --draft --verify-tag --title 1.2.0 ")
    assert created.endswith(
        "dist/image-amd64.spdx.json dist/image-arm64.spdx.json dist/qabot-1.2.0-py3-none-any.whl"
    )
    assert recorded(release, "draft") == (
        "### Added\n\n"
        "- [Three ways](https://github.com/owner/fork/blob/v1.2.0/docs/three-ways.md), and "
        "[a site](https://example.com/docs/).\n"
        "\n### Image\n\nFor linux/amd64 and linux/arm64:\n\n"
        f"    ghcr.io/owner/fork:1.2.0@{INDEX}\n"
    )
    assert "refs/tags/v1\n" not in git(origin.path, "ls-remote", ".") + "\n"


@pytest.mark.parametrize(
    ("version", "tag", "changelog", "said"),
    [
        ("1.2.0", "v1.3.0", None, "the tag is v1.3.0, but the version in scripts/qabot/__init__.py is"),
        ("1.2.0", "v1.2.0", "## 1.2.00\n\n- x\n", "CHANGELOG.md says nothing about 1.2.0; rename its"),
        ("1.2.0", "v1.2.0", "## 1.2.0\n\n## 1.1.0\n- x\n", "CHANGELOG.md says nothing about 1.2.0"),
        ("1.2.0rc1", "v1.2.0rc1", None, "invalid version '1.2.0rc1' in scripts/qabot/__init__.py"),
    ],
)  # fmt: skip
def test_a_wrong_tag_is_refused_before_anything_is_built(
    release: GitHub, origin: Origin, version: str, tag: str, changelog: str | None, said: str
) -> None:
    commit(origin, version, changelog, tag)
    jobs = tag_pushed(release, tag)
    assert jobs["check"].result == "failure"
    assert f"::error::{said}" in jobs["check"].log()
    assert {job.result for name, job in jobs.items() if name != "check"} == {"skipped"}


def test_a_branch_is_not_released(release: GitHub, origin: Origin) -> None:
    commit(origin, "1.2.0")
    job = release.run(WORKFLOW, "workflow_dispatch")["check"]
    assert job.result == "failure"
    assert "::error::a release is made from a tag; run this on v1.2.0, not on the branch main" in (
        job.log()
    )


def test_an_image_that_does_not_answer_is_not_pushed(release: GitHub, origin: Origin) -> None:
    commit(origin, "1.2.0")
    release.programs["docker"] = DOCKER.replace("Momotaro", "A peach")
    jobs = tag_pushed(release, "v1.2.0")
    assert jobs["image"].result == "failure"
    assert "::error::the image does not answer as it should" in jobs["image"].log()
    assert "push" not in recorded(release, "docker")
    assert jobs["draft"].result == "skipped"


@pytest.mark.parametrize("is_draft", ["true", "false"])
def test_a_draft_is_replaced_and_a_published_release_is_not(
    release: GitHub, origin: Origin, is_draft: str, tmp_path: Path
) -> None:
    commit(origin, "1.2.0")
    for name, text in {"draft": "before", "isDraft": f"{is_draft}\n"}.items():
        (tmp_path / "record" / name).write_text(text)
    job = tag_pushed(release, "v1.2.0")["draft"]
    if is_draft == "true":
        assert job.result == "success"
        assert "release delete v1.2.0 --yes\nrelease create" in recorded(release, "gh")
    else:
        assert job.result == "failure"
        assert "::error::v1.2.0 is published already; to change anything" in job.log()
        assert recorded(release, "draft") == "before"


def test_the_major_versions_tag_moves_forward_only(release: GitHub, origin: Origin) -> None:
    def v1() -> str:
        return git(origin.path, "rev-parse", "v1^{commit}")

    first = commit(origin, "1.9.0")
    job = published(release, "v1.9.0")
    assert job.result == "success", job.log()
    assert v1() == first
    second = commit(origin, "1.10.0")
    assert published(release, "v1.10.0").result == "success"
    assert v1() == second
    # A correction of an older version, a repetition, and another major version.
    commit(origin, "1.9.1")
    job = published(release, "v1.9.1")
    assert job.result == "success"
    assert "::notice::v1 stays at 1.10.0, which is newer than 1.9.1" in job.log()
    assert published(release, "v1.10.0").result == "success"
    third = commit(origin, "2.0.0")
    assert published(release, "v2.0.0").result == "success"
    assert v1() == second
    assert git(origin.path, "rev-parse", "v2^{commit}") == third
    assert TOKEN not in job.log()


def test_a_tag_that_may_not_be_moved_is_reported_with_the_command(
    release: GitHub, origin: Origin
) -> None:
    hook = origin.path / "hooks/update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/tags/v1 ]\n')
    hook.chmod(0o755)
    commit(origin, "1.2.0")
    job = published(release, "v1.2.0")
    assert job.result == "failure"
    assert (
        "::error::v1 was not moved; do it yourself: "
        "git push --force origin v1.2.0^{commit}:refs/tags/v1" in job.log()
    )


def test_a_prerelease_moves_nothing(release: GitHub, origin: Origin) -> None:
    commit(origin, "1.2.0")
    release.prerelease = True
    assert published(release, "v1.2.0").result == "skipped"
