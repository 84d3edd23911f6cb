"""The documents are right: their commands print what is shown, and their links exist."""

from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_scripts import clone, run  # noqa: F401

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "questions").glob("*.md")),
]

# Shown in a `console` block and not run here: what runs this, and what would need the development
# environment in the clone (tests/infra and tests/tools/rehearsal run those).
NOT_RUN = {"scripts/test", "scripts/check", ".ci/run", "scripts/cdk", "scripts/rehearse"}

# What differs from one machine and one moment to the next.
_VARIES = [
    (re.compile(r"with Python \d\S*"), "with Python 3"),
    (re.compile(r"\b[01]\.\d+\b"), "0.9"),  # scores: the last digits are the processor's
    (re.compile(r"in [\d.]+ s \([\d,]+ (a|per) second\)"), "in 1 s"),
]

_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def shown(text: str) -> list[tuple[str, str]]:
    """The commands of a document's `console` blocks and the output that it shows for each."""
    commands: list[tuple[str, str]] = []
    for block in _CONSOLE.findall(text):
        command: list[str] = []
        output: list[str] = []
        for line in [*block.splitlines(), "$ "]:
            if line.startswith("$ "):
                if command:
                    commands.append(("\n".join(command), "\n".join(output) + "\n"))
                command, output = [line[2:]], []
            elif line.startswith("> ") and not output and "<<" in command[0]:
                command.append(line[2:])
            else:
                output.append(line)
    return commands


def settled(output: str) -> str:
    """Output without what differs from one machine and one moment to the next."""
    for varies, always in _VARIES:
        output = varies.sub(always, output)
    # Questions are answered in parallel, and reported in the order in which they are done.
    lines = sorted(re.findall(r"^\[\d+/\d+\] (.*)$", output, re.MULTILINE))
    return re.sub(
        r"^\[\d+/\d+\] .*$", lambda _: f"[1/1] {lines.pop(0)}", output, flags=re.MULTILINE
    )


@pytest.mark.timeout(600)
def test_the_commands_shown_do_what_is_shown(clone: Path) -> None:  # noqa: F811
    checker = doctest.OutputChecker()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    wrong = []
    for document in DOCUMENTS:
        for command, expected in shown(document.read_text(encoding="utf-8")):
            if command.split()[0] in NOT_RUN:
                continue
            # One stream, as a terminal shows it; the environment's commands as if it were active.
            path = f'export PATH="$PWD/.venv/bin:$PATH"; {{ {command}\n}} 2>&1'
            done = run(clone, "bash", "-c", path)
            if not checker.check_output(settled(expected), settled(done.stdout), flags):
                wrong.append(
                    f"{document.name}: $ {command}\n{settled(done.stdout)}\n"
                    f"expected\n{settled(expected)}"
                )
    assert not wrong, "\n\n".join(wrong)


def test_every_command_is_in_the_documents() -> None:
    from qabot.cli import COMMANDS

    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"## qabot {name}" in text, f"docs/commands.md says nothing of qabot {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", link):
            target = document.parent / link.partition("#")[0]
            assert target.exists(), f"{document.name} links to {link}"


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|container|infra|tools|tests|\.github)/[\w./-]*)`", text)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_no_tracked_file_names_this_machine() -> None:
    tracked = subprocess.run(
        ["git", "grep", "-nIE", rf"{re.escape(str(ROOT))}|{re.escape(str(Path.home()))}/", "--", "."],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert not tracked
