"""The page that answers in the browser, over 100, 1,000 and 10,000 texts: bytes, seconds, memory.

python -m tools.benchmark.live    prints the table of docs/benchmark.md, each row as it is measured
"""

from __future__ import annotations

import gzip
import re
import statistics
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qabot.models.bundled import BUNDLED
from qabot.site.live import add
from qabot.site.serve import server
from tools import ROOT
from tools.benchmark.browser import NoBrowserError, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TEXTS = (100, 1_000, 10_000)
WORDS = 110
QUESTIONS = (
    "Who shall be president of the senate?",
    "How long is the term of a senator?",
    "Who has the power to declare war?",
)
COLUMNS = (
    "first answer, nothing kept, s",
    "first answer, model kept, s",
    "a further question, s",
    "the slowest of them, s",
    "a further question, CPU s",
    "peak memory, MB",
)

# Starts a worker; `ask` then gives the seconds from a question to its answer.
_START = """([manifest, texts]) => {
  window.worker?.terminate();
  window.worker = new Worker("live/worker.js", { type: "module" });
  window.ask = (question) => new Promise((done, failed) => {
    const begun = performance.now();
    const finish = ({ data }) => {
      if (data.id !== question) return;
      window.worker.removeEventListener("message", finish);
      if (data.error) failed(new Error(data.error));
      else done((performance.now() - begun) / 1000);
    };
    window.worker.addEventListener("message", finish);
    window.worker.postMessage({ id: question, manifest, question, texts });
  });
}"""


@dataclass(frozen=True, slots=True)
class Visit:
    """The cost of asking in a new browser.

    Args:
        first: seconds from the click to the first answer, with nothing kept of an earlier visit.
        again: the same with the model kept, in a new worker.
        further: seconds from each further question to its answer.
        cpu: seconds of CPU for each of these, all threads of the page together.
        memory: peak resident memory of the page's process, bytes.
    """

    first: float
    again: float
    further: list[float]
    cpu: list[float]
    memory: int


def texts(count: int) -> list[str]:
    """Different texts of some 110 words, as the page's contexts are.

    Args:
        count: how many.
    """
    words = (ROOT / "tests/samples/questions/us-constitution.txt").read_text("utf-8").split()
    return [
        f"Text {number}. " + " ".join(words[at : at + WORDS])
        for number in range(count)
        for at in [number * 37 % (len(words) - WORDS)]
    ]


def visit(browser: Browser, address: str, manifest: dict[str, Any], count: int) -> Visit:
    """Ask in a browser that has kept nothing before, and then again in a new worker.

    Args:
        browser: on this machine, which runs Linux.
        address: of the page.
        manifest: as `qabot.site.live.add` returns it.
        count: of texts to look in.
    """
    context = browser.new_context()
    session = browser.new_browser_cdp_session()

    def renderer() -> dict[str, Any]:
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
        # Chromium keeps a spare one, which does nothing.
        return max((each for each in found if each["type"] == "renderer"), key=_cpu)

    firsts: list[float] = []
    further: list[float] = []
    cpu: list[float] = []
    try:
        page = context.new_page()
        page.goto(address)
        for _ in range(2):
            page.evaluate(_START, [manifest, texts(count)])
            firsts.append(page.evaluate("(question) => ask(question)", QUESTIONS[0]))
            for question in QUESTIONS[1:]:
                before = _cpu(renderer())
                further.append(page.evaluate("(question) => ask(question)", question))
                cpu.append(_cpu(renderer()) - before)
        memory = _peak(renderer()["id"])
    finally:
        context.close()
    first, again = firsts
    return Visit(first, again, further, cpu, memory)


def _cpu(process: dict[str, Any]) -> float:
    """Seconds of CPU that a process of Chromium has used."""
    return float(process["cpuTime"])


def _peak(pid: int) -> int:
    """The most resident memory that a process has had, in bytes."""
    (line,) = re.findall(
        r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    return int(line) * 1024


def print_table(browser: Browser) -> None:
    """Measure, and print Markdown, each row as it is measured."""
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as folder:
        out = Path(folder)
        manifest = add(out, BUNDLED)
        (out / "index.html").write_text("<!doctype html><title>live</title>", encoding="utf-8")
        sent = sum(len(gzip.compress(file.read_bytes(), 6)) for file in (out / "live").iterdir())
        print(f"Downloaded once: {manifest['bytes'] / 1e6:.1f} MB, {sent / 1e6:.1f} MB gzip.\n")
        print(f"| texts of {WORDS} words | {' | '.join(COLUMNS)} |")
        print("| --- " * (len(COLUMNS) + 1) + "|", flush=True)
        with server(out) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{running.server_port}/"
            for count in TEXTS:
                done = visit(browser, address, manifest, count)
                seconds = [
                    done.first,
                    done.again,
                    statistics.median(done.further),
                    max(done.further),
                    statistics.median(done.cpu),
                ]
                cells = [*(f"{each:.2f}" for each in seconds), f"{done.memory / 1e6:.0f}"]
                print(f"| {count:,} | {' | '.join(cells)} |", flush=True)
            running.shutdown()


if __name__ == "__main__":
    try:
        with chromium() as installed:
            print_table(installed)
    except NoBrowserError as error:
        print(f"The page was not measured: {error}.")
