"""The root of the exception tree, and what can go wrong while answering.

    AnswererError              1   a person can act on it; the message says how
    ├── ModelError             2   the model directory is missing, broken or of another version
    ├── InputError             2   this context or question cannot be answered as it is
    ├── ExportError            2   the checkpoint cannot be exported as it is
    ├── EnvironmentVariableError      2   an environment variable of the task is missing or invalid
    ├── TableError             3   the table or one of its items is missing or invalid
    ├── BatchError             3   DynamoDB repeatedly left part of a batch unprocessed
    ├── SupersededError        0   a newer attempt has the question
    └── QabotError             1   everything of `qabot.errors`

Each class carries the exit code that a command ends with when nothing catches it.
"""


class AnswererError(Exception):
    """Something a person can act on; `str(error)` says what is wrong and what to do."""

    exit_code = 1


class ModelError(AnswererError):
    """The model directory is missing, broken or of another version."""

    exit_code = 2


class InputError(AnswererError):
    """This context or question cannot be answered as it is.

    Args:
        kind: a short, stable name of the problem, such as `empty-context`.
        reason: what is wrong and what to do.
    """

    exit_code = 2

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class ExportError(AnswererError):
    """A checkpoint is missing or does not answer questions, or its export cannot be written."""

    exit_code = 2
