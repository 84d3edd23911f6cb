"""Turn a command's exception into a message and an exit code; only this module catches everything."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from answerer.errors import AnswererError
from qabot.console.streams import discard, open_unwritable
from qabot.errors import Interrupted, ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from qabot.console.reporter import Reporter

# sysexits.h: EX_SOFTWARE, an error of the program itself.
BUG = 70

# Reasons for failed writes that are not a bug of the program.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def run_and_report(
    command: Callable[[], int], report: Reporter, interrupted: str = "interrupted"
) -> int:
    """Run a command, report any error, and return its exit code.

    SIGTERM stops it as Ctrl-C does: GitHub sends that when a run is cancelled.

    Args:
        command: returns its exit code.
        report: gets the error.
        interrupted: message for Ctrl-C where the exception has none.

    Returns:
        The exit code; see `qabot.errors`.
    """
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        _make_stdout_safe()
        try:
            code = command()
        except SystemExit:  # --help, --version, wrong usage
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    except ProblemsError as error:
        for problem in error.problems:
            report.error(problem)
        return error.exit_code
    except AnswererError as error:
        report.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        report.error(interrupted)
        return Interrupted.exit_code
    except BrokenPipeError:
        # The reader has closed the pipe, as in `qabot list | head`.
        discard(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001 - nothing may leave as a traceback
        return _unexpected(error, report)
    return code


def _make_stdout_safe() -> None:
    if sys.stdout is None:
        sys.stdout = open_unwritable()  # closed by the parent process
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character gets an escape instead of an error.
        sys.stdout.reconfigure(errors="backslashreplace")


def _unexpected(error: Exception, report: Reporter) -> int:
    if isinstance(error, MemoryError):
        report.error("out of memory; close other programs, or answer fewer files at a time")
        return AnswererError.exit_code
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        report.error(
            "the limit on threads is reached; close other programs, or raise it (ulimit -u)"
        )
        return AnswererError.exit_code
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        discard(sys.stdout)
        report.error(f"the output cannot be written: {error.strerror}")
        return AnswererError.exit_code
    if os.environ.get("QABOT_DEBUG"):
        report.trace()
    report.error(
        f"this is a bug in qabot: {type(error).__name__}: {error}; "
        "QABOT_DEBUG=1 shows where, please report it"
    )
    return BUG


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
