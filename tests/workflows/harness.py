"""Runs a workflow here as GitHub would: its own parser and expressions, real steps, a real remote.

`run:` steps really run, with bash as GitHub starts it, in a scratch clone of a bare `origin`, with
GitHub's files in place. So do the steps of this repository's own action, and the jobs of a workflow
that a job calls. Other `uses:` steps, and the command `gh`, are simulated by name. A job's `if`, a
step's `if`, `env`, what actions are given, and outputs are evaluated by GitHub's packages; none of the
language is ours.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import threading
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT
from tests.qabot.github.remotes import git
from tests.workflows.reader import Reader
from tests.workflows.stand_ins import STAND_INS, ActionFailed

TOKEN = "ghs_a-token-that-must-not-be-seen"

# Of a path filter, in the order in which they are tried.
_PATTERNS = {"**": ".*", "*": "[^/]*"}
_LEVELS = ("none", "read", "write")
# From the signal to the end of a step that was cancelled, seconds: then GitHub kills it.
_GRACE = 7.5
# What a job's environment has of the machine; the rest is GitHub's.
_KEPT = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "NODE_EXTRA_CA_CERTS")


class InvalidWorkflow(Exception):
    """GitHub does not start a workflow, and says why."""


class ActionError(Exception):
    """An action of a step failed."""


@dataclass
class Step:
    """The result of a step: `success`, `failure`, `cancelled` or `skipped`, its log and outputs."""

    name: str
    outcome: str
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """The result of a job."""

    id: str
    result: str
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    def log(self) -> str:
        """Everything its steps printed."""
        return "\n".join(step.log for step in self.steps)

    def outcome(self, name: str) -> str:
        """Of the step of that name; of several, which an action's steps can be, of the one that ran."""
        outcomes = [step.outcome for step in self.steps if step.name == name]
        return next((outcome for outcome in outcomes if outcome != "skipped"), outcomes[0])


Hook = Callable[[Path], None]


