"""The benchmark of documents, on a handful of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from answerer.model import Model
from qabot.models.bundled import BUNDLED
from tools.benchmark.documents import measure, questions, table, write_documents

if TYPE_CHECKING:
    from pathlib import Path


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
    assert write_documents(tmp_path, [file, file]) == 2
    asked = list(questions(file))
    measured = measure(tmp_path, asked, Model.load(BUNDLED))
    assert measured.found == {1: 2, 5: 2, 8: 2}
    assert measured.scores["documents em"] == measured.scores["paragraph em"] == 2
    assert "| EM / F1 | 100.0 / 100.0 |" in table(measured, len(asked))
