"""`qabot init`: write the files that a repository needs to have its questions answered."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from qabot import atomic_write
from qabot.commands.arguments import Command, Options, option
from qabot.commands.engine_options import engine_name
from qabot.errors import UsageError
from qabot.github.git import Git, GitError
from qabot.questions.schema import schema

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter

# The repository and version of qabot as the templates name them.
_PLACEHOLDERS = ("OWNER/qabot", "@v1")
# The templates of the workflows, by engine. An action cannot have jobs, as a deployment and a page need.
_PREFIX = {"runner": "", "fargate": "called-"}
_ACTION = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+@[A-Za-z0-9._/-]+")


def _action(text: str) -> str:
    """Parse the name of an action."""
    if not _ACTION.fullmatch(text):
        raise argparse.ArgumentTypeError(f"invalid action '{text}'; expected OWNER/NAME@REF")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions(Options):
    """The options of `qabot init`; its root is the top of the repository."""

    action: str = option(
        "--action",
        "the repository of qabot whose action the workflows use, and its tag, branch or commit",
        type=_action,
        required=True,
        metavar="OWNER/NAME@REF",
    )
    engine: str = engine_name()


def init(options: InitOptions, report: Reporter) -> int:
    """Write the workflows and `questions/` into a repository; nothing if a file is in the way.

    Raises:
        UsageError: it is not the top of a git repository, or a file is in the way.
    """
    root = (options.root or Path.cwd()).resolve()
    _check_top(root)
    files = _files(options)
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
    if options.engine == "fargate":
        report.note(
            "they are answered on GitHub's runner until you give the repository access to an AWS "
            "account: see 'A repository that calls the workflows' in docs/deploying.md of qabot"
        )
    return 0


def _files(options: InitOptions) -> dict[str, str]:
    """The files to write, by their names in the repository."""
    templates = resources.files("qabot") / "templates"
    repository, _, ref = options.action.partition("@")

    def template(name: str) -> str:
        text = (templates / name).read_text("utf-8")
        for placeholder, given in zip(_PLACEHOLDERS, (repository, f"@{ref}"), strict=True):
            text = text.replace(placeholder, given)
        return text

    prefix = _PREFIX[options.engine]
    return {
        ".github/workflows/qabot-answer.yml": template(f"{prefix}answer.yml"),
        ".github/workflows/qabot-pull-request.yml": template(f"{prefix}pull-request.yml"),
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
            f"{root} is not in a git repository; run `git init` there, or use --root"
        ) from None
    if below:
        raise UsageError(
            f"{root} is below the top of its git repository, and GitHub reads workflows only "
            "at the top; run qabot init there"
        )


def _taken(root: Path) -> list[str]:
    """The problem with a folder `answers/` that contains other files than answers, if any."""
    answers = root / "answers"
    if (root / "questions").is_dir() or not answers.exists():
        return []
    if answers.is_dir() and not any(answers.iterdir()):
        return []
    return [
        "answers/ is in use, and qabot writes its answers there. Rename yours, and run this again"
    ]


def _clash(root: Path, name: str, text: str) -> str | None:
    """The problem with an existing file in place of a new one, if any."""
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
        return f"{name} exists with other content; rename or remove it, and run this again"
    return None


COMMAND = Command(
    InitOptions,
    init,
    "Writes two workflows, the schema of question files and an example; existing files are "
    "not changed. Run it at the top of a git repository.",
    "qabot init --action OWNER/qabot@v1",
)
