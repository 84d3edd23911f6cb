"""The workflow that answers, from a push to the commit of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.local_server import Handler, serving
from tests.qabot.github.remotes import Origin
from tests.workflows.harness import TOKEN, GitHub
from tests.workflows.reader import Reader

PEACH = "context: She named the baby Momotaro.\nquestions:\n- What is the name of the baby?\n"


def ask(origin: Origin, files: dict[str, str | None], message: str = "Ask") -> None:
    """Push question files as a person; None removes one."""
    person = origin.clone()
    for path, content in files.items():
        if content is None:
            (person.root / path).unlink()
        else:
            person.write(path, content)
    origin.push(person, message)


def test_the_first_question_in_an_empty_fork(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/peach.yaml": PEACH})
    jobs = github.run("answer.yml")
    assert {name: job.result for name, job in jobs.items()} == {
        "runner": "success", "fargate": "skipped", "page": "success", "publish": "skipped",
        "continue": "skipped",
    }  # fmt: skip
    assert origin.log()[:2] == ["github-actions[bot]: Answer peach", "A Person: Ask"]
    assert 'answer: "Momotaro"' in origin.files()["answers/peach.yaml"]
    assert "**Momotaro**" in origin.files()["answers/peach.md"]
    runner = jobs["runner"]
    assert "1 question, 1 asked, 1 answered in" in runner.summary
    assert "| Momotaro | 0." in runner.summary
    assert TOKEN not in runner.log() + runner.summary
    # The push of the answers starts no workflow, and the next run has nothing to do.
    again = github.run("answer.yml")["runner"]
    assert again.result == "success"
    assert "nothing to commit: main has every answer" in again.log()


@pytest.mark.timeout(300)
def test_the_page_is_published_where_pages_is_on(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/peach.yaml": PEACH})
    jobs = github.run("answer.yml")
    assert jobs["page"].outcome("Upload the page") == "success"
    assert jobs["page"].outcome("Upload the page for Pages") == "skipped"

    github.pages = "legacy"  # what a branch holds
    jobs = github.run("answer.yml")
    assert "::notice::The page is not published: under Settings, Pages, set" in jobs["page"].log()
    assert jobs["page"].outcome("Upload the page") == "success"
    assert {jobs["page"].result, jobs["publish"].result} == {"success", "skipped"}

    github.pages = "workflow"
    jobs = github.run("answer.yml")
    assert jobs["page"].outcome("Upload the page for Pages") == "success"
    (page,) = github.folder.glob("run-3*-page-0/clone/public")
    assert (page / "live/model.onnx").is_file(), "the published page can answer"
    assert jobs["publish"].result == "success"
    assert jobs["page"].outcome("Download the timeline") == "skipped", "nothing was asked"
    # A dry run publishes nothing.
    jobs = github.run("answer.yml", "workflow_dispatch", dry_run=True)
    assert {jobs["page"].result, jobs["publish"].result} == {"skipped"}


def test_jobs_that_are_run_again_publish_again(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/peach.yaml": PEACH})
    github.pages = "workflow"
    for attempt in (1, 2):
        github.attempt = attempt
        jobs = github.run("answer.yml")
        assert {jobs["page"].result, jobs["publish"].result} == {"success"}, jobs["page"]
        assert jobs["page"].outputs == {"artifact": f"github-pages-{attempt}"}


def test_the_page_shows_the_run_that_made_it(origin: Origin, github: GitHub) -> None:
    ask(
        origin,
        {"questions/peach.yaml": PEACH, "questions/bad.yaml": "context: c\nqestions: [q]\n"},
    )
    jobs = github.run("answer.yml")
    assert jobs["runner"].result == "failure", "a file has mistakes"
    assert jobs["runner"].outputs == {"timeline": "timeline-0"}
    assert jobs["page"].outcome("Download the timeline") == "success"
    page = (github.folder / "artifacts-1/page/index.html").read_text(encoding="utf-8")
    assert "The last run: 1 question in" in page
    assert "1 What is the name of the baby? :active" in jobs["runner"].summary
    assert not [name for name in origin.files() if "timeline" in name and "." in name.split("/")[0]]


def test_a_broken_file_keeps_nobody_waiting(origin: Origin, github: GitHub) -> None:
    ask(
        origin, {"questions/peach.yaml": PEACH, "questions/bad.yaml": "context: c\nqestions: [q]\n"}
    )
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "failure"
    assert "::error file=questions/bad.yaml,line=2,col=1::unknown key 'qestions'" in runner.log()
    assert runner.outcome("Commit answers") == "success"
    assert "answers/peach.yaml" in origin.files()


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """The workflow with the matrix that the documentation shows, in a folder."""
    page = (ROOT / "docs/large-runs.md").read_text("utf-8")
    strategy, given = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    workflow = (ROOT / ".github/workflows/answer.yml").read_text("utf-8")
    workflow = workflow.replace("    runs-on:", f"{strategy}    runs-on:", 1)
    workflow = workflow.replace("          globs:", f"{given}          globs:", 1)
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "answer.yml").write_text(workflow, "utf-8")
    return folder


def test_machines_that_share_a_run_commit_their_own_files(
    origin: Origin, github: GitHub, sharded: Path
) -> None:
    names = ("apple", "peach", "plum")
    ask(origin, {f"questions/{name}.yaml": PEACH.replace("baby", name) for name in names})
    github.workflows = sharded
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "success", runner.log()
    committed = {file for file in origin.files() if file.startswith("answers/")}
    assert committed == {f"answers/{name}.{end}" for name in names for end in ("md", "yaml")}
    assert sorted(origin.log()[:3]) == [f"github-actions[bot]: Answer {name}" for name in names]


def test_machines_that_share_a_run_have_a_timeline_each(reader: Reader, sharded: Path) -> None:
    assert reader.read(sharded / "answer.yml")["jobs"][0]["strategy"]
    jobs = yaml.safe_load((sharded / "answer.yml").read_text("utf-8"))["jobs"]
    (upload,) = (step for step in jobs["runner"]["steps"] if step.get("id") == "timeline")
    assert upload["with"]["name"] == "timeline-${{ strategy.job-index }}"


class Api(Handler):
    """GitHub's API for pull requests, as far as it is called."""

    pulls: list[dict[str, str]]
    authorised: list[str]

    def do_GET(self) -> None:
        """List those that are open."""
        self._reply(200, self.pulls)

    def do_POST(self) -> None:
        """Open one."""
        body = json.loads(self.body())
        self.pulls.append({**body, "html_url": f"https://github.test/pull/{len(self.pulls) + 1}"})
        self._reply(201, self.pulls[-1])

    def _reply(self, code: int, body: object) -> None:
        self.authorised.append(self.headers["Authorization"])
        self.reply(code, json.dumps(body).encode())


