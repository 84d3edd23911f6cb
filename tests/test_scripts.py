"""The commands of scripts/ on a machine that has git, Python and the package index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What reaches the package index where it is not reached by itself.
PASSED_ON = (
    "PIP_",
    "SSL_",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)


# What people put there; tests bring their own.
_PEOPLES = ("questions/", "documents/", "answers/")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This working tree as a clone of it, with the tests' own samples, answered."""
    folder = tmp_path_factory.mktemp("a clone")  # a blank in the path, as people have them
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.split(b"\0")  # fmt: skip
    for name in filter(None, map(os.fsdecode, listed)):
        if (ROOT / name).is_file() and not name.startswith(_PEOPLES):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    shutil.copytree(ROOT / "tests/samples/questions", folder / "questions")
    shutil.copytree(ROOT / "tests/samples/documents", folder / "documents")
    answered = subprocess.run(
        [sys.executable, "-P", "-m", "qabot", "--root", folder, "answer"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([f"{ROOT}/scripts", f"{ROOT}/container"])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answered.returncode == 0, answered.stderr
    return folder


def run(clone: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment with nothing in it."""
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    env = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    path = os.pathsep.join([str(Path(sys.executable).resolve().parent), "/usr/bin", "/bin"])
    env |= {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **environ}
    return subprocess.run(
        command, cwd=clone, env=env, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.mark.timeout(600)
def test_answer_on_a_fresh_machine(clone: Path) -> None:
    (clone / "questions/new.yaml").write_text(
        "context: She named the baby Momotaro.\nquestions: [What is the name of the baby?]\n"
    )
    first = run(clone, "scripts/answer")
    assert first.returncode == 0, first.stderr
    assert "→ Momotaro" in first.stderr
    assert 'answer: "Momotaro"' in (clone / "answers/new.yaml").read_text()
    # What is committed is fresh: only the new question was asked.
    assert "answered 1 of 1 question" in first.stderr

    before = {path: path.read_bytes() for path in (clone / "answers").rglob("*") if path.is_file()}
    second = run(clone, "scripts/answer", PYTHONPROFILEIMPORTTIME="1")
    assert second.returncode == 0, second.stderr
    assert "are up to date" in second.stderr
    assert "onnxruntime" not in second.stderr
    assert "Installing" not in second.stderr
    assert before == {
        path: path.read_bytes() for path in (clone / "answers").rglob("*") if path.is_file()
    }

    listed = run(clone, ".venv/bin/python", "-m", "pip", "list", "--format=freeze").stdout
    installed = {line.split("==")[0].lower() for line in listed.split()}
    assert installed <= {
        "cobble", "jinja2", "mammoth", "markupsafe", "numpy", "onnxruntime", "pip", "pypdfium2",
        "pyyaml", "setuptools", "tokenizers", "tqdm",
    }  # fmt: skip

    # Arguments go to `qabot answer`, and the repository is found from anywhere.
    helped = run(clone, "scripts/answer", "--help")
    assert "usage: qabot answer" in helped.stdout
    elsewhere = run(clone.parent, str(clone / "scripts/answer"), "new", "--dry-run")
    assert elsewhere.stdout == "1 question in 1 file, 0 to ask, 1 fresh.\n"


def test_a_python_that_is_too_old_is_reported(clone: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run(clone, "scripts/environment", "cloud", PYTHON=str(old))
    assert done.returncode == 2
    assert "qabot needs Python 3.11 or newer" in done.stderr


def test_an_unknown_environment_is_reported(clone: Path) -> None:
    done = run(clone, "scripts/environment", "nothing")
    assert done.returncode == 2
    assert "usage: scripts/environment" in done.stderr


def test_the_locks_agree() -> None:
    def locked(name: str) -> dict[tuple[str, str], str]:
        pins = {}
        for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines():
            if "==" in line and not line.startswith((" ", "#")):
                pin, _, marker = line.removesuffix(" \\").partition(" ; ")
                package, _, version = pin.partition("==")
                pins[package, marker] = version
        return pins

    smaller, *others = (
        {(package, version) for (package, _), version in locked(name).items()}
        for name in ("answer", "cloud", "deploy", "dev")
    )
    for larger in others:
        assert smaller <= larger
        smaller = larger


def test_every_locked_package_has_hashes() -> None:
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        if file.name == "torch.txt":
            continue  # its hash differs from index to index
        for entry in file.read_text().replace("\\\n", "").splitlines():
            if entry.strip() and not entry.lstrip().startswith("#"):
                assert "--hash=sha256:" in entry, (file.name, entry)


@pytest.mark.timeout(300)
def test_the_images_packages_exist_for_arm64_too(tmp_path: Path) -> None:
    systems = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"),
            *("--require-hashes", "--only-binary=:all:"),
            *(f"--platform={system}" for system in systems),
            *(f"--target={tmp_path}", "--requirement", str(ROOT / "container/requirements.txt")),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
