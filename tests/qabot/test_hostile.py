"""Hostile text in every place that text can have, through every command, into all that is written.

What is written is read by what will read it: GitHub's runner (its grammar of commands), a Markdown
reader, a YAML reader, a browser, git. `tools/fuzzing/targets/texts.py` feeds the single writers
anything.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
import yaml

from answerer.spans import Span
from qabot.answers.model import Answer, AnswerSet, Entry, Failure
from qabot.answers.yaml_file import render
from qabot.cli import main
from qabot.github.publish import message
from tests.conftest import Repository
from tests.qabot.answers.test_markdown import GITHUB, HOSTILE
from tests.qabot.github.remotes import Origin, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qabot.answers.model import Request, Result

TEXTS = [
    *HOSTILE, "::add-mask::x", "\n::set-output name=x::y", "x ##[group]y", "\x1b]0;title\x07\x1b[2J",
    "%0A::error::x", "$(touch pwned)`touch pwned`", "'; touch pwned; '", "\u2066x\u2069", "\r::stop::",
    "</script><script>document.title='pwned'</script>", "Fixes #12 @user GH-12", "[skip ci]",
]  # fmt: skip
# Of files, which hold no `/`; those that end in .json bring every text.
NAMES = [
    "::error::x", "a\n::error::x", "##[add-mask]x", "<img src=x onerror=alert(1)>", "[x](y)",
    "Fixes #12", "[skip ci] @user GH-12", "$(touch pwned)", "`touch pwned`", "-rf", "%0A",
    "--upload-pack=touch pwned",
    "\x1b[2J", "\u202eevil", "*", "{a,b}", "a|b", "x\\..\\y", ":(top)x", "&lt;b&gt;",
]  # fmt: skip


class Engine:
    """Answers with the end of a context, hostile as it is, and fails the last question of a file."""

    model = "m\n::error::@1/s1"

    def __init__(self, *_: object) -> None:
        pass

    def answer(self, requests: Sequence[Request]) -> Iterator[Result]:
        for request in requests:
            yield self._result(request)

    def _result(self, request: Request) -> Result:
        if request.question.startswith("fails"):
            words = request.question
            return Failure(request.key, self.model, words, words, 2, evidence={words: words})
        start = len("It is ")
        span = Span(request.context[start:], start, len(request.context), 0.2)
        return Answer(
            request.key, self.model, span, (Span(request.context, 0, len(request.context), 0.1),)
        )


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A remote with hostile questions, and answers to some that are gone."""
    origin = Origin(tmp_path)
    person = origin.clone()
    asked = [
        {"context": f"It is {text}", "question": f"{how} {text}", "expect": [text]}
        for text in TEXTS
        for how in ("what?", "fails")
    ]
    for name in NAMES:
        person.write(f"questions/{name}.json", json.dumps(asked[:4]))
    person.write("questions/all.json", json.dumps(asked))
    wrong = [{"question": f"q {text}", text: text, "id": text} for text in TEXTS]
    person.write("questions/wrong.json", json.dumps(wrong))
    # What is there already has ids, models and reasons of its own.
    gone = tuple(
        Entry(text, text, Failure(text, text, text, text, evidence={"said": text}))
        for text in TEXTS
    )
    person.write("answers/all.yaml", render(AnswerSet("questions/all.json", gone)))
    origin.push(person, "Ask")
    return origin


