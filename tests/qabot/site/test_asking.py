"""The files that the form makes, and the questions that the program reads in them."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.questions.read import read_questions
from tests.conftest import Repository
from tests.qabot.site.conftest import Viewer
from tests.qabot.site.pages import ask, site

# Text that YAML, JSON and HTML each trip over somewhere; what the form's elements leave as it is.
SNAGS = [
    *"\x07\t\x1c\x7f\x85\x9f\xa0\u2028\u2029\u200b\u202e\u2066\ufeff\U0001fffe",
    *"'\"\\#&*!|>%@`{}[],:?-~ ab1İßﬁς🍑", ": ", " #", "---", "...", "<<", "\\u0041",
    "</script>", "!!python/object:os", "&a *a", "null", "@@data@@", "{{ form }}", "${x}",
]  # fmt: skip
text = st.lists(st.sampled_from(SNAGS), max_size=12).map("".join).filter(str.strip)


@given(context=text, question=text)
@settings(max_examples=15)
def test_the_program_reads_what_was_typed(
    repository: Repository, viewer: Viewer, context: str, question: str
) -> None:
    page = viewer.open(site(repository))
    ask(page, set="s", context=f"{context}\nc", question=f"q {question}?", expect=" a: b \n\nc")
    made = repository.write("questions/made.yaml", page.text_content("#made-yaml") or "")
    read = read_questions(repository.root)
    made.unlink()
    assert read.problems == ()
    [(found,)] = [shown.questions for shown in read.sets]
    assert found.context == f"{context}\nc"
    assert found.question == f"q {question}?"
    assert found.expect == ("a: b", "c")


@pytest.mark.parametrize(
    ("group", "question", "path"),
    [
        ("peach", "What: is it? 'x'", "questions/peach/what-is-it-x.yaml"),
        ("team/Fruit", "🍑", "questions/team/Fruit/question.yaml"),
        ("../up", "Why?", "questions/up/why.yaml"),
        ("<b>", "桃 は?", "questions/b/桃-は.yaml"),
        ("s", "Taken", "questions/s/taken-2.yaml"),
        ("s", "x" * 300, f"questions/s/{'x' * 60}.yaml"),
        ("s", "🍑a" * 300, f"questions/s/{('a-' * 30)[:-1]}.yaml"),
    ],
)
def test_a_file_gets_a_free_name_that_any_system_can_have(
    repository: Repository, viewer: Viewer, group: str, question: str, path: str
) -> None:
    repository.write("questions/S/TAKEN.yml", "context: a\nquestions: [b]\n")
    page = viewer.open(site(repository))
    ask(page, set=group, context="a", question=question)
    assert page.text_content("#made-path") == path
    assert f"?filename={path}&" in unquote(page.get_attribute("#made-open", "href") or "")