@dataclass
class GitHub:
    """A repository on GitHub, as far as a workflow sees it.

    Args:
        reader: GitHub's packages.
        origin: the bare repository.
        folder: for clones and files of runs.
        variables: the repository's.
        environ: what every job has besides, such as the emulated cloud's addresses.
        before: called with the clone before the step of that name.
        cancel_after: text in the log of a step at which the run is cancelled.
        pages: where Pages gets what it publishes: `workflow` or `legacy` (a branch); None where it is
            off.
        published: bare repositories of actions, by `OWNER/NAME`.
        workflows: the folder of the workflows (default: this repository's).
        attempt: of the next run: more than 1 where somebody runs its jobs again.
        caches: what actions/cache keeps between runs, by path and key.
        prerelease: whether a release that is published is marked as one.
        programs: scripts that stand in for programs of a runner, by name.
        installs: let the environment be installed as on GitHub; otherwise checkouts have one that is
            made of what is installed here.
        watched: text in the log.
        seen_after: seconds from the start of a run to the first line with that text.
    """

    reader: Reader
    origin: Path
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    before: dict[str, Hook] = field(default_factory=dict)
    cancel_after: str | None = None
    pages: str | None = None
    published: dict[str, Path] = field(default_factory=dict)
    workflows: Path = ROOT / ".github/workflows"
    attempt: int = 1
    caches: dict[tuple[str, str], Path] = field(default_factory=dict)
    prerelease: bool = False
    programs: dict[str, str] = field(default_factory=dict)
    installs: bool = False
    watched: str | None = None
    seen_after: float | None = None
    runs: int = 0
    _started: float = 0.0

    def run(
        self,
        workflow: str,
        event: str = "push",
        *,
        ref: str = "main",
        ref_type: str = "branch",
        **inputs: str | bool,
    ) -> dict[str, Job]:
        """Run a workflow; its jobs by id, the skipped ones too.

        Raises:
            InvalidWorkflow: a workflow that it calls wants more than the caller grants.
        """
        self.runs += self.attempt == 1
        self._started, self.seen_after = time.monotonic(), None
        repository = {"default_branch": "main", "has_pages": self.pages is not None}
        payload = {
            "repository": repository,
            "pull_request": {"number": 7},
            "release": {"prerelease": self.prerelease},
        }
        contexts: dict[str, Any] = {
            "github": {
                "ref_name": ref,
                "ref_type": ref_type,
                "event_name": event,
                "event": payload,
                "token": TOKEN,
                "repository": "owner/fork",
                "run_attempt": str(self.attempt),
            },
            "runner": {"os": "Linux", "arch": "X64"},
            "strategy": {"job-index": 0},
            "vars": self.variables,
            "inputs": inputs,
            "matrix": {},
            "job": {
                "workflow_repository": "owner/fork",
                "workflow_sha": git(self.origin, "rev-parse", "main"),
            },
        }
        jobs: dict[str, Job] = {}
        for job in self._read(self.workflows / workflow, contexts):
            needs = {
                name: {"result": jobs[name].result, "outputs": jobs[name].outputs}
                for name in map(str, _list(job.get("needs")))
            }
            results = {entry["result"] for entry in needs.values()}
            status = "success" if results <= {"success"} else "failure"
            known = {**contexts, **job["contexts"], "needs": needs}
            if self.reader.truth(job["if"]["expr"], known, status):
                rows = _rows(job["matrix"])
                machines = [
                    self._job(job, {**known, "matrix": row, "strategy": {"job-index": index}})
                    for index, row in enumerate(rows)
                ]
                jobs[job["id"]] = _together(machines)
            else:
                jobs[job["id"]] = Job(job["id"], "skipped")
        return jobs

    def started_by(self, event: str, files: list[str]) -> list[str]:
        """The workflows that an event starts by the paths of the files that it changes."""

        def matches(pattern: str) -> bool:
            parts = re.split(r"(\*\*|\*)", pattern)
            regex = "".join(_PATTERNS.get(part) or re.escape(part) for part in parts)
            return any(re.fullmatch(regex, file) for file in files)

        found = []
        for path in sorted(self.workflows.glob("*.yml")):
            filters = self.reader.read(path)["events"].get(event)
            if filters is not None and any(map(matches, filters.get("paths", ["**"]))):
                found.append(path.name)
        return found

    def _read(self, path: Path, contexts: dict[str, Any]) -> list[dict[str, Any]]:
        """The jobs of a workflow; instead of one that calls a workflow, those of that.

        A job's `contexts` are those that a called workflow has of its own.
        """
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        calls = {job["uses"] for job in written["jobs"].values() if "uses" in job}
        if not calls:
            return [
                {**_with_given(job, written["jobs"]), "contexts": {}}
                for job in self.reader.read(path)["jobs"]
            ]
        (uses,) = calls
        name, _, file = uses.partition("/.github/workflows/")
        file, _, ref = file.partition("@")
        at = self.published[name]
        sha = git(at, "rev-parse", f"{ref}^{{commit}}")
        content = git(at, "show", f"{sha}:.github/workflows/{file}")
        called = yaml.safe_load(content)
        (caller,) = self.reader.read(path, content)["jobs"]
        granted = written["jobs"][caller["id"]].get("permissions", written.get("permissions"))
        _check_permissions(uses, called, granted)
        # PyYAML reads `on` as true.
        inputs = {
            key: {"boolean": False, "string": ""}[asked["type"]]
            for key, asked in ((called[True]["workflow_call"] or {}).get("inputs") or {}).items()
        }
        for key, value in written["jobs"][caller["id"]].get("with", {}).items():
            inputs[key] = value if isinstance(value, bool) else self._text(value, contexts)
        own = {
            "inputs": inputs,
            "job": {"workflow_repository": name, "workflow_sha": sha},
        }
        return [{**_with_given(job, called["jobs"]), "contexts": own} for job in caller["jobs"]]

    def _job(self, job: dict[str, Any], contexts: dict[str, Any]) -> Job:
        index = contexts["strategy"]["job-index"]
        # Every machine of GitHub has the same paths, which a cached environment relies on.
        place = self.folder / "machine"
        place.mkdir()
        try:
            return self._job_on(place, job, contexts)
        finally:
            place.rename(self.folder / f"run-{self.runs}-{self.attempt}-{job['id']}-{index}")

    def _job_on(self, place: Path, job: dict[str, Any], contexts: dict[str, Any]) -> Job:
        (place / "bin").mkdir()
        pages = f'#!/bin/sh\n[ "$1 $2" = "api repos/owner/fork/pages" ] && echo {self.pages}\n'
        for name, program in {"gh": pages, **self.programs}.items():
            (place / "bin" / name).write_text(program)
            (place / "bin" / name).chmod(0o755)
        clone = place / "clone"
        files = {
            name: place / name.lower()
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
        }
        for file in files.values():
            file.touch()
        event_path = place / "event.json"
        event_path.write_text(json.dumps(contexts["github"]["event"]))
        base = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        base |= {
            **{name: str(path) for name, path in files.items()},
            "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": contexts["github"]["event_name"],
            "GITHUB_EVENT_PATH": str(event_path),
            "GITHUB_REF_NAME": contexts["github"]["ref_name"],
            "GITHUB_REF_TYPE": contexts["github"]["ref_type"],
            "GITHUB_REPOSITORY": "owner/fork",
            "RUNNER_NAME": f"{job['id']}-{contexts['strategy']['job-index']}",
            "GITHUB_WORKSPACE": str(clone),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "QABOT_CACHE": str(place / "cache"),
            "GITHUB_RUN_ID": str(1000 + self.runs),
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **self.environ,
        }
        known = {**contexts, "steps": {}, "env": {}}
        known["env"] = self._env(job.get("env"), known)
        done = Job(job["id"], "success")
        for step in job["steps"]:
            name = self.reader.text(step.get("name"), known)
            if not self.reader.truth(step["if"]["expr"], known, done.result):
                made = Step(name, "skipped")
            elif "uses" in step:
                given = {key: self._text(value, known) for key, value in step["with"].items()}
                if contexts["github"]["ref_type"] == "tag":
                    given.setdefault("ref", contexts["github"]["ref_name"])
                action = self._own_action(step["uses"], clone)
                if action is None:
                    made = self._uses(name, step["uses"].partition("@")[0], given, clone)
                else:
                    at = (clone, files["GITHUB_OUTPUT"])
                    made = self._composite(name, action, given, known, base, at, done)
            else:
                if name in self.before:
                    self.before[name](clone)
                env = {**base, **known["env"], **self._env(step.get("env"), known)}
                made = self._run(name, self.reader.text(step["run"], known), clone, env)
            done.steps.append(made)
            made.outputs |= _taken(files["GITHUB_OUTPUT"])
            known["steps"][step["id"]] = {"outcome": made.outcome, "outputs": made.outputs}
            if step.get("continue-on-error"):
                continue
            if made.outcome in ("failure", "cancelled") and done.result == "success":
                done.result = made.outcome
        done.outputs = self._env(job.get("outputs"), known)
        done.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        return done

    def _own_action(self, uses: str, clone: Path) -> Path | None:
        """The folder of an action that is this repository's own, fetched as GitHub does."""
        if uses.startswith("./"):
            return clone / uses
        name, _, ref = uses.partition("@")
        if name not in self.published:
            return None
        folder = clone.parent / "actions" / name / ref
        if not folder.exists():
            folder.parent.mkdir(parents=True)
            self.check_out(folder, self.published[name], ref)
        return folder

    def check_out(self, folder: Path, repository: Path, ref: str | None = None) -> None:
        """Clone a repository, and make the environment of this one's code."""
        commit = ref is not None and re.fullmatch("[0-9a-f]{40}", ref)
        branch = () if ref is None or commit else ("--branch", ref)
        git(self.folder, "clone", "--quiet", *branch, str(repository), str(folder))
        if commit:
            git(folder, "checkout", "--quiet", "--detach", commit[0])
        if (folder / "requirements").is_dir() and not self.installs:
            make_environment(folder)
            (folder / "node_modules").symlink_to(ROOT / "node_modules")

    def _composite(
        self,
        name: str,
        action: Path,
        given: dict[str, str],
        contexts: dict[str, Any],
        base: dict[str, str],
        place: tuple[Path, Path],
        done: Job,
    ) -> Step:
        """Run the steps of a composite action, which join the job's; the whole is a step, too."""
        clone, output = place
        written = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        inputs = {
            key: given[key] if key in given else self._text(asked.get("default", ""), contexts)
            for key, asked in written["inputs"].items()
        }
        unknown = given.keys() - inputs.keys()
        assert not unknown, f"{name} gives inputs that the action does not have: {unknown}"
        github = {**contexts["github"], "action_path": str(action)}
        known = {**contexts, "inputs": inputs, "steps": {}, "github": github}
        del known["needs"], known["vars"]  # an action sees neither
        result = "success"
        for step in written["runs"]["steps"]:
            title = step["name"]
            # actions/runner #2638: once a run is cancelled, an action's further steps do not run.
            cancelled = "cancelled" in (done.result, result)
            job = "cancelled" if cancelled else result
            if result == "cancelled" or not self.reader.truth(_condition(step), known, result, job):
                made = Step(title, "skipped")
            elif "uses" in step:
                inner = {key: self._text(text, known) for key, text in step.get("with", {}).items()}
                made = self._uses(title, step["uses"].partition("@")[0], inner, clone)
            else:
                assert step["shell"] == "bash"
                if title in self.before:
                    self.before[title](clone)
                own = {key: self._text(text, known) for key, text in step.get("env", {}).items()}
                env = {**base, **contexts["env"], **own, "GITHUB_ACTION_PATH": str(action)}
                made = self._run(title, step["run"], clone, env)
            done.steps.append(made)
            if "id" in step:
                outputs = made.outputs | _taken(output)
                known["steps"][step["id"]] = {"outcome": made.outcome, "outputs": outputs}
            if made.outcome in ("failure", "cancelled") and result == "success":
                result = made.outcome
        outputs = {key: self._text(o["value"], known) for key, o in written["outputs"].items()}
        return Step(name, result, outputs=outputs)

    def _env(self, env: dict[str, Any] | None, contexts: dict[str, Any]) -> dict[str, str]:
        return {name: self.reader.text(value, contexts) for name, value in (env or {}).items()}

    def _text(self, value: Any, contexts: dict[str, Any]) -> str:
        """The inputs of an action, with `${{ }}` evaluated."""
        return re.sub(
            r"\$\{\{(.*?)\}\}",
            lambda found: self.reader.text({"expr": found[1].strip()}, contexts),
            str(value),
        )

    def _uses(self, name: str, action: str, given: dict[str, str], clone: Path) -> Step:
        """Stand in for an action."""
        if action not in STAND_INS:
            return Step(name, "failure", f"no stand-in for {action}")
        try:
            outputs = STAND_INS[action](self, given, clone)
        except ActionFailed as failed:
            return Step(name, "failure", str(failed))
        return Step(name, "success", outputs=outputs or {})

    def artifact(self, name: str) -> Path:
        """Where the files of an artifact of this run are."""
        return self.folder / f"artifacts-{self.runs}" / name

    def _run(self, name: str, script: str, clone: Path, env: dict[str, str]) -> Step:
        """Run a step as GitHub's runner does, and cancel it as GitHub does.

        actions/runner, ProcessInvoker.cs: the script is a file, and only its bash gets the signal.
        """
        file = env["GITHUB_OUTPUT"].removesuffix("github_output") + "step.sh"
        Path(file).write_text(script, encoding="utf-8")
        place = clone if clone.is_dir() else self.folder
        lines: list[str] = []
        cancelled_at: float | None = None
        watchdog: threading.Timer | None = None
        with subprocess.Popen(
            ["bash", "-e", file],
            cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, process_group=0,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                if self.watched is not None and self.seen_after is None and self.watched in line:
                    self.seen_after = time.monotonic() - self._started
                wanted = self.cancel_after is not None and self.cancel_after in line
                if wanted and cancelled_at is None:
                    # docs.github.com, "Workflow cancellation reference": SIGINT first.
                    process.send_signal(signal.SIGINT)
                    cancelled_at = time.monotonic()
                    watchdog = threading.Timer(2 * _GRACE, os.killpg, (process.pid, signal.SIGKILL))
                    watchdog.start()
        if watchdog is not None:
            watchdog.cancel()
        if cancelled_at is not None:
            assert time.monotonic() - cancelled_at < _GRACE, (
                f"GitHub would have killed '{name}'. It signals a step's first process alone: is an "
                f"`exec` missing in front of the program in {script!r}?"
            )
            self.cancel_after = None
            return Step(name, "cancelled", "".join(lines))
        return Step(name, "failure" if process.returncode else "success", "".join(lines))


def _together(machines: list[Job]) -> Job:
    """The machines of a matrix as one job, which they are for the jobs that need it."""
    job, *others = machines
    for other in others:
        job.steps += other.steps
        job.summary += other.summary
        job.outputs |= {name: value for name, value in other.outputs.items() if value}
        if job.result == "success":
            job.result = other.result
    return job


def make_environment(folder: Path) -> None:
    """Make the environment of a checkout: the packages that are installed here, and its own code."""
    venv.create(folder / ".venv", symlinks=True)
    (site,) = (folder / ".venv/lib").glob("python*/site-packages")
    (site / "qabot.pth").write_text(f"{folder}/scripts\n{folder}/container\n")
    (site / "shared.pth").write_text(sysconfig.get_path("purelib"))  # another lock leaves it alone
    shutil.copy(ROOT / ".venv/bin/qabot", folder / ".venv/bin/qabot")
    (folder / ".venv/installed").mkdir()
    for stamp in (ROOT / ".venv/installed").iterdir():
        lock = folder / f"requirements/{stamp.name}.txt"
        shutil.copy(lock, folder / ".venv/installed" / stamp.name)


def _with_given(job: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """A job with what its actions are given, which GitHub's parser leaves out, and its matrix."""
    for step, entry in zip(job["steps"], written[job["id"]]["steps"], strict=True):
        step["with"] = entry.get("with", {})
    return {**job, "matrix": written[job["id"]].get("strategy", {}).get("matrix", {})}


def _rows(matrix: dict[str, Any]) -> list[dict[str, str]]:
    """What each machine of a matrix has, of which the first name, or `include`, tells them apart."""
    for name, values in matrix.items():
        return values if name == "include" else [{name: value} for value in values]
    return [{}]


def _check_permissions(uses: str, called: dict[str, Any], granted: dict[str, str] | None) -> None:
    """Let no job of a called workflow have more than the caller, whether it would run or not.

    actions/runner, PermissionsHelper.cs: with these words, before anything runs.
    """
    # Without any, a repository's default: to read its contents.
    most = {"contents": "read", "packages": "read"} if granted is None else granted
    for name, job in called["jobs"].items():
        for scope, level in job["permissions"].items():
            allowed = most.get(scope, "none")
            if _LEVELS.index(level) > _LEVELS.index(allowed):
                raise InvalidWorkflow(
                    f"Error calling workflow '{uses}'. The nested job '{name}' is requesting "
                    f"'{scope}: {level}', but is only allowed '{scope}: {allowed}'."
                )


def _condition(step: dict[str, Any]) -> str:
    """A step's `if`, to which GitHub adds that nothing failed where it does not say."""
    condition = str(step.get("if", "true"))
    says = re.search(r"\b(success|failure|always|cancelled)\(", condition)
    return condition if says else f"success() && ({condition})"


def _taken(output: Path) -> dict[str, str]:
    """The content that a step wrote to GITHUB_OUTPUT, which is emptied."""
    lines = output.read_text().splitlines()
    output.write_text("")
    return dict(line.split("=", 1) for line in lines)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
