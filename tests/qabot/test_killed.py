"""SIGKILL before every step of what writes: answering, asking, the page, committing back.

Each ends as if it had not been killed, and nothing that a person wrote is touched.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.console.reporter import Reporter
from qabot.github.links import Links
from qabot.github.publish import publish
from qabot.questions.add import add_question
from qabot.questions.read import read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import reconcile
from qabot.site.build import build
from tests.conftest import Repository
from tests.killing import LAST, STEP, STEPS, Scenario, killed_everywhere
from tests.qabot.github.remotes import Origin, git, plain
from tests.qabot.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL = "m@1/s1"
QUESTIONS = "context: 1921 was it\nquestions:\n- When?\n- What?\n"
MINE = {"answers/README.md": "# mine\n", "answers/mine.yaml": "a: 1\n", "answers/a.md": "notes\n"}


def answer(root: Path) -> None:
    plan = make_plan(root, read_questions(root), MODEL)
    reconcile(root, plan, ScriptedEngine(), Reporter(io.StringIO()))


def finished(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files without what an interrupted write leaves, which .gitignore knows."""
    return {path: content for path, content in files.items() if not path.endswith(".qabot-tmp")}


class Answering(Scenario):
    """A run that writes a new set, replaces a stale one and removes one whose questions are gone."""

    def prepare(self) -> None:
        repository = Repository(self.folder)
        for name in ("a", "b", "old/c"):
            repository.write(f"questions/{name}.yaml", QUESTIONS)
        answer(self.folder)
        (self.folder / "answers/a.yaml").unlink()
        repository.write("questions/b.yaml", QUESTIONS.replace("1921", "1922"))
        (self.folder / "questions/old/c.yaml").rename(self.folder / "questions/d.yaml")
        for path, content in MINE.items():
            repository.write(path, content)
        self._repository = repository

    def work(self) -> None:
        answer(self.folder)

    def state(self) -> dict[str, object]:
        return dict(finished(self._repository.files("answers")))


class Asking(Scenario):
    """A question is added by hand."""

    def prepare(self) -> None:
        self._repository = Repository(self.folder)

    def work(self) -> None:
        add_question(self.folder, "1905 was the year. " * 500, "Which year?")

    def state(self) -> dict[str, object]:
        return dict(finished(self._repository.files("questions")))


class Showing(Scenario):
    """The page is written over an older one."""

    def prepare(self) -> None:
        repository = Repository(self.folder)
        repository.write("questions/a.yaml", QUESTIONS)
        answer(self.folder)
        repository.write("public/index.html", "older\n")
        self._repository = repository

    def work(self) -> None:
        root = self.folder
        build(root, read_questions(root), root / "public", Links())

    def state(self) -> dict[str, object]:
        return dict(finished(self._repository.files("public")))


class Committing(Scenario):
    """Answers and an asked question are committed to a remote that has changed meanwhile."""

    # Each kill comes on top of what those before have left.
    afresh = False

    def prepare(self) -> None:
        self.origin = Origin(self.folder)
        person = self.origin.clone()
        for name in ("a", "gone"):
            person.write(f"questions/{name}.yaml", QUESTIONS)
        answer(person.root)
        for path, content in MINE.items():
            person.write(f"{path}.txt", content)
        self.origin.push(person, "Ask")
        self.run = self.origin.clone()
        (self.run.root / "answers/a.yaml").unlink()
        add_question(self.run.root, "1905 was the year", "Which year?")
        answer(self.run.root)
        self.run.write("staged.txt", "staged\n")
        git(self.run.root, "add", "staged.txt")
        self.run.write("answers/notes.md", "mine\n")
        person.write("questions/b.yaml", QUESTIONS.replace("What", "Who"))
        (person.root / "questions/gone.yaml").unlink()
        (person.root / "answers/a.md").unlink()
        self.origin.push(person, "Ask more")
        self._watch()

    def _watch(self) -> None:
        """Make steps of the moments in which git holds locks."""
        tools = self.folder / "tools"
        tools.mkdir()
        # Of references while they are about to change, of the index while a message is made and while
        # files are added.
        self._executable(
            tools / "reference-transaction", f'[ "$1" != prepared ] || "{tools}/step.sh"\n'
        )
        self._executable(tools / "prepare-commit-msg", f'"{tools}/step.sh"\n')
        self._executable(tools / "pre-push", f'"{tools}/step.sh"\n')
        self._executable(tools / "filter", f'"{tools}/step.sh"\nexec cat\n')
        self._executable(tools / "step.sh", STEP)
        (tools / "attributes").write_text("answers/a.* filter=watched\n")
        self._config = {
            "core.hooksPath": str(tools),
            "core.attributesFile": str(tools / "attributes"),
            "filter.watched.clean": str(tools / "filter"),
        }

    def _executable(self, path: Path, content: str) -> None:
        path.write_text(f"#!/bin/sh\n{content}")
        path.chmod(0o755)

    def work(self) -> None:
        config = {"GIT_CONFIG_COUNT": str(len(self._config))}
        for number, (name, value) in enumerate(self._config.items()):
            config |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        config |= {name: os.environ[name] for name in (STEPS, LAST) if name in os.environ}
        here = plain(self.run.root)
        here = replace(here, environ={**here.environ, **config})
        publish(
            self.run.root, "main", MODEL, Reporter(io.StringIO()), git=here, pause=lambda _: None
        )

    def state(self) -> dict[str, object]:
        checkout = {
            path: content for path, content in self.run.files(".").items() if ".git/" not in path
        }
        locks = [path for path in self.run.files(".git") if path.endswith(".lock")]
        return {
            "remote": self.origin.files(),
            "commits": self.origin.log(),
            "checkout": checkout,
            "status": git(self.run.root, "status", "--porcelain"),
            "locks": [path for path in locks if "/qabot/" not in path],
            "references": git(self.run.root, "for-each-ref", "--format=%(refname)"),
        }


def test_answering(tmp_path: Path) -> None:
    assert killed_everywhere(Answering, tmp_path) > 15


def test_asking(tmp_path: Path) -> None:
    assert killed_everywhere(Asking, tmp_path) >= 3


def test_showing(tmp_path: Path) -> None:
    assert killed_everywhere(Showing, tmp_path) >= 2


def test_committing(tmp_path: Path) -> None:
    assert killed_everywhere(Committing, tmp_path) > 30
