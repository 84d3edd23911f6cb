"""The last run on the page, in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qabot.answers.key import Keys
from qabot.cli import main
from qabot.github.links import Links
from qabot.questions.read import read_questions
from qabot.site.build import build
from qabot.timeline import file
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.samples import MODEL, answer_all, peach
from tests.qabot.site.test_audit import axe, violations  # noqa: F401
from tests.qabot.timeline.samples import HOSTILE, many, recorded

if TYPE_CHECKING:
    from qabot.timeline.events import Timeline


def keys(repository: Repository) -> dict[str, str]:
    """The key of every question, by its id."""
    made = Keys(MODEL)
    return {
        question.id: made.key(question.context, question.question)
        for question_set in read_questions(repository.root).sets
        for question in question_set.questions
    }


def run_of(repository: Repository, kind: str = "out-of-memory") -> Timeline:
    """A run that answered what `peach` has answers to, and failed at the rest."""
    key = keys(repository)
    return recorded(
        [
            *((0.0, "queued", key[id_], "") for id_ in ("name", "fruit", "why")),
            *((1.0, "launched", key[id_], f"t-{id_}") for id_ in ("name", "fruit", "why")),
            (38.0, "started", key["name"], ""),
            (2.0, "answered", key["name"], ""),
            (1.0, "retried", key["fruit"], "crashed"),
            (2.0, "launched", key["fruit"], "t-4"),
            (5.0, "failed", key["why"], kind),
            (35.0, "answered", key["fruit"], ""),
        ]
    )


def site(repository: Repository, timeline: Timeline) -> Path:
    root = repository.root
    return build(root, read_questions(root), root / "out", Links(), timeline)


def test_it_shows_the_run_and_leads_to_its_questions(
    repository: Repository, viewer: Viewer
) -> None:
    page = viewer.open(site(peach(repository), timeline := run_of(repository)))
    assert page.inner_text(".run summary") == "The last run: 3 questions in 1 min 26 s"
    assert not page.is_visible(".timeline"), "people come for the answers"
    page.click(".run summary")
    assert page.is_visible(".timeline")
    labels = page.locator(".timeline .label").all_text_contents()
    assert labels == [
        "What is the name?", "What did she find? crashed", "Why did he leave? out-of-memory",
    ]  # fmt: skip
    legend = page.locator("figcaption span").all_inner_texts()
    assert legend[0] == "waiting"
    assert legend[-1] == "an attempt failed"
    bar = page.locator(".timeline .starting").first.bounding_box()
    frame = page.locator(".timeline").bounding_box()
    assert bar is not None
    assert frame is not None
    assert bar["width"] / frame["width"] == pytest.approx(0.98 * 40 / timeline.seconds, abs=0.01)
    troubles = page.locator(".run li").all_inner_texts()
    assert troubles == [
        "What did she find?: crashed, answered after 1 min 26 s",
        "Why did he leave?: failed after 51 s (out-of-memory)",
    ]
    page.click(".run li a >> nth=1")
    assert page.evaluate("document.querySelector(':target').id") == "peach/why"


def test_it_can_be_seen_without_a_script(repository: Repository, viewer: Viewer) -> None:
    path = site(peach(repository), run_of(repository))
    page = viewer.open(path, java_script_enabled=False)
    page.click(".run summary")
    assert page.is_visible(".timeline")
    assert viewer.requests == [path.as_uri()]


def test_hostile_text_is_text(repository: Repository, viewer: Viewer) -> None:
    peach(repository)
    question = {"id": "h", "question": HOSTILE, "context": "c"}
    repository.write("questions/a.json", json.dumps([question]))
    answer_all(repository, {}, failed={"h": HOSTILE})
    key = keys(repository)["h"]
    steps = [
        (0.0, "queued", key, ""),
        (1.0, "retried", key, HOSTILE),
        (1.0, "failed", key, HOSTILE),
    ]
    page = viewer.open(site(repository, recorded(steps)))
    page.click(".run summary")
    assert "<script>" in (page.text_content(".timeline .label") or "")
    assert page.locator("img, body script:not([type])").count() == 1, "the page's own script only"


def test_a_run_without_questions_is_not_shown(repository: Repository) -> None:
    page = site(peach(repository), recorded([])).read_text(encoding="utf-8")
    assert 'class="run"' not in page


def test_a_large_run_adds_little_to_the_page(repository: Repository, viewer: Viewer) -> None:
    peach(repository)
    without = site(repository, recorded([])).stat().st_size
    path = site(repository, many(10_000, 600.0))
    assert path.stat().st_size - without < 60_000
    page = viewer.open(path)
    page.click(".run summary")
    assert page.is_visible(".timeline path.answered")
    assert page.locator(".run li").count() == 21, "twenty are named, the rest is counted"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_the_audit_finds_nothing(
    repository: Repository,
    viewer: Viewer,
    axe: str,  # noqa: F811
    scheme: Any,
    width: int,
) -> None:
    page = viewer.open(
        site(peach(repository), run_of(repository, kind="kind" * 40)),
        viewport={"width": width, "height": 1_500},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.click(".run summary")
    page.evaluate(axe)
    assert violations(page) == []


def test_the_command_reads_the_file_that_a_run_wrote(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    peach(repository)
    path = repository.root / "timeline.json"
    file.write(path, run_of(repository))
    arguments = ["--root", str(repository.root), "site", "--out", str(repository.root / "out")]
    assert main([*arguments, "--timeline", str(path)]) == 0
    assert "The last run: 3 questions" in repository.read("out/index.html")
    path.write_text('{"a": 1}')
    assert main([*arguments, "--timeline", str(path)]) == 2
    assert "timeline.json is not a timeline of this version" in capsys.readouterr().err
    assert main([*arguments, "--timeline", str(path) + "x"]) == 2
    assert "timeline.jsonx: No such file or directory" in capsys.readouterr().err
