"""From what a command raises to what is said and the exit code; the one place that catches all."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from answerer.errors import AnswererError
from qabot.errors import Interrupted, ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from qabot.console.reporter import Reporter

# sysexits.h: EX_SOFTWARE, an error of the program itself.
BUG = 70


def settle(command: Callable[[], int], report: Reporter, interrupted: str = "interrupted") -> int:
    """Run a command, and tell what stops it.

    SIGTERM stops it as Ctrl-C does: GitHub sends that when a run is cancelled.

    Args:
        command: gives its exit code.
        report: told what stops it.
        interrupted: what to say of Ctrl-C where the command has not said it better.

    Returns:
        The exit code; see `qabot.errors`.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that can't show a character gets an escape instead of an error.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command()
        sys.stdout.flush()
    except ProblemsError as error:
        report.problems(error.problems)
        return error.exit_code
    except AnswererError as error:
        report.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        report.error(interrupted)
        return Interrupted.exit_code
    except BrokenPipeError:
        # Whoever read the output has enough, as in `qabot list | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last to hear of it
        if os.environ.get("QABOT_DEBUG"):
            report.trace()
        report.error(
            f"this is a bug in qabot: {type(error).__name__}: {error}; "
            "QABOT_DEBUG=1 shows where, please report it"
        )
        return BUG
    return code


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
