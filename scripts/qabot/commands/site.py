"""`qabot site`."""

from __future__ import annotations

import tempfile
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qabot.commands.arguments import Command, Options, flag, option
from qabot.console.text import count
from qabot.documents.choose import choose, every_passage
from qabot.errors import UsageError
from qabot.models.bundled import BUNDLED
from qabot.questions.read import read_questions
from qabot.repository import find_root
from qabot.site.build import build
from qabot.site.live_documents import pack
from qabot.timeline.file import read

if TYPE_CHECKING:
    from qabot.console.reporter import Reporter
    from qabot.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions(Options):
    """The options of `qabot site`."""

    out: Path | None = option(
        "--out", "the folder to write index.html to", type=Path, metavar="DIR"
    )
    open: bool = flag("--open", "open the page in a browser")
    live: bool = flag(
        "--live", "let the page answer questions in the reader's browser (needs npm once)"
    )
    timeline: Path | None = option(
        "--timeline",
        "show the run that `qabot answer --timeline` recorded",
        type=Path,
        metavar="FILE",
    )


def site(options: SiteOptions, report: Reporter) -> int:
    """Write the static page, and show it if asked to.

    Raises:
        UsageError: neither a folder to write to is given nor can a browser show it.
        SiteError: it cannot be written, or the model cannot be put beside it.
        TimelineError: the timeline file is not a timeline.
    """
    if options.out is None and not options.open:
        raise UsageError("give --out DIR to write the page, or --open to show it")
    root = find_root(options.root)
    timeline = read(options.timeline) if options.timeline is not None else None
    warned: set[Problem] = set()

    def warn(problem: Problem) -> None:
        if problem not in warned:  # a document can be read for a question and for the page
            warned.add(problem)
            report.warning(problem)

    questions = choose(root, read_questions(root), warn)
    out = options.out if options.out is not None else Path(tempfile.mkdtemp(prefix="qabot-site-"))
    live = BUNDLED if options.live else None
    documents = pack(every_passage(root, warn)) if options.live else None
    path = build(root, questions, out, timeline=timeline, live=live, documents=documents)
    if documents is not None and documents.too_large:
        report.warning(
            f"documents/ holds {len(documents.content) / 1e6:.0f} MB of text, more than the page can "
            "search, so it does not offer them; ask about them with qabot ask --documents"
        )
    if questions.problems:
        report.warning(
            f"{count(len(questions.problems), 'mistake')} in questions/: the page shows the rest; "
            "qabot check lists them"
        )
    report.note(f"wrote {path} ({count(path.stat().st_size, 'byte')})")
    if options.open and options.live:
        from qabot.site.serve import serve  # imports http.server, which is slow

        serve(out, report)
    elif options.open and not webbrowser.open(path.resolve().as_uri()):
        raise UsageError(f"no browser can be opened here; open {path} yourself")
    return 0


COMMAND = Command(
    SiteOptions,
    site,
    "The page searches, filters, shows each answer in its text, and has a form to ask. It is one "
    "file that needs nothing else; with --live, the model is beside it and answers in the browser.",
    "qabot site --out public           writes public/index.html\n"
    "qabot site --open                 shows it in a browser\n"
    "qabot site --live --out public    writes the model beside it, to be asked on the page",
)
