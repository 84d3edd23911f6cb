"""The model that answers on this machine: which one, exported once, the same one for every command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from answerer.errors import ExportError, ModelError
from answerer.exporting import checkpoint as checkpoints
from answerer.info import INFO_FILE, read_info
from qabot.answers.key import Keys
from qabot.cli import main
from qabot.deployment.settings import Settings
from qabot.models.bundled import BUNDLED
from qabot.models.local import configured_model
from tests.checkpoints import make_checkpoint
from tests.conftest import Repository, environ
from tests.hub import COMMIT, Hub, local_hub

PEACH = "context: She named the baby Momotaro.\nquestions: [What is the name of the baby?]\n"


def name_model(repository: Repository, model: str, revision: str | None) -> None:
    """Write a `cdk.json` that names a model."""
    block = {"model": model, "revision": revision}
    repository.write("cdk.json", json.dumps({"context": {"qabot": block}}))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_checkpoint(tmp_path_factory.mktemp("made") / "checkpoint", "bert")
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\n---\n", encoding="utf-8")
    return folder


@pytest.fixture
def hub(checkpoint: Path) -> Iterator[Hub]:
    with local_hub({"team/small": checkpoint}) as running:
        yield running


@pytest.fixture
def qabot(repository: Repository, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Qabot:
    return Qabot(repository, hub, tmp_path_factory.mktemp("machine"))


class Qabot:
    """The program as a process, on a machine with a separate cache."""

    def __init__(self, repository: Repository, hub: Hub, machine: Path) -> None:
        self._root = repository.root
        self.environ = environ(**hub.environ(machine / "downloads"), QABOT_CACHE=str(machine))

    def __call__(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "qabot", *arguments],
            cwd=self._root,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.mark.timeout(300)
def test_every_command_uses_the_model_that_cdk_json_names(
    qabot: Qabot, repository: Repository, hub: Hub
) -> None:
    repository.write("questions/peach.yaml", PEACH)
    name_model(repository, "team/small", COMMIT[:7])
    identity = Settings(model="team/small", revision=COMMIT[:7]).model_identity

    # What exports nothing and asks nobody.
    shown = qabot("model", "show")
    assert shown.stdout.startswith(f"{identity} in ")
    assert shown.stdout.endswith(", not exported yet\n")
    assert "1 to ask" in qabot("plan").stdout
    previewed = qabot("preview")
    assert "is not in the cache; the bundled model answers instead" in previewed.stderr
    assert hub.requested == []

    first = qabot("answer")
    assert first.returncode == 0, first.stderr
    note, answered, *_ = first.stderr.splitlines()
    assert note.startswith(f"exporting team/small@{COMMIT[:7]} into ")
    assert answered.startswith("[1/1] "), "an export says nothing that a person cannot act on"
    directory = shown.stdout.removeprefix(f"{identity} in ").partition(",")[0]
    assert read_info(Path(directory)).licence == "cc0-1.0", "of the checkpoint's card"
    assert f'model: "{identity}"' in repository.read("answers/peach.yaml")
    key = Keys(identity).key("She named the baby Momotaro.", "What is the name of the baby?")
    assert f'key: "{key}"' in repository.read("answers/peach.yaml"), "as on Fargate"

    # From now on the hub is not needed, and every command answers alike.
    hub.checkpoints.clear()
    hub.requested.clear()
    again = qabot("answer", "--force")
    assert again.returncode == 0, again.stderr
    assert "exporting" not in again.stderr
    assert "answered 1 of 1" in again.stderr
    answer = re.search(r"answer: (.*)", repository.read("answers/peach.yaml"))
    assert answer is not None
    asked = qabot("ask", "--json", "She named the baby Momotaro.", "What is the name of the baby?")
    assert json.loads(asked.stdout)["answer"] == json.loads(answer[1])
    previewed = qabot("preview", "--force")
    assert f"previewed 1 of 1 question with team/small@{COMMIT[:7]}" in previewed.stderr
    repository.write("squad.json", json.dumps({"data": [{"title": "t", "paragraphs": [{
        "context": "She named the baby Momotaro.", "qas": [{
            "id": "1", "question": "What is the name of the baby?",
            "answers": [{"text": json.loads(answer[1]), "answer_start": 0}]}]}]}]}))  # fmt: skip
    measured = qabot("model", "evaluate", "squad.json", "--json")
    assert json.loads(measured.stdout)["exact_match"] == 100, measured.stderr
    assert hub.requested == []

    # Outside of the repository there is no cdk.json.
    elsewhere = qabot("--root", "nowhere", "model", "show")
    assert elsewhere.returncode == 2


@pytest.mark.parametrize(
    ("model", "revision", "environ", "expected"),
    [
        ("team/small", "abcdef0", {}, "has no revision 'abcdef0' of team/small; use a commit of"),
        (
            "team/small",
            "0123456",
            {"HF_HUB_OFFLINE": "1"},
            "hub cannot be reached, and team/small@0123456 is not among this machine's downloads",
        ),
    ],
)
def test_what_the_hub_does_not_give_is_explained(
    qabot: Qabot,
    repository: Repository,
    model: str,
    revision: str,
    environ: dict[str, str],
    expected: str,
) -> None:
    name_model(repository, model, revision)
    done = qabot("model", "prepare", **environ)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 2, f"the note and the error, no more: {done.stderr}"


def test_without_torch_the_command_to_run_is_named(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QABOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoints, "missing_packages", lambda: ["torch"])
    name_model(repository, "team/small", "0123456")
    model = configured_model(repository.root)
    with pytest.raises(ExportError, match=r"that needs torch; run: scripts/run model prepare"):
        model.prepare(print)
    assert not model.directory.exists()


def test_a_cache_with_another_model_is_not_used(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QABOT_CACHE", str(tmp_path / "cache"))
    name_model(repository, "team/small", "0123456")
    model = configured_model(repository.root)
    model.directory.mkdir(parents=True)
    info = replace(read_info(BUNDLED), name="other")
    for name in ("model.onnx", "tokenizer.json"):
        (model.directory / name).symlink_to(BUNDLED / name)
    (model.directory / INFO_FILE).write_text(info.to_json())
    with pytest.raises(ModelError, match=r"cdk\.json names team/small@.*delete that folder"):
        model.prepare(print)


def test_the_folder_and_the_key_depend_on_all_that_the_export_does(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QABOT_CACHE", str(tmp_path / "cache"))
    keys = set()
    for block in (
        {"model": "team/small", "revision": "0123456"},
        {"model": "team/small", "revision": "0123457"},
        {"model": "team/large", "revision": "0123456"},
        {"model": "team/small", "revision": "0123456", "quantisation": "none"},
    ):
        repository.write("cdk.json", json.dumps({"context": {"qabot": block}}))
        keys.add(configured_model(repository.root).cache_key)
    monkeypatch.setattr("qabot.models.local.EXPORTER", 1_000)
    keys.add(configured_model(repository.root).cache_key)
    assert len(keys) == 5


def test_the_bundled_model_needs_nothing(repository: Repository) -> None:
    for root in (None, repository.root):
        model = configured_model(root)
        assert (model.directory, model.checkpoint, model.cache_key) == (BUNDLED, None, "")
        assert model.is_ready
        assert model.prepare(print) == BUNDLED


def test_a_preview_by_another_model_breaks_no_expectation(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QABOT_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.chdir(repository.root)
    asked = PEACH.replace("[What", "[{id: name, expect: [Momotaro], question: What").replace(
        "?]", "?}]"
    )
    repository.write("questions/peach.yaml", asked)
    assert main(["answer"]) == 0
    repository.write("questions/peach.yaml", asked.replace("the baby Momotaro", "the baby Kintaro"))
    assert main(["preview"]) == 1, "the model that will answer gives another answer"
    name_model(repository, "team/small", "0123456")
    assert main(["preview"]) == 0
    assert "the bundled model answers instead" in capsys.readouterr().err
