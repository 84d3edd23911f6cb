"""What the form makes of what is typed, against what the program makes of that."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.github.links import Links
from qabot.questions.parse import slug
from qabot.questions.read import read_questions
from qabot.site.form import form_data
from qabot.site.page import asset
from tests.conftest import Repository

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Typed = dict[str, str]
Made = dict[str, Any]


@pytest.fixture(scope="module")
def run(browser: Browser) -> Any:
    """Run a function of the form's, `asking`, in a browser; text goes in and out as it is."""
    page = browser.new_page()
    page.goto("about:blank")
    page.add_script_tag(content=asset("asking.js"))

    def run(function: str, given: Any, sources: list[str] | None = None) -> Any:
        data = form_data(Links(), sources or [])
        # As ASCII: half surrogates would not survive the way otherwise.
        told = page.evaluate(
            f"([data, given]) => JSON.stringify(({function})(asking(JSON.parse(data)), "
            "JSON.parse(given)))",
            [json.dumps(data), json.dumps(given)],
        )
        return json.loads(told)

    yield run
    page.close()


@pytest.fixture(scope="module")
def make(run: Any) -> Callable[[list[Typed]], list[Made]]:
    """What the form makes of several forms."""

    def make(forms: list[Typed], sources: list[str] | None = None) -> list[Made]:
        made: list[Made] = run("(form, all) => all.map(form.make)", forms, sources)
        return made

    return make


def typed(context: str = "a", question: str = "b", expect: str = "", set_: str = "s") -> Typed:
    return {"set": set_, "context": context, "question": question, "expect": expect}


def items(expect: str) -> list[str]:
    return [item.strip() for item in expect.split("\n") if item.strip()]


def problems(repository: Repository, form: Typed) -> dict[str, str]:
    """What the program says of a file with that in it, by field: the first of each."""
    question: dict[str, Any] = {"question": form["question"].strip()}
    if items(form["expect"]):
        question["expect"] = items(form["expect"])
    # JSON, since YAML could not even hold all of it.
    content = json.dumps({"context": form["context"], "questions": [question]})
    repository.write("questions/typed.json", content)
    told: dict[str, str] = {}
    for problem in reversed(read_questions(repository.root).problems):
        (name,) = [name for name in ("context", "question", "expect") if name in problem.what]
        told[name] = f"{problem.what}; {problem.todo}"
    (repository.root / "questions/typed.json").unlink()
    return told


# Text that YAML, JSON and HTML each trip over somewhere, and all that a browser's string can be.
SNAGS = [
    *"\0\x07\t\n\r\x1c\x7f\x85\x9f\xa0\u2028\u2029\u200b\u202e\u2066\ufeff\ufffe\uffff\ud83c\U0001fffe",
    *"'\"\\#&*!|>%@`{}[],:?-~ ab1İßﬁς🍑", ": ", " #", "\n- ", "---\n", "...\n", "<<", "\\u0041",
    "</script>", "!!python/object:os", "&a *a", "null", "@@data@@", "${x}", "\r\n",
]  # fmt: skip
# The browser's Unicode is newer than Python's: it knows letters where this one sees nothing.
character = st.characters(exclude_categories=["Cn"])
text = st.lists(st.sampled_from(SNAGS) | character, max_size=12).map("".join)
forms = st.builds(typed, text, text, text)


@given(batch=st.lists(forms, min_size=1, max_size=12))
@settings(max_examples=30)
def test_the_program_reads_what_was_typed_and_refuses_what_the_form_refuses(
    repository: Repository, make: Callable[[list[Typed]], list[Made]], batch: list[Typed]
) -> None:
    shutil.rmtree(repository.root / "questions")
    for number, (form, made) in enumerate(zip(batch, make(batch), strict=True)):
        told = {name: what for name, what in made["wrong"].items() if what}
        assert told == problems(repository, form)
        if not told:
            repository.write(f"questions/{number}.yaml", made["yaml"])
            assert made["path"] == f"questions/s/{slug(form['question'].strip())}.yaml"
    read = read_questions(repository.root)
    assert read.problems == ()
    for one in read.sets:
        form = batch[int(one.source.removeprefix("questions/").removesuffix(".yaml"))]
        (question,) = one.questions
        assert question.context == form["context"]
        assert question.question == form["question"].strip()
        assert list(question.expect) == items(form["expect"])


