"""`qabot site`."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.console.text import count
from qabot.errors import UsageError
from qabot.questions.read import read_questions
from qabot.repository import find_root
from qabot.site.build import build
from qabot.timeline.file import read

if TYPE_CHECKING:
    import argparse

    from qabot.console.reporter import Reporter


def site(args: argparse.Namespace, report: Reporter) -> int:
    """Write the static page, and show it where that is asked.

    Args:
        args: `root`, `out`, `open` and `timeline`.
        report: told where the page is.

    Raises:
        UsageError: there is neither a folder to write to nor a browser to show it.
        SiteError: it can't be written.
        TimelineError: what `timeline` names is none.
    """
    if args.out is None and not args.open:
        raise UsageError("say where to write the page (--out DIR), or to show it (--open)")
    root = find_root(args.root)
    timeline = read(args.timeline) if args.timeline is not None else None
    questions = read_questions(root)
    out = args.out if args.out is not None else Path(tempfile.mkdtemp(prefix="qabot-site-"))
    path = build(root, questions, out, timeline=timeline)
    if questions.problems:
        report.warning(
            f"{count(len(questions.problems), 'mistake')} in questions/: the page shows the rest; "
            "qabot check tells them"
        )
    report.note(f"wrote {path} ({count(path.stat().st_size, 'byte')})")
    if args.open and not webbrowser.open(path.resolve().as_uri()):
        raise UsageError(f"no browser can be opened here; open {path} yourself")
    return 0
