"""The root of the exception tree, and what can go wrong while answering.

    AnswererError              1   a person can act on it; the message says how
    ├── ModelError             2   the model directory is missing, broken or of another version
    ├── InputError             2   this context or question can't be answered as it is
    ├── ExportError            2   the checkpoint can't be exported as it is
    ├── EnvironmentVariableError      2   the task's environment variables can't be used
    ├── TableError             3   the table or an item of it is not as it has to be
    ├── BatchError             3   the table does not take or give all that it was asked
    ├── SupersededError        0   a newer attempt has the question
    └── QabotError             1   everything of `qabot.errors`

Each class carries the exit code that a command ends with when nothing catches it.
"""


class AnswererError(Exception):
    """Something a person can act on; `str(error)` says what is wrong and what to do."""

    exit_code = 1


class ModelError(AnswererError):
    """The model directory can't be used as it is."""

    exit_code = 2


class InputError(AnswererError):
    """This context or question can't be answered as it is.

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
    """A checkpoint is missing, answers no questions, or its export would go where it can't."""

    exit_code = 2
