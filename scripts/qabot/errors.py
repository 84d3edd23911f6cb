"""The exception tree of qabot, each class with the exit code of the command that it ends.

    AnswererError                  1   of `answerer.errors`, which lists its other classes
    └── QabotError                 1
        ├── UsageError             2   the command line is invalid, or names something missing
        ├── ProblemsError          2   files that people wrote, with every problem in them
        │   ├── SettingsError      2   cdk.json
        │   └── QuestionsError     2   questions/
        ├── AnswersError           1   answers/ cannot be written
        ├── NoAnswerError          1   `qabot ask` found no answer
        ├── SiteError              1   the page, or the model beside it, cannot be written
        ├── TimelineError          2   a timeline cannot be written, or a file is not a timeline
        ├── GitError               1   git or the remote refuses
        ├── GitHubError            1   GitHub's API refuses
        ├── CloudError             3   AWS refuses: credentials, quota, stack not deployed
        ├── Interrupted          130   Ctrl-C, SIGTERM
        ├── DocumentError          1   invalid YAML or JSON: becomes a problem of its file
        └── UnreadableFile         1   a file cannot be read: becomes a problem of its file

`qabot.exit_codes` catches the root, reports it and returns its exit code; the rest of the code raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from answerer.errors import AnswererError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file that a person wrote.

    Args:
        path: the file, relative to the repository, with `/`.
        line: from 1; 0 where the mistake is the file itself.
        column: from 1, in code points; 0 where the mistake is the line or the file itself.
        what: what is wrong.
        todo: what to do about it.
    """

    path: str
    line: int
    column: int
    what: str
    todo: str

    def __str__(self) -> str:
        place = self.path
        if self.line:
            place += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return f"{place}: {self.what}; {self.todo}"


class QabotError(AnswererError):
    """An error that stops a command; its message explains why."""


class UsageError(QabotError):
    """The command line is invalid: options do not go together, or name something missing."""

    exit_code = 2


class ProblemsError(QabotError):
    """A file that a person wrote has mistakes; it carries all of them."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class SettingsError(ProblemsError):
    """`cdk.json` has invalid settings."""


class QuestionsError(ProblemsError):
    """Files in `questions/` have mistakes."""


class AnswersError(QabotError):
    """An answers file cannot be written or removed.

    Args:
        message: which, why, and what to do.
        is_general: whether the reason affects every file, such as a full disk.
    """

    def __init__(self, message: str, *, is_general: bool = False) -> None:
        super().__init__(message)
        self.is_general = is_general


class SiteError(QabotError):
    """The page, or the model beside it, cannot be written."""


class CloudError(QabotError):
    """AWS refused, or the stack is not what the engine needs; the message names the next step."""

    exit_code = 3


class Interrupted(QabotError):
    """The run was asked to stop."""

    exit_code = 130


class NoAnswerError(QabotError):
    """`qabot ask` found no answer."""
