"""The reporter: prints the events of a run, on a terminal, in a plain log, and on GitHub.

Everything goes to standard error, so that standard output holds only a command's result.
On GitHub, problems become annotations on their lines, and a run's details a group. Text from
questions, contexts, answers and paths is hostile: everything is printed through `clean`, and through
`qabot.console.redact`, which removes credentials and, on GitHub, account ids.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TextIO

from qabot.console.redact import Redactor
from qabot.console.streams import discard, open_nowhere
from qabot.console.text import clean, for_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qabot.errors import Problem

# GitHub shows this many annotations of each level per step; the rest is printed as plain lines.
# docs.github.com: Workflow commands, limits of annotations.
ANNOTATIONS = 10
# Of more results than this, one line per second is printed.
_MANY = 200

Level = Literal["error", "warning"]


class Reporter:
    """Prints messages, in the form of a terminal, a log, or GitHub.

    Args:
        stream: where to (default: standard error).
        github: write GitHub's workflow commands (default: whether `GITHUB_ACTIONS` is set).
    """

    def __init__(self, stream: TextIO | None = None, *, github: bool | None = None) -> None:
        self._stream = stream or sys.stderr or open_nowhere()
        self._github = on_github() if github is None else github
        self._tty = self._stream.isatty() and not self._github
        self._annotated = {"error": 0, "warning": 0}
        self._redact = Redactor(accounts=self._github)

    def mask(self, account: str) -> None:
        """Redact an account's id from now on; on GitHub also in later steps.

        Args:
            account: the id.
        """
        self._redact.learn(account)
        if self._github:
            # GitHub's runner reads the line as a command, and does not show it.
            self._write(f"::add-mask::{_data(clean(account))}")

    def trace(self) -> None:
        """Print the traceback of the current exception, for debugging."""
        import traceback

        for line in traceback.format_exc().splitlines():
            self._print(for_log(self._redact(line), 2000))

    def _print(self, line: str) -> None:
        # Logs are UTF-8 on every runner; elsewhere a terminal that cannot show a character gets an
        # escape instead of a traceback.
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        line = line.encode(encoding, "backslashreplace").decode(encoding)
        self._write(line)

    def _write(self, line: str) -> None:
        """Print a line; if the stream is closed, the run continues without it."""
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):
            discard(self._stream)

    def note(self, text: str) -> None:
        """Print a message that is not a problem; one line."""
        self._print(for_log(self._redact(text)))

    def error(self, message: str | Problem) -> None:
        """Print an error; a problem is annotated on its line."""
        self._annotate("error", message)

    def warning(self, message: str | Problem) -> None:
        """Print a warning; a problem is annotated on its line."""
        self._annotate("warning", message)

    def _annotate(self, level: Level, message: str | Problem) -> None:
        if not self._github or self._annotated[level] >= ANNOTATIONS:
            text = f"{level}: {message}" if isinstance(message, str) else str(message)
            self._print(for_log(self._redact(text)))
            return
        self._annotated[level] += 1
        if isinstance(message, str):
            place, text = "", message
        else:
            place, text = f" file={_property(message.path)}", f"{message.what}; {message.todo}"
            if message.line:
                place += f",line={message.line}"
            if message.column:
                place += f",col={message.column}"
        self._write(f"::{level}{place}::{_data(clean(self._redact(text)))}")

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold the messages inside, where the log can."""
        if not self._github:
            yield
            return
        self._write(f"::group::{_data(clean(self._redact(title)))}")
        try:
            yield
        finally:
            self._write("::endgroup::")

    @contextmanager
    def progress(self, total: int, title: str) -> Iterator[Callable[[str], object]]:
        """Show a run's progress: a bar on a terminal, elsewhere a line per result, folded on GitHub.

        Args:
            total: results to come.
            title: what the run does.

        Yields:
            Counts one more result; its argument describes the result, where there is room.
        """
        if not total:
            yield lambda _: None
        elif self._tty:
            from tqdm import tqdm

            with tqdm(total=total, desc=clean(title), unit="q", file=self._stream) as bar:
                yield lambda _: bar.update()
        else:
            with self.group(title):
                yield self._counter(total)

    def _counter(self, total: int) -> Callable[[str], object]:
        """Prints one line per result, or one per second where there are many."""
        done, last = 0, 0.0

        def advance(line: str) -> None:
            nonlocal done, last
            done += 1
            now = time.monotonic()
            if total > _MANY and done < total and now - last < 1:
                return
            last = now
            self.note(f"[{done}/{total}] {line}")

        return advance


def on_github() -> bool:
    """Whether this runs in a workflow of GitHub, whose log may be public."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _data(text: str) -> str:
    """Escape the message of a workflow command, as actions/toolkit does."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command, as actions/toolkit does."""
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
