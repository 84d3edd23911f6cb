"""Runs a workflow here as GitHub would: its own parser and expressions, real steps, a real remote.

`run:` steps really run, with bash as GitHub starts it, in a scratch clone of a bare `origin`, with
GitHub's files in place. So do the steps of this repository's own action. Other `uses:` steps, and the
command `gh`, are simulated by name. A job's `if`, a step's `if`, `env`, what actions are given, and
outputs are evaluated by GitHub's packages; none of the language is ours.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
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

TOKEN = "ghs_a-token-that-must-not-be-seen"

# What a job's environment has of the machine; the rest is GitHub's.
_KEPT = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "NODE_EXTRA_CA_CERTS")


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
        caches: what actions/cache keeps between runs, by key.
        prerelease: whether a release that is published is marked as entry.
        programs: scripts that stand in for programs of a runner, by name.
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
    caches: dict[str, Path] = field(default_factory=dict)
    prerelease: bool = False
    programs: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    def run(
        self,
        workflow: str,
        event: str = "push",
        *,
        ref: str = "main",
        ref_type: str = "branch",
        **inputs: str | bool,
    ) -> dict[str, Job]:
        """Run a workflow; its jobs by id, the skipped ones too."""
        self.runs += self.attempt == 1
        path = self.workflows / workflow
        template = self.reader.read(path)
        # GitHub's parser leaves out what actions are given; here that is artifacts' plain names.
        written = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        for job in template["jobs"]:
            for step, entry in zip(job["steps"], written[job["id"]]["steps"], strict=True):
                step["with"] = entry.get("with", {})
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
        }
        jobs: dict[str, Job] = {}
        for job in template["jobs"]:
            needs = {
                name: {"result": jobs[name].result, "outputs": jobs[name].outputs}
                for name in map(str, _list(job.get("needs")))
            }
            results = {entry["result"] for entry in needs.values()}
            status = "success" if results <= {"success"} else "failure"
            known = {**contexts, "needs": needs}
            if self.reader.truth(job["if"]["expr"], known, status):
                rows = written[job["id"]].get("strategy", {}).get("matrix", {}).get("include", [{}])
                machines = [
                    self._job(job, {**known, "matrix": row, "strategy": {"job-index": index}})
                    for index, row in enumerate(rows)
                ]
                jobs[job["id"]] = _together(machines)
            else:
                jobs[job["id"]] = Job(job["id"], "skipped")
        return jobs

    def _job(self, job: dict[str, Any], contexts: dict[str, Any]) -> Job:
        index = contexts["strategy"]["job-index"]
        place = self.folder / f"run-{self.runs}-{self.attempt}-{job['id']}-{index}"
        (place / "bin").mkdir(parents=True)
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
            "GITHUB_WORKSPACE": str(clone),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
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
        if uses == "./":
            return clone
        name, _, ref = uses.partition("@")
        if name not in self.published:
            return None
        folder = self.folder / f"run-{self.runs}-actions" / name / ref
        if not folder.exists():
            folder.parent.mkdir(parents=True)
            repository = str(self.published[name])
            git(self.folder, "clone", "--quiet", "--branch", ref, repository, str(folder))
            make_environment(folder)
        return folder

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
            if result == "cancelled" or not self.reader.truth(_condition(step), known, result):
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
                known["steps"][step["id"]] = {"outcome": made.outcome, "outputs": _taken(output)}
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
        match action:
            case "actions/checkout":
                ref = ("--branch", given["ref"]) if "ref" in given else ()
                git(self.folder, "clone", "--quiet", *ref, str(self.origin), str(clone))
                if (clone / "requirements").is_dir():
                    make_environment(clone)
                    (clone / "node_modules").symlink_to(ROOT / "node_modules")
            case "actions/cache":
                assert given["path"], "nothing would be kept"
                assert not given["key"].endswith("-"), f"{given['key']} is the same for every lock"
            case "actions/setup-python" | "aws-actions/configure-aws-credentials":
                pass  # Python is here; the emulated cloud's credentials are in `environ`
            case "actions/upload-pages-artifact" | "actions/upload-artifact":
                kept = self._artifact(given.get("name", "github-pages"))
                if kept.exists() and not given.get("overwrite"):
                    return Step(name, "failure", f"the run has an artifact {kept.name}")
                kept.mkdir(parents=True, exist_ok=True)
                source = clone / given["path"]
                assert source.exists(), f"{name} finds no {given['path']}"
                if source.is_dir():
                    shutil.copytree(source, kept, dirs_exist_ok=True)
                else:
                    shutil.copy(source, kept)
            case "actions/download-artifact":
                wanted = given.get("name") or given["pattern"]
                found = sorted(self._artifact(".").glob(wanted))
                if not found:
                    return Step(name, "failure", f"no artifact {wanted}")
                for kept in found:
                    shutil.copytree(kept, clone / given.get("path", "."), dirs_exist_ok=True)
            case "actions/attest":
                digest = re.fullmatch("sha256:[0-9a-f]{64}", given.get("subject-digest", ""))
                if not digest and not list(clone.glob(given.get("subject-path", "-"))):
                    return Step(name, "failure", "there is nothing to attest")
                if "sbom-path" in given:
                    json.loads((clone / given["sbom-path"]).read_text())
            case "actions/cache/restore":
                if (cached := self.caches.get(given["key"])) is not None:
                    shutil.copytree(cached, given["path"])
                    return Step(name, "success", outputs={"cache-hit": "true"})
            case "actions/cache/save":
                cached = self.folder / f"cache-{len(self.caches)}"
                shutil.copytree(given["path"], cached)
                self.caches[given["key"]] = cached
            case "actions/deploy-pages":
                if self.pages != "workflow" or not self._artifact(given["artifact_name"]).is_dir():
                    return Step(name, "failure", "Failed to create deployment (status: 404)")
            case _:
                return Step(name, "failure", f"no stand-in for {action}")
        return Step(name, "success")

    def _artifact(self, name: str) -> Path:
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
        with subprocess.Popen(
            ["bash", "-e", file],
            cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                wanted = self.cancel_after is not None and self.cancel_after in line
                if wanted and cancelled_at is None:
                    # docs.github.com, "Workflow cancellation reference": SIGINT first.
                    process.send_signal(signal.SIGINT)
                    cancelled_at = time.monotonic()
        if cancelled_at is not None:
            assert time.monotonic() - cancelled_at < 7.5, "GitHub would have killed it"
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