@pytest.fixture
def api(github: GitHub) -> Iterator[type[Api]]:
    """GitHub's API on this machine."""
    handler = type("Handler", (Api,), {"pulls": [], "authorised": []})
    with serving(handler) as github.environ["GITHUB_API_URL"]:
        yield handler


def test_a_protected_branch_gets_one_pull_request(
    origin: Origin, github: GitHub, api: type[Api]
) -> None:
    ask(origin, {"questions/peach.yaml": PEACH})
    origin.protect()
    where, github.environ["GITHUB_API_URL"] = github.environ["GITHUB_API_URL"], "http://127.0.0.1:9"
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "success"
    assert "::warning::the answers are on the branch answers/main" in runner.log()
    assert "compare/main...answers/main?expand=1" in runner.log()
    github.environ["GITHUB_API_URL"] = where
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "success"
    assert "main is protected; opened https://github.test/pull/1" in runner.log()
    assert "answers/peach.yaml" not in origin.files()
    assert "answers/peach.yaml" in origin.files("answers/main")
    assert [(pull["head"], pull["base"], pull["title"]) for pull in api.pulls] == [
        ("answers/main", "main", "Answer peach")
    ]
    assert set(api.authorised) == {f"Bearer {TOKEN}"}
    assert TOKEN not in runner.log()
    runner = github.run("answer.yml")["runner"]
    assert "main is protected; updated" in runner.log()
    # What waits there is not asked again.
    assert "restored 2 files that wait to be merged" in runner.log()
    assert "the question is up to date" in runner.log()
    assert len(api.pulls) == 1


def test_a_cancelled_run_commits_what_it_has_and_the_next_continues(
    origin: Origin, github: GitHub
) -> None:
    long = "It was 1921 then. " * 60
    many = "".join(f"- What is number {n}?\n" for n in range(2_000))
    ask(origin, {"questions/many.yaml": f"context: {long}\nquestions:\n{many}"})
    github.cancel_after = "[1/2000]"
    runner = github.run("answer.yml")["runner"]
    assert runner.result == "cancelled"
    assert "the same command continues from there" in runner.log()
    assert runner.outcome("Commit answers") == "success"
    kept = origin.files()["answers/many.yaml"].count("- id:")
    assert 0 < kept < 2_000
    github.cancel_after = f"/{2_000 - kept}]"
    again = github.run("answer.yml")["runner"]
    assert f"[1/{2_000 - kept}]" in again.log()
    assert origin.files()["answers/many.yaml"].count("- id:") > kept


HOSTILE = (
    '"; touch pwned; $(touch pwned) `touch pwned` ${{ secrets.X }}\n::error::forged\n<b>x</b> |'
)


def test_a_hostile_question_is_only_a_question(origin: Origin, github: GitHub) -> None:
    seen: list[bool] = []
    github.before["Commit answers"] = lambda clone: seen.append((clone / "pwned").exists())
    runner = github.run(
        "answer.yml", "workflow_dispatch", question=f"What? {HOSTILE}", context=f"A text. {HOSTILE}",
    )["runner"]  # fmt: skip
    assert seen == [False]
    assert runner.outcome("Commit answers") == "success"
    assert not any(line.startswith("::error::forged") for line in runner.log().splitlines())
    asked = [name for name in origin.files() if name.startswith("questions/asked/")]
    name = "asked/what-touch-pwned-touch-pwned-touch-pwned-secrets-x-error"
    assert asked == [f"questions/{name}.yaml"]
    assert "touch pwned" in origin.files()[asked[0]]
    assert {f"answers/{name}.yaml", f"answers/{name}.md"} <= set(origin.files())
    assert origin.log()[0] == f"github-actions[bot]: Answer {name}"
    assert "<b>x</b>" not in runner.summary


def test_dispatch_chooses_files_and_dry_runs(origin: Origin, github: GitHub) -> None:
    ask(origin, {"questions/a.yaml": PEACH, "questions/b.yaml": PEACH.replace("She", "He")})
    dry = github.run("answer.yml", "workflow_dispatch", dry_run=True)["runner"]
    assert "2 questions in 2 files, 2 to ask" in dry.log()
    assert dry.outcome("Commit answers") == "skipped"
    github.run("answer.yml", "workflow_dispatch", glob="b")
    assert {name for name in origin.files() if name.startswith("answers/")} == {
        "answers/b.md", "answers/b.yaml",
    }  # fmt: skip


def test_other_branches_are_left_alone(github: GitHub) -> None:
    jobs = github.run("answer.yml", ref="topic")
    assert {job.result for job in jobs.values()} == {"skipped"}
