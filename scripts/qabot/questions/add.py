"""Add a question asked by hand as a file in `questions/asked/`, so that git records who asked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qabot import atomic_write as in_one_step
from qabot.answers.yaml_file import quoted
from qabot.errors import UsageError
from qabot.questions import schema as fields
from qabot.questions.parse import slug
from qabot.questions.read import LONGEST_NAME

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "questions/asked"


def add_question(root: Path, context: str, question: str) -> str:
    """Write a file with one question; an existing file is never overwritten.

    Args:
        root: the repository.
        context: the text that holds the answer.
        question: the question.

    Returns:
        The file, relative to the repository, with `/`.

    Raises:
        UsageError: one of them is empty, too long, or cannot be written as UTF-8.
    """
    context = context.replace("\r\n", "\n").replace("\r", "\n")
    for name, text, longest in (
        ("context", context, fields.MAX_CONTEXT),
        ("question", question, fields.MAX_QUESTION),
    ):
        if not text.strip():
            raise UsageError(f"the {name} is empty; write one")
        if len(text) > longest:
            raise UsageError(f"the {name} has {len(text):,} characters (maximum: {longest:,})")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError(f"the {name} contains half a surrogate pair; write it again") from None
    text = f"context: {quoted(context)}\nquestions:\n- {quoted(question.strip())}\n"
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # Leaves room for a number and the suffix; letters have up to four bytes.
    name = base = slug(question).encode()[: LONGEST_NAME - 15].decode(errors="ignore")
    number = 1
    while True:
        path = folder / f"{name}.yaml"
        try:
            in_one_step.create(path, text.encode())
        except FileExistsError:
            if path.is_file() and path.read_bytes() == text.encode():
                break  # asked before, in the same words
            number += 1
            name = f"{base}-{number}"
        else:
            break
    return path.relative_to(root).as_posix()