@pytest.mark.parametrize(
    "form",
    [
        typed(question="🍑" * 2_000),
        typed(question="🍑" * 2_001),
        typed(question="\ufeff"),
        typed(context="\x1c \x85\u2029"),
        typed(context="a" * 2_000_000),
        typed(context="a" * 2_000_001),
        typed(context="half \ud83c"),
        typed(expect="\n".join(map(str, range(20)))),
        typed(expect="\n".join(map(str, range(21)))),
        typed(expect="ok\n" + "x" * 2_001),
    ],
    ids=lambda form: "-".join(f"{len(text)}" for text in form.values()),
)
def test_the_limits_and_their_words_are_the_programs(
    repository: Repository, make: Callable[[list[Typed]], list[Made]], form: Typed
) -> None:
    (made,) = make([form])
    assert {name: what for name, what in made["wrong"].items() if what} == problems(
        repository, form
    )


def test_a_file_that_would_be_too_large_is_refused_in_the_programs_words(
    repository: Repository, run: Any
) -> None:
    # What YAML can't hold as it is takes six bytes: fewer characters than a context may have, in more
    # bytes than a file may.
    function = (
        "(form, [one, count]) => form.make({context: one.repeat(count), question: 'b', expect: '', "
        "set: 's'}).wrong"
    )
    assert not any(run(function, ["\x07", 1_700_000]).values())
    told = run(function, ["\x07", 1_800_000])
    yaml = 'context: "' + "\\u0007" * 1_800_000 + '"\nquestions:\n- question: "b"\n'
    repository.write("questions/s/b.yaml", yaml)
    (problem,) = read_questions(repository.root).problems
    assert told["context"] == f"questions/s/b.yaml {problem.what}; {problem.todo}"


def test_letters_are_folded_and_words_found_as_python_does(run: Any) -> None:
    """For every character of the first two planes that this Python's Unicode knows."""
    told = run(
        "form => Array.from({length: 0x20000}, (_, c) => (c >> 11) === 0x1b ? null :"
        " (s => [form.fold(s), form.strip(s), form.slug('x' + s)])(String.fromCodePoint(c)))",
        None,
    )
    for number, found in enumerate(told):
        one = chr(number)
        if found is not None and unicodedata.category(one) != "Cn":
            assert found == [one.casefold(), one.strip(), slug("x" + one)], f"U+{number:04X}"


@given(questions=st.lists(text | st.text(character, max_size=90), min_size=1, max_size=30))
@settings(max_examples=20)
def test_a_files_name_is_the_id_that_the_program_would_give(run: Any, questions: list[str]) -> None:
    told = run("(form, all) => all.map(form.slug)", questions)
    for question, name in zip(questions, told, strict=True):
        expected = slug(question)
        if len(expected.encode()) <= 200:
            assert name == expected
        else:  # a file's name could not hold it
            assert expected.startswith(name)
            assert 196 < len(name.encode()) <= 200


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("questions/S/B.yml", "questions/s/b-2.yaml"),
        ("questions/s/b.json", "questions/s/b-2.yaml"),
        ("questions/t/b.yaml", "questions/s/b.yaml"),
    ],
)
def test_a_file_gets_a_name_that_is_free_whatever_its_case(
    repository: Repository, make: Any, source: str, path: str
) -> None:
    repository.write(source, json.dumps([{"context": "a", "question": "b"}]))
    sources = list(read_questions(repository.root).sources)
    (made,) = make([typed()], sources)
    assert made["path"] == path
    repository.write(made["path"], made["yaml"])
    assert read_questions(repository.root).problems == ()


def test_names_clash_as_in_the_program(repository: Repository, make: Any) -> None:
    for name in ("STRASSE", "İ", "ꭰ"):
        repository.write(f"questions/{name}/b.yaml", "context: a\nquestions: [b]\n")
    sources = list(read_questions(repository.root).sources)
    for made in make([typed(set_=name) for name in ("straße", "i̇", "Ꭰ")], sources):
        assert made["path"].endswith("/b-2.yaml")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the set is empty; write a name"),
        (" \x85", "the set is empty; write a name"),
        ("../up", "the set is '../up'; use letters, digits and . _ - behind the first"),
        ("a//b", "the set is 'a//b'; use letters, digits and . _ - behind the first"),
        (".git", "the set is '.git'; use letters, digits and . _ - behind the first"),
        ("<b>", "the set is '<b>'; use letters, digits and . _ - behind the first"),
        ("a" * 101, "the set has 101 characters, of 100 at most; shorten it"),
        ("桃" * 67, f"the set is '{'桃' * 67}', too long for a folder; shorten it"),
        ("Peach.yaml", "'Peach.yaml' is a file; write the set without its suffix"),
        ("peach.yaml/b", "'peach.yaml' is a file; write the set without its suffix"),
        ("schema.json", "'schema.json' is a file; write the set without its suffix"),
        (" team/桃_1.-  ", ""),
    ],
)
def test_a_set_is_a_folder_that_can_be_there(make: Any, name: str, said: str) -> None:
    (made,) = make([typed(set_=name)], ["questions/peach.yaml"])
    assert made["wrong"]["set"] == said
    assert ("path" in made) == (said == "")
