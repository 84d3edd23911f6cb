"""Rehearse a deployment: deploy, answer, commit, answer again, destroy, check that nothing is left."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tools import ROOT
from tools.docker import NoDockerError, build_image, docker
from tools.rehearsal.children import ChildError
from tools.rehearsal.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from tools.emulator import Cloud

CDK = "node_modules/aws-cdk/bin/cdk"
IMAGE = "qabot-answerer:rehearsal"
# Available without a download.
MODEL = {"model": "bundled", "revision": None}


class RehearsalError(Exception):
    """A check failed, although every command succeeded."""


def main(argv: Sequence[str] | None = None) -> int:
    """Rehearse, and print each step and its duration.

    Returns:
        0 if all steps passed; 1 if one failed; 2 if it cannot begin; 130 and 143 if stopped.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/rehearse", description="Rehearse the whole cloud loop on this machine."
    )
    parser.add_argument(
        "globs", nargs="*", metavar="GLOB", help="files of questions/ (default: all)"
    )
    parser.add_argument(
        "--tasks", choices=("process", "docker"), default="process", help="how tasks run"
    )
    parser.add_argument("--base-image", metavar="IMAGE", help="the base image, with --tasks docker")
    args = parser.parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="qabot-rehearsal-") as folder:
            _rehearse(args, Path(folder))
    except (ChildError, RehearsalError) as error:
        print(f"\nThe rehearsal failed: {error}", file=sys.stderr)
        return 1
    except NoDockerError as error:
        print(f"{error}. Without --tasks docker, tasks are processes.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted; everything is cleaned up.", file=sys.stderr)
        return 130
    print(f"\nAll steps passed in {time.monotonic() - begun:.0f} s; nothing is left.")
    return 0


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    # Ignore further signals: a second Ctrl-C must not stop the clean-up.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the heading of a step, and its duration at the end."""
    print(f"\n=== {title}", flush=True)
    begun = time.monotonic()
    yield
    print(f"    {time.monotonic() - begun:.1f} s", flush=True)


@contextmanager
def _built_image(args: argparse.Namespace) -> Iterator[str | None]:
    """The image of container/, removed at the end; None where tasks are processes."""
    if args.tasks != "docker":
        yield None
        return
    with step("docker build"):
        build_image(IMAGE, args.base_image)
    try:
        yield IMAGE
    finally:
        with suppress(NoDockerError):
            docker("image", "rm", "--force", IMAGE)


def _rehearse(args: argparse.Namespace, folder: Path) -> None:
    from tools.emulator import emulated_cloud

    with _built_image(args) as image:
        with step("Cloning the last commit"):
            scratch = Scratch(folder)
            scratch.set(MODEL)
            # Questions with an answer would not be asked.
            scratch.git("rm", "-r", "--quiet", "--ignore-unmatch", "answers")
            scratch.git("commit", "--quiet", "--all", "--message", "Begin a rehearsal")
        with emulated_cloud(args.tasks, image=image) as cloud:
            print(f"    an empty AWS runs at {cloud.endpoint_url}")
            with step("cdk deploy"):
                _cdk(scratch, cloud, "deploy", "--method=direct", "--require-approval=never")
            before = Counter(cloud.client_calls())
            with step("qabot answer --engine fargate"):
                _answer(scratch, cloud, args.globs)
            with step("git commit"):
                _commit(scratch)
            with step("qabot answer --engine fargate, again"):
                _answer_again(scratch, cloud, args.globs)
            calls = Counter(cloud.client_calls()) - before
            with step("cdk destroy"):
                _cdk(scratch, cloud, "destroy", "--force")
                _check_gone(cloud)
            _report(cloud, calls)


def _cdk(scratch: Scratch, cloud: Cloud, *arguments: str) -> None:
    context = ("--context=bootstrapless=true", f"--context=image={IMAGE}")
    scratch.command("node", CDK, "--ci", *context, *arguments, "qabot", environ=cloud.environ)


def _answer(scratch: Scratch, cloud: Cloud, globs: Sequence[str]) -> None:
    scratch.command(
        ".venv/bin/qabot", "answer", "--engine", "fargate", *globs, environ=cloud.environ
    )
    cloud.wait_idle()
    if not cloud.tasks:
        raise RehearsalError("no task ran: all answers were up to date")


def _commit(scratch: Scratch) -> None:
    scratch.git("add", "answers")
    scratch.git("commit", "--quiet", "--message", "Answer questions")
    print(scratch.git("show", "--stat", "--format=%h %s", "HEAD"))
    for page in sorted((scratch.path / "answers").rglob("*.md"))[:1]:
        print(page.read_text(encoding="utf-8"))


def _answer_again(scratch: Scratch, cloud: Cloud, globs: Sequence[str]) -> None:
    before = len(cloud.tasks)
    _answer(scratch, cloud, globs)
    changed = scratch.git("status", "--porcelain", "answers")
    if changed or len(cloud.tasks) != before:
        raise RehearsalError(
            f"a second run launched {len(cloud.tasks) - before} tasks and changed: "
            f"{changed.strip() or 'nothing'}; it should do neither"
        )


def _check_gone(cloud: Cloud) -> None:
    left = {
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "log groups": cloud.client("logs").describe_log_groups()["logGroups"],
        "roles": cloud.client("iam").list_roles()["Roles"],
        "networks": [
            vpc["VpcId"]
            for vpc in cloud.client("ec2").describe_vpcs()["Vpcs"]
            if not vpc["IsDefault"]
        ],
    }
    for what, found in left.items():
        if found:
            raise RehearsalError(f"cdk destroy left {what}: {found}")


def _report(cloud: Cloud, calls: Mapping[str, int]) -> None:
    ended = [task.exit_code for task in cloud.tasks]
    print(f"\n{len(ended)} tasks ran, {ended.count(0)} of them to exit code 0.")
    for title, made in (("both runs", calls), ("the tasks", cloud.task_calls())):
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(made.items()))
        print(f"Calls of AWS by {title}: {counts}.")
    if cloud.crashes:
        raise RehearsalError(f"the emulation itself failed: {cloud.crashes[0]!r}")


if __name__ == "__main__":
    # scripts/rehearse has installed everything else.
    if shutil.which("git") is None:
        print(f"git is needed to clone {ROOT}.", file=sys.stderr)
        sys.exit(2)
    sys.exit(main())
