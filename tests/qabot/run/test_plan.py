"""Plans: fresh, new, changed and removed questions; and the files that globs match."""

from __future__ import annotations

import json

import pytest

from qabot.console.reporter import Reporter
from qabot.errors import UsageError
from qabot.questions.read import question_files, read_questions
from qabot.run import plan_text as plan_report
from qabot.run.estimate import on_runner
from qabot.run.plan import Plan, make_plan, select
from qabot.run.reconcile import reconcile
from tests.conftest import Repository
from tests.qabot.scripted import ScriptedEngine, failure, first_word

TWO = "context: 1921 was it\nquestions:\n- {id: a, question: When?}\n- {id: b, question: What?}\n"


def plan(repository: Repository, *globs: str, model: str = "m@1/s1", force: bool = False) -> Plan:
    return make_plan(repository.root, read_questions(repository.root), model, globs, force=force)


def answer(repository: Repository, engine: ScriptedEngine | None = None) -> None:
    reconcile(repository.root, plan(repository), engine or ScriptedEngine(), Reporter())


def asked(made: Plan) -> list[str]:
    return [request.question for request in made.requests]


def test_what_has_no_answer_is_asked(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    made = plan(repository)
    assert asked(made) == ["When?", "What?"]
    assert (made.total, made.fresh, made.prune) == (2, {}, [])


def test_what_is_answered_is_fresh_until_it_changes(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    answer(repository)
    assert asked(plan(repository)) == []
    assert asked(plan(repository, force=True)) == ["When?", "What?"]
    assert asked(plan(repository, model="other@1/s1")) == ["When?", "What?"]
    repository.write("questions/a.yaml", TWO.replace("When?", "When then?"))
    assert asked(plan(repository)) == ["When then?"]
    repository.write("questions/a.yaml", TWO.replace("was it", "was that"))
    assert asked(plan(repository)) == ["When?", "What?"]


def test_a_new_id_or_another_order_asks_nothing(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    answer(repository)
    repository.write("questions/a.yaml", TWO.replace("id: a", "id: z"))
    assert asked(plan(repository)) == []


def test_a_renamed_or_copied_file_asks_nothing(repository: Repository) -> None:
    file = repository.write("questions/a.yaml", TWO)
    answer(repository)
    repository.write("questions/copy.yaml", TWO)
    file.rename(repository.root / "questions/b.yaml")
    made = plan(repository)
    assert asked(made) == []
    assert made.prune == ["answers/a.yaml"]


def test_the_same_question_twice_is_asked_once(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: c\nquestions: [q, q]\n")
    repository.write("questions/b.yaml", "context: c\nquestions: [q]\n")
    made = plan(repository)
    assert asked(made) == ["q"]
    assert made.total == 3


def test_failures_are_tried_again_unless_that_is_hopeless(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    answer(
        repository,
        ScriptedEngine(lambda request: failure(request, permanent=request.question == "What?")),
    )
    assert asked(plan(repository)) == ["When?"]
    assert asked(plan(repository, force=True)) == ["When?", "What?"]


def test_an_edited_answer_does_not_stand(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    answer(repository)
    edited = repository.read("answers/a.yaml").replace('answer: "1921"', 'answer: "1922"', 1)
    repository.write("answers/a.yaml", edited)
    assert asked(plan(repository)) == ["When?"]


def test_only_files_of_the_program_are_pruned(repository: Repository) -> None:
    repository.write("answers/notes.yaml", "mine: true\n")
    repository.write("answers/sub/README.md", "# mine\n")
    assert plan(repository).prune == []


def test_a_file_with_mistakes_keeps_its_answers(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    answer(repository)
    repository.write("questions/a.yaml", "context: [\n")
    made = plan(repository)
    assert (made.sets, made.requests, made.prune) == ([], [], [])


SOURCES = [
    "questions/a.yaml",
    "questions/team/a.yaml",
    "questions/team/sub/b.json",
    "questions/c.yaml",
]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("a", [0]), ("a.yaml", [0]), ("questions/a.yaml", [0]), ("questions/a", [0]),
        ("team", [1, 2]), ("team/", [1, 2]), ("questions/team", [1, 2]), ("team/*", [1, 2]),
        ("team/sub", [2]), ("*/a", [0, 1]), ("*a.yaml", [0, 1]), ("[ac].yaml", [0, 3]),
        ("./questions/c.yaml", [3]), ("questions", [0, 1, 2, 3]), ("*", [0, 1, 2, 3]),
        ("**/b.json", [2]), ("team\\a.yaml", [1]),
    ],
)  # fmt: skip
def test_a_glob_names_files(glob: str, expected: list[int]) -> None:
    assert select(SOURCES, [glob]) == {SOURCES[index] for index in expected}


def test_a_glob_that_names_nothing_says_what_there_is(repository: Repository) -> None:
    with pytest.raises(
        UsageError, match=r"no question file matches 'x'; question files: a\.yaml, team/"
    ):
        select(SOURCES, ["a", "x"])
    with pytest.raises(UsageError, match="has none"):
        select([], ["x"])


def test_globs_leave_other_files_alone(repository: Repository) -> None:
    for name in ("a", "b", "gone", "also-gone"):
        repository.write(f"questions/{name}.yaml", TWO.replace("was", name))
    answer(repository)
    for name in ("gone", "also-gone"):
        (repository.root / f"questions/{name}.yaml").unlink()
    made = plan(repository, "a")
    assert [planned.source for planned in made.sets] == ["questions/a.yaml"]
    assert made.prune == []
    assert plan(repository, "a", "gone").prune == ["answers/gone.yaml"]


def test_a_glob_may_name_a_file_that_is_gone(repository: Repository) -> None:
    repository.write("questions/gone.yaml", TWO)
    answer(repository)
    (repository.root / "questions/gone.yaml").unlink()
    assert plan(repository, "gone").prune == ["answers/gone.yaml"]


def test_the_plan_in_words(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    repository.write("questions/gone.yaml", TWO)
    answer(repository, ScriptedEngine(lambda request: first_word(request)))
    (repository.root / "questions/gone.yaml").unlink()
    repository.write(
        "questions/a.yaml",
        "context: 1921 was it\nquestions:\n- {id: a, question: 'When|then?'}\n- New?\n",
    )
    made = plan(repository)
    assert plan_report.as_text(made, on_runner(made.requests)) == (
        "changed  questions/a.yaml:3: When|then?\n"
        "new      questions/a.yaml:4: New?\n"
        "removed  questions/a.yaml: b\n"
        "removed  answers/gone.yaml\n"
        "2 questions in 1 file, 2 to ask, 0 fresh, 1 answers file to remove.\n"
        "On this machine about 1 second, from the length of the contexts.\n"
    )
    assert "| changed | questions/a.yaml:3 | When\\|then? |" in plan_report.as_markdown(
        made, on_runner(made.requests)
    )
    document = json.loads(plan_report.as_json(made, on_runner(made.requests)))
    assert document["ask"] == 2
    assert document["sets"][0]["questions"][0] == {"id": "a", "line": 3, "state": "changed"}
    assert document["sets"][0]["removed"] == ["b"]


def test_a_long_plan_fits_a_summary(repository: Repository) -> None:
    many = "".join(f"- {'😀|' * 100}{n}\n" for n in range(1500))
    repository.write("questions/a.yaml", f"context: c\nquestions:\n{many}")
    made = plan(repository)
    text = plan_report.as_markdown(made, on_runner(made.requests))
    assert len(text.encode()) < 2**20
    assert "more." in text


def test_a_name_that_is_a_file_is_that_file(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell expands and completes them, from any folder of the repository."""
    root = repository.root
    for name in ("faq [2023].yaml", "faq 2.yaml", "two words/a.yaml", "b.yaml"):
        repository.write(f"questions/{name}", TWO)
    repository.write("questions/context.txt", "text")
    sources = question_files(root)

    def named(*globs: str) -> list[str]:
        return sorted(select(sources, globs, root))

    monkeypatch.chdir(root)
    listed = [path.relative_to(root).as_posix() for path in (root / "questions").iterdir()]
    assert named(*listed) == sources
    assert named("questions/faq [2023].yaml") == ["questions/faq [2023].yaml"]
    assert named("faq [2023]") == ["questions/faq [2023].yaml"]
    assert named(str(root / "questions/b.yaml")) == ["questions/b.yaml"]
    assert named(str(root / "questions")) == sources
    assert named("faq [12]") == ["questions/faq 2.yaml"], "a glob, where no file has the name"
    with pytest.raises(UsageError, match="no question file matches"):
        named("questions/context.txt")
    monkeypatch.chdir(root / "questions/two words")
    assert named("./a.yaml") == ["questions/two words/a.yaml"]
    assert named("../b.yaml") == ["questions/b.yaml"]
