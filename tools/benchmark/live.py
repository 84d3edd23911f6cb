"""The page that answers in the browser, over 100, 1,000 and 10,000 texts: bytes, seconds, memory.

python -m tools.benchmark.live    prints the table of docs/benchmark.md
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
import threading
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
    "What is the punishment of treason?",
    "When do the terms of the president end?",
)

# Seconds from a question to its answer, the first in a new worker; and the memory of it all.
_TIMED = """async ([manifest, texts, questions]) => {
  const worker = new Worker("live/worker.js", { type: "module" });
  const ask = (id, question) => new Promise((done, failed) => {
    const begun = performance.now();
    worker.addEventListener("message", ({ data }) => {
      if (data.id !== id) return;
      if (data.error) failed(new Error(data.error));
      else done((performance.now() - begun) / 1000);
    });
    worker.postMessage({ id, manifest, question, texts });
  });
  const seconds = [];
  for (const [id, question] of questions.entries()) seconds.push(await ask(id, question));
  const memory = await performance.measureUserAgentSpecificMemory();
  worker.terminate();
  return { seconds, bytes: memory.bytes };
}"""


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


def visit(browser: Browser, address: str, manifest: dict[str, Any], count: int) -> dict[str, float]:
    """Ask twice in a browser that has kept nothing before: seconds of each, and megabytes.

    Args:
        browser: any.
        address: of the page.
        manifest: as `qabot.site.live.add` returns it.
        count: of texts to look in.
    """
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        asked = [manifest, texts(count), list(QUESTIONS)]
        cold = page.evaluate(_TIMED, asked)
        warm = page.evaluate(_TIMED, asked)
    finally:
        context.close()
    return {
        "click to first answer, nothing kept, s": cold["seconds"][0],
        "the same, model kept, s": warm["seconds"][0],
        "a further question, s": statistics.median(cold["seconds"][1:] + warm["seconds"][1:]),
        "the slowest of them, s": max(cold["seconds"][1:] + warm["seconds"][1:]),
        "memory, MB": max(cold["bytes"], warm["bytes"]) / 1e6,
    }


def main() -> None:
    """Measure, and print Markdown."""
    with tempfile.TemporaryDirectory(prefix="qabot-bench-") as folder, chromium() as browser:
        out = Path(folder)
        manifest = add(out, BUNDLED)
        (out / "index.html").write_text("<!doctype html><title>live</title>", encoding="utf-8")
        sent = sum(len(gzip.compress(file.read_bytes(), 6)) for file in (out / "live").iterdir())
        print(f"Downloaded once: {manifest['bytes'] / 1e6:.1f} MB, {sent / 1e6:.1f} MB gzip.\n")
        with server(out) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{running.server_port}/"
            columns = [visit(browser, address, manifest, count) for count in TEXTS]
            running.shutdown()
    print(f"| texts of {WORDS} words | {' | '.join(f'{count:,}' for count in TEXTS)} |")
    print("| --- " * (len(TEXTS) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(f'{column[name]:.2f}' for column in columns)} |")


if __name__ == "__main__":
    try:
        main()
    except NoBrowserError as error:
        print(f"The page was not measured: {error}.")
