"""Which passages of a text are read, and which texts cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from answerer.errors import InputError
from answerer.texts import PASSAGES, Text
from answerer.windows import Windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from answerer.windows import Context

NAMES = ["Arden", "Belton", "Corby", "Dunham", "Elwick", "Farley", "Gorton", "Halden"]
REPORTS = "\n\n".join(
    f"Report. {f'The committee of {name} met in the hall and spoke about roads. ' * 20}"
    f"The mayor of {name} is known."
    for name in NAMES
)


@pytest.fixture(scope="session")
def windows(byte_level: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Windows:
    path = tmp_path_factory.mktemp("texts") / "tokenizer.json"
    byte_level.save(str(path))
    return Windows(path, 64)


def test_a_short_text_is_one_passage_without_a_lexical_score(windows: Windows) -> None:
    (passage,) = Text(windows, "The mayor of Arden is Ann.").passages("Who is the mayor?")
    assert (passage.offset, passage.lexical, passage.overlap) == (0, 0.0, 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_the_passages_that_name_what_is_asked_are_read(windows: Windows, name: str) -> None:
    found = Text(windows, REPORTS).passages(f"Who is the mayor of {name}?")
    assert len(found) == PASSAGES
    assert name in found[0].context.text
    assert REPORTS[found[0].offset :].startswith(found[0].context.text)
    assert found[0].lexical == max(passage.lexical for passage in found) > 0


def test_every_passage_is_read_where_none_shares_a_term(windows: Windows) -> None:
    found = Text(windows, REPORTS).passages("Wer ist es?")
    covered = {
        place
        for passage in found
        for place in range(passage.offset, passage.offset + len(passage.context.text))
    }
    assert covered == set(range(len(REPORTS)))
    assert {passage.lexical for passage in found} == {0.0}


def test_only_what_is_read_is_tokenised(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    plain = windows.context

    def counted(text: str) -> Context:
        seen.append(text)
        return plain(text)

    monkeypatch.setattr(windows, "context", counted)
    text = Text(windows, REPORTS)
    text.passages("Who is the mayor of Corby?")
    text.passages("Who is the mayor of Corby?")
    assert len(seen) == PASSAGES


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("", "empty-context"),
        (" \n\t\u3000\u2028", "empty-context"),
        ("half \ud83d of a pair", "not-unicode"),
        ("a" * 4_000_001, "context-too-long"),
    ],
    ids=["empty", "blank", "surrogate", "huge"],
)
def test_bad_contexts(windows: Windows, context: str, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        Text(windows, context).passages("Why?")
    assert caught.value.kind == kind
    assert ";" in caught.value.reason, "it says what to do"