@pytest.fixture
def run(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A checkout in which commands run as in a workflow."""
    checkout = origin.clone()
    monkeypatch.chdir(checkout.root)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(origin.path.parent / "summary.md"))
    monkeypatch.setenv("GITHUB_REF_TYPE", "branch")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setattr("qabot.commands.engine_options.RunnerEngine", Engine)
    return checkout


# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs: a line is a command
# where it begins with `::`, white space aside, or else has `##[` anywhere.
_COMMAND = re.compile(r"\s*::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*))?::(?P<data>.*)")
_ESCAPES = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


def commands(log: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands that GitHub's runner finds in a log: name, properties, data."""
    found = []
    for line in re.split("\r\n|\n|\r", log):
        if not line.lstrip().startswith("::"):
            assert "##[" not in line, line
            continue
        match = _COMMAND.fullmatch(line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in (match["properties"] or "").split(",") if pair]
        properties = {name: _unescaped(value) for name, value in pairs}
        found.append((match["name"], properties, _unescaped(match["data"])))
    return found


def _unescaped(text: str) -> str:
    for escaped, character in _ESCAPES:
        text = text.replace(escaped, character)
    return text


def checked_log(capfd: pytest.CaptureFixture[str]) -> str:
    """The output since the last call, standard error last; it has no commands but our own."""
    out, err = capfd.readouterr()
    for log in (out, err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", log)
    assert commands(out) == []
    for name, properties, data in commands(err):
        assert name in ("error", "warning", "group", "endgroup"), name
        assert set(properties) <= {"file", "line", "col"}
        assert data.isprintable()
        if "file" in properties:
            assert properties["file"].startswith(("questions/", "answers/"))
            assert properties.get("line", "1").isdigit()
    return out


def tags(markdown: str) -> set[str]:
    return set(re.findall(r"<\s*/?\s*([a-zA-Z!][^\s>/]*)", GITHUB.render(markdown)))


TABLE = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "strong"}


def test_nothing_hostile_gets_through_a_whole_run(
    run: Repository, origin: Origin, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 2
    checked_log(capfd)
    for form in ("text", "json"):
        assert main(["list", "--format", form]) == 0
        assert len(checked_log(capfd).splitlines()) == len(TEXTS)
    for form in ("text", "markdown", "json"):
        assert main(["plan", "--format", form]) == 2
        out = checked_log(capfd)
        if form == "markdown":
            assert tags(out) <= TABLE
        if form == "json":
            assert len(json.loads(out)["sets"]) == len(NAMES) + 1
    assert main(["preview"]) == 2
    checked_log(capfd)
    assert main(["answer"]) == 2
    checked_log(capfd)
    _check_answers(run)
    _check_lists(run, capfd)
    summary = (origin.path.parent / "summary.md").read_text()
    # "The text does not say" is in italics, and the run's timeline is a picture of its own.
    assert tags(summary) <= TABLE | {"em", "details", "summary", "pre", "code"}
    assert "<a " not in GITHUB.render(summary)

    assert main(["commit"]) == 0
    checked_log(capfd)
    assert set(run.files("answers")) == {
        path.split("\0")[0] for path in _tracked(origin) if path.startswith("answers/")
    }
    said = git(origin.path, "log", "-1", "--format=%B", "main")
    assert said.splitlines()[0] == f"Answer {len(NAMES) + 1} question files"
    assert not re.search(r"[\x00-\x09\x0b-\x1f#@\[\]]|GH-\d", said)
    assert list(run.root.rglob("pwned")) == list(origin.path.rglob("pwned")) == []


def _tracked(origin: Origin) -> list[str]:
    return git(origin.path, "ls-tree", "-r", "--name-only", "-z", "main").split("\0")


def _check_answers(run: Repository) -> None:
    """Each answers file is read back by a YAML reader, each page by a Markdown reader."""
    asked = json.loads(run.read("questions/all.json"))
    for path, content in run.files("answers").items():
        text = content.decode()
        if path.endswith(".yaml"):
            entries = yaml.safe_load(text)["answers"]
            wanted = asked[: len(entries)]
            assert [entry["question"] for entry in entries] == [
                entry["question"].strip() for entry in wanted
            ]
            for entry, question in zip(entries, wanted, strict=True):
                if "answer" in entry:
                    assert entry["answer"] == question["context"].removeprefix("It is ")
        else:
            page = GITHUB.render(text)
            assert tags(text) <= {"!--", "h1", "h2", "p", "a", "blockquote", "strong", "b"}, path
            (address,) = re.findall(r'<a href="([^"]*)"', page)
            target = run.root / path
            assert (target.parent / unquote(html.unescape(address))).is_file(), address


def _check_lists(run: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = checked_log(capfd).splitlines()
    assert len(lines) == 4 * len(NAMES) + 2 * len(TEXTS)
    assert main(["list", "--format", "json"]) == 0
    entries = [json.loads(line) for line in checked_log(capfd).splitlines()]
    assert len(entries) == len(lines)
    asked = {entry["question"].strip() for entry in json.loads(run.read("questions/all.json"))}
    assert {entry["question"] for entry in entries} == asked


@pytest.mark.parametrize(
    "name", ["Fixes #12", "@user", "[skip ci]", "closes GH-12", "x\n\nSkip-checks: true"]
)
def test_a_commit_message_asks_nothing_of_github(name: str) -> None:
    # docs.github.com: keywords close issues, names are notified, `[skip ci]` skips workflows.
    said = message((f"answers/{name}.yaml",))
    assert not re.search(r"[#@\[\]\n]|GH-\d", said)
    assert said.startswith("Answer ")


def test_the_grammar_finds_commands() -> None:
    assert commands("a\n  ::error file=a%3Ab,line=3::x%0Ay\nb") == [
        ("error", {"file": "a:b", "line": "3"}, "x\ny")
    ]
    with pytest.raises(AssertionError):
        commands("x ##[group]y")
