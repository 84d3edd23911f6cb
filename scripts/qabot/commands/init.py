"""`qabot init`: write what a repository needs to have its questions answered."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from qabot import atomic_write
from qabot.commands.arguments import Commands, add_command
from qabot.commands.engine_options import add_engine_name
from qabot.errors import UsageError
from qabot.github.git import Git, GitError
from qabot.questions.schema import schema

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter

# The action as the templates name it.
_PLACEHOLDER = "OWNER/qabot@v1"
_ACTION = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+@[A-Za-z0-9._/-]+")


@dataclass(frozen=True, slots=True)
class InitOptions:
    """What `qabot init` is asked to do.

    Args:
        root: the top of the repository; None for the current folder.
        action: of the workflows, as `OWNER/NAME@REF`.
        engine: `runner` or `fargate`.
    """

    root: Path | None
    action: str
    engine: str = "runner"


def add_parser(commands: Commands[argparse.ArgumentParser], summary: str) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "init",
        summary,
        "Writes two workflows, the schema of question files and an example; it changes no file that is "
        "there. Run it at the top of a git repository.",
        "qabot init --action OWNER/qabot@v1",
    )
    parser.add_argument(
        "--action",
        type=_action,
        required=True,
        metavar="OWNER/NAME@REF",
        help="the repository of qabot whose action the workflows use, and its tag, branch or commit",
    )
    add_engine_name(parser)


def _action(text: str) -> str:
    """The name of an action, as an argument."""
    if not _ACTION.fullmatch(text):
        raise argparse.ArgumentTypeError(f"invalid action '{text}'; expected OWNER/NAME@REF")
    return text


def run(args: argparse.Namespace, report: Reporter) -> int:
    """Run `qabot init`."""
    return init(InitOptions(args.root, args.action, args.engine), report)


def init(options: InitOptions, report: Reporter) -> int:
    """Write the workflows and `questions/` into a repository, or nothing where something is in the way.

    Args:
        options: of the command.
        report: gets what was written, and what to do next.

    Raises:
        UsageError: it is not the top of a git repository, or something is in the way.
    """
    if options.engine == "fargate":
        raise UsageError(
            "the workflows of qabot init use the action, which cannot deploy a stack; for the fargate "
            "engine use a fork or a template of qabot (docs/deploying.md)"
        )
    root = (options.root or Path.cwd()).resolve()
    _check_top(root)
    files = _files(options.action)
    wrong = [
        *_taken(root),
        *(found for name, text in files.items() if (found := _clash(root, name, text))),
    ]
    if wrong:
        raise UsageError("\n".join([*wrong, "nothing was written"]))
    for name, text in files.items():
        path = root / name
        if path.exists():
            report.note(f"{name} is up to date")
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write.create(path, text.encode())
        except OSError as error:
            raise UsageError(f"{name} cannot be written: {error.strerror}") from error
        report.note(f"wrote {name}")
    report.note(
        "next: write your questions like questions/example.yaml, commit, and push to the default "
        "branch; the answers are then committed to answers/"
    )
    return 0


def _files(action: str) -> dict[str, str]:
    """The files to write, by their names in the repository."""
    templates = resources.files("qabot") / "templates"

    def template(name: str) -> str:
        return (templates / name).read_text("utf-8").replace(_PLACEHOLDER, action)

    return {
        ".github/workflows/qabot-answer.yml": template("answer.yml"),
        ".github/workflows/qabot-pull-request.yml": template("pull-request.yml"),
        "questions/schema.json": schema(),
        "questions/example.yaml": template("example.yaml"),
    }


def _check_top(root: Path) -> None:
    """Check that a folder is the top of a git repository.

    Raises:
        UsageError: it is not.
    """
    try:
        below = Git(root).run("rev-parse", "--show-prefix")
    except (GitError, OSError):
        raise UsageError(
            f"{root} is not in a git repository; run `git init` there, or name the repository with "
            "--root"
        ) from None
    if below:
        raise UsageError(
            f"{root} is below the top of its git repository, and GitHub reads workflows at the top "
            "alone; run qabot init there"
        )


def _taken(root: Path) -> list[str]:
    """What is wrong with a folder `answers/` that holds something else than answers."""
    answers = root / "answers"
    if (root / "questions").is_dir() or not answers.exists():
        return []
    if answers.is_dir() and not any(answers.iterdir()):
        return []
    return ["answers/ is taken: qabot writes its answers there. Rename yours, and run this again"]


def _clash(root: Path, name: str, text: str) -> str | None:
    """What is in the way of a file."""
    path = root / name
    for folder in path.relative_to(root).parents:
        found = root / folder
        if found.is_symlink() or (found.exists() and not found.is_dir()):
            return f"{folder.as_posix()} is not a folder; rename it, and run this again"
    if path.is_symlink() or path.exists():
        try:
            if path.read_text("utf-8") == text:
                return None
        except (OSError, ValueError):
            pass
        return f"{name} is there with other content; rename or remove it, and run this again"
    return None
