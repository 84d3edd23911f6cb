"""Haystack's in-memory BM25 retriever with its `ExtractiveReader`, over paragraphs.

`python -m MODULE CHECKPOINT ASKED` reads `{"paragraphs": [text], "questions": [text], "retrieve": N,
"read": N}` and prints what `tools.benchmark.documents.Reached` holds.
"""

import json
import sys
import time
from pathlib import Path

from haystack import Document
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from tools.benchmark.peers.haystack_reader import make_reader


def main() -> None:
    """Index, and answer one question after the other."""
    asked = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    reader = make_reader(sys.argv[1])
    seconds = {"index": 0.0, "search": 0.0, "read": 0.0}
    begun = time.process_time()
    store = InMemoryDocumentStore()
    store.write_documents([Document(content=paragraph) for paragraph in asked["paragraphs"]])
    seconds["index"] = time.process_time() - begun
    retriever = InMemoryBM25Retriever(store, top_k=asked["retrieve"])
    passages, answers = [], []
    for question in asked["questions"]:
        begun = time.process_time()
        found = retriever.run(query=question)["documents"]
        seconds["search"] += time.process_time() - begun
        begun = time.process_time()
        best = reader.run(query=question, documents=found[: asked["read"]])["answers"]
        seconds["read"] += time.process_time() - begun
        passages.append([document.content for document in found])
        answers.append((best[0].data or "") if best else "")
    print(json.dumps({"passages": passages, "answers": answers, "seconds": seconds}))


if __name__ == "__main__":
    main()
