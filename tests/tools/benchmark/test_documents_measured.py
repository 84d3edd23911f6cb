"""The benchmark of documents, on a handful of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from answerer.model import Model
from qabot.models import squad
from qabot.models.bundled import BUNDLED
from tools.benchmark import documents, many_documents, side_by_side


def test_a_small_folder_is_measured(tmp_path: Path) -> None:
    def article(context: str, question: str, answer: str) -> dict[str, object]:
        answers = [{"text": answer, "answer_start": context.index(answer)}]
        asked = {"id": question, "question": question, "answers": answers}
        return {"paragraphs": [{"context": context, "qas": [asked]}]}

    file = tmp_path / "asked.json"
    data = [
        article("Nils Hagen hands out the\nblue key.", "Who hands out the blue key?", "Nils Hagen"),
        article("The ferry left Bergen at noon.", "When did the ferry leave Bergen?", "noon"),
    ]
    file.write_text(json.dumps({"data": data}))
    paragraphs = documents.write_documents(tmp_path, [file, file])
    assert paragraphs == ["Nils Hagen hands out the blue key.", "The ferry left Bergen at noon."]
    asked = documents.questions(file)
    reached = documents.ours(tmp_path, asked, Model.load(BUNDLED))
    assert reached.passages == [[paragraphs[0]], [paragraphs[1]]]
    assert documents.row("ours", reached, asked).startswith(
        "| ours | 100.0 | 100.0 | 100.0, 100.0, 100.0 % | 0."
    )


def test_a_peer_is_asked_the_same_and_measured_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "haystack.py"
    program.write_text(
        "import json, sys\n"
        "asked = json.load(open(sys.argv[2], encoding='utf-8'))\n"
        "assert (sys.argv[1], asked['retrieve'], asked['read']) == ('checkpoint', 8, 5)\n"
        "print('a note of a library')\n"
        "passages = [asked['paragraphs'], asked['paragraphs'][:1]]\n"
        "seconds = {'index': 2, 'search': 0.5, 'read': 3}\n"
        "print(json.dumps({'passages': passages, 'answers': ['Hagen', ''], 'seconds': seconds}))\n"
    )
    monkeypatch.setattr(side_by_side, "program", lambda name: [str(tmp_path / f"{name[:8]}.py")])
    asked = [
        squad.Example("a", "It left at\nnoon.", "When?", (("noon", 11),)),
        squad.Example("b", "Nils Hagen has it.", "Who?", (("Nils Hagen", 0),)),
    ]
    paragraphs = ["Nothing.", "It left at noon.", "Nils Hagen has it."]
    reached = documents.peer(
        Path(sys.executable), Path("checkpoint"), tmp_path, paragraphs, asked[::-1]
    )
    assert (
        documents.row("peer", reached, asked[::-1])
        == "| peer | 0.0 | 33.3 | 0.0, 50.0, 50.0 % | 2.0 | 250, 1500 |"
    )


def test_a_made_up_folder_is_measured(tmp_path: Path) -> None:
    questions = many_documents.make(tmp_path, 200)
    assert len(list((tmp_path / "documents").rglob("*.md"))) == 200
    assert len(questions) == 100
    rows = list(many_documents.measured(tmp_path, questions))
    assert [what for what, _, _ in rows] == [
        "index all documents",
        "look for changes",
        "the same, with one changed document",
        "one search",
        "`qabot plan` of 100 questions, one changed document",
    ]
    assert all(cpu > 0 and wall > 0 for _, cpu, wall in rows)
