"""A run: what is written, when, and that nothing is lost whatever happens."""

from __future__ import annotations

import errno
import io
import os

import pytest

from answerer.spans import Span
from qabot.answers.folder import Change
from qabot.answers.markdown import MARKER
from qabot.answers.model import Answer, Request, Result
from qabot.atomic_write import SUFFIX
from qabot.console.reporter import Reporter
from qabot.errors import AnswersError, CloudError, Interrupted
from qabot.questions.read import LONGEST_NAME, read_questions
from qabot.run.plan import make_plan
from qabot.run.reconcile import Outcome, reconcile
from tests.conftest import Repository
from tests.qabot.scripted import ScriptedEngine, failure, first_word

TWO = (
    "context: 1921 was it\nquestions:\n- {id: a, question: When?, expect: [1921]}\n"
    "- {id: b, question: What?, expect: [it]}\n"
)


def run(
    repository: Repository, engine: ScriptedEngine | None = None, *globs: str
) -> tuple[Outcome, str]:
    stream = io.StringIO()
    questions = read_questions(repository.root)
    engine = engine or ScriptedEngine()
    plan = make_plan(repository.root, questions, engine.model, globs)
    outcome = reconcile(repository.root, plan, engine, Reporter(stream, github=False))
    return outcome, stream.getvalue()


def test_answers_are_written_beside_the_questions(repository: Repository) -> None:
    repository.write("questions/team/a.yaml", TWO)
    outcome, said = run(repository)
    assert list(repository.files("answers")) == ["answers/team/a.md", "answers/team/a.yaml"]
    assert (outcome.asked, outcome.answered, outcome.failed) == (2, 2, 0)
    assert (outcome.expected, outcome.met) == (2, 1)
    assert "questions/team/a.yaml:4: 'What?' got '1921'; expected: it" in said
    assert outcome.written == ["answers/team/a.yaml"]


def test_no_answer_is_an_answer_that_a_question_can_expect(repository: Repository) -> None:
    repository.write(
        "questions/a.yaml",
        "context: 1921 was it\nquestions:\n- {question: When?, expect_no_answer: true}\n"
        "- {question: What?, expect_no_answer: true}\n- {question: Who?, expect: [it]}\n",
    )

    def answer(request: Request) -> Answer:
        if request.question == "What?":
            return first_word(request)
        span = Span("1921", 0, 4, 0.1)
        return Answer(request.key, "m@1/s1", Span("", 0, 0, 0.8), (span,))

    outcome, said = run(repository, ScriptedEngine(answer))
    assert (outcome.expected, outcome.met, outcome.doubtful) == (3, 1, 0)
    assert "questions/a.yaml:4: 'What?' got '1921'; expected: no answer" in said
    assert "questions/a.yaml:5: 'Who?' got no answer; expected: it" in said
    page = (repository.root / "answers/a.md").read_text(encoding="utf-8")
    assert "*The text does not say.* · score 0.80" in page
    assert "✅ As expected: no answer" in page
    assert "❌ Not as expected: “it”" in page
    text = (repository.root / "answers/a.yaml").read_text(encoding="utf-8")
    assert '  answer: null\n  score: 0.8\n  alternatives: [{"answer": "1921"' in text
    again = ScriptedEngine(answer)
    run(repository, again)
    assert again.asked == []


def test_a_second_run_changes_no_byte_and_asks_nothing(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    before = repository.files("answers")
    times = {path: (repository.root / path).stat().st_mtime_ns for path in before}
    engine = ScriptedEngine(lambda request: pytest.fail("asked"))
    outcome, _ = run(repository, engine)
    assert repository.files("answers") == before
    assert {path: (repository.root / path).stat().st_mtime_ns for path in before} == times
    assert outcome.written == []


def test_the_order_is_that_of_the_questions(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    header, *entries = TWO.split("- ")
    repository.write("questions/a.yaml", f"{header}- {entries[1]}- {entries[0]}")
    outcome, _ = run(repository, ScriptedEngine(lambda request: pytest.fail("asked")))
    text = repository.read("answers/a.yaml")
    assert text.index('id: "b"') < text.index('id: "a"')
    assert outcome.written == ["answers/a.yaml"]


def test_removed_questions_lose_their_answers(repository: Repository) -> None:
    file = repository.write("questions/sub/a.yaml", TWO)
    repository.write("questions/b.yaml", TWO)
    run(repository)
    file.unlink()
    outcome, _ = run(repository)
    assert list(repository.files("answers")) == ["answers/b.md", "answers/b.yaml"]
    assert not (repository.root / "answers/sub").exists()
    assert outcome.removed == ["answers/sub/a.yaml"]


def test_a_renamed_file_keeps_its_answers(repository: Repository) -> None:
    file = repository.write("questions/a.yaml", TWO)
    run(repository)
    file.rename(repository.root / "questions/b.yaml")
    run(repository, ScriptedEngine(lambda request: pytest.fail("asked")))
    assert list(repository.files("answers")) == ["answers/b.md", "answers/b.yaml"]


def test_files_of_others_are_left_alone(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    mine = {
        "answers/README.md": b"# mine\n",
        "answers/data.yaml": b"mine: 1\n",
        "answers/x/y.md": b"",
    }
    for path, content in mine.items():
        repository.write(path, content)
    run(repository)
    (repository.root / "questions/a.yaml").unlink()
    run(repository)
    assert repository.files("answers") == mine


def test_a_file_of_somebody_else_in_the_way_is_kept_beside(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    repository.write("answers/a.yaml", "my: notes\n")
    repository.write("answers/a.md", "# My notes\n")
    _, said = run(repository)
    assert "answers/a.yaml was not written by qabot; it is kept as answers/a.orig.yaml.txt" in said
    assert repository.read("answers/a.orig.yaml.txt") == "my: notes\n"
    assert repository.read("answers/a.orig.md.txt") == "# My notes\n"
    assert '"1921"' in repository.read("answers/a.yaml")
    repository.write("answers/a.yaml", "again: mine\n")
    run(repository)
    assert repository.read("answers/a.orig-2.yaml.txt") == "again: mine\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"1921"', '"1922"'),
        lambda text: text.replace("score: 0.9", "score: 7"),
        lambda text: f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n",
        lambda text: text + "- &a [*a, *a]\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\x00\xff",
        lambda text: text + "# a comment of mine\n",
    ],
)
def test_a_damaged_answers_file_is_reported_and_written_again(
    repository: Repository, damage: object
) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    before = repository.files("answers")
    repository.write("answers/a.yaml", damage(repository.read("answers/a.yaml")))  # type: ignore[operator]
    _, said = run(repository)
    assert repository.files("answers") == before
    assert "answers/a.yaml was edited or is corrupt; rewriting it" in said


def test_a_file_that_only_mentions_the_program_is_somebody_elses(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    notes = {
        "answers/a.yaml": "mine: 1 # Written by qabot? No.\n",
        "answers/a.md": f"`{MARKER}` is what it writes.\n",
    }
    for path, content in notes.items():
        repository.write(path, content)
    run(repository)
    assert repository.read("answers/a.orig.yaml.txt") == notes["answers/a.yaml"]
    assert repository.read("answers/a.orig.md.txt") == notes["answers/a.md"]


def test_bytes_that_are_not_text_are_survived(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    repository.write("answers/a.yaml", b"\xff\xfe\x00")
    run(repository)
    assert '"1921"' in repository.read("answers/a.yaml")
    assert (repository.root / "answers/a.orig.yaml.txt").read_bytes() == b"\xff\xfe\x00"


def test_a_page_that_was_edited_is_written_again(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    before = repository.files("answers")
    repository.write("answers/a.md", repository.read("answers/a.md") + "edited\n")
    run(repository, ScriptedEngine(lambda request: pytest.fail("asked")))
    assert repository.files("answers") == before


def test_failures_are_written_and_count(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    outcome, said = run(
        repository,
        ScriptedEngine(lambda request: failure(request) if request.question == "When?" else None),
    )
    assert (outcome.answered, outcome.failed) == (1, 1)
    assert '"exitCode": "1"' in repository.read("answers/a.yaml")
    assert "questions/a.yaml:3: no answer to 'When?': it crashed; kind: crashed" in said
    outcome, _ = run(repository)
    assert (outcome.asked, outcome.failed) == (1, 0)


def test_answers_are_written_as_they_arrive(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    seen: list[int] = []

    def before(request: Request) -> None:
        path = repository.root / "answers/a.yaml"
        seen.append(path.read_text().count("answer:") if path.exists() else 0)

    plan = make_plan(repository.root, read_questions(repository.root), "m@1/s1")
    # A stopped clock: nothing is delayed.
    reconcile(repository.root, plan, ScriptedEngine(before), Reporter(), clock=lambda: 0.0)
    assert seen == [0, 1]


def test_a_large_set_is_not_written_for_each_of_its_answers(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "".join(f"- q{n}\n" for n in range(100))
    repository.write("questions/a.yaml", f"context: c\nquestions:\n{many}")
    written = []
    now = 0.0

    def write(*_: object) -> Change:
        nonlocal now
        now += 0.1  # what a writing takes
        written.append(now)
        return Change(changed=True, kept=())

    def before(request: Request) -> None:
        nonlocal now
        now += 0.1  # what an answer takes

    monkeypatch.setattr("qabot.answers.folder.write_set", write)
    plan = make_plan(repository.root, read_questions(repository.root), "m@1/s1")
    reconcile(repository.root, plan, ScriptedEngine(before), Reporter(), clock=lambda: now)
    assert 4 <= len(written) <= 7


def test_ctrl_c_keeps_what_is_answered_and_says_how_to_go_on(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    old = repository.write("questions/old.yaml", TWO)
    run(repository, None, "old")
    old.unlink()

    def before(request: Request) -> Result | None:
        if request.question == "What?":
            raise KeyboardInterrupt
        return first_word(request)

    repository.write("questions/a.yaml", TWO.replace("1921", "1922"))
    engine = ScriptedEngine(before)
    with pytest.raises(
        Interrupted, match="stopped after 1 of 2 questions; .* continues from there"
    ):
        run(repository, engine)
    assert engine.closed
    assert repository.read("answers/a.yaml").count("answer:") == 1
    # What is gone is removed by a run that ends.
    assert (repository.root / "answers/old.yaml").exists()
    engine = ScriptedEngine()
    run(repository, engine)
    assert [request.question for request in engine.asked] == ["What?"]


def refuse(request: Request) -> None:
    raise CloudError("no credentials")


def test_an_engine_that_refuses_leaves_the_old_answers(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    before = repository.files("answers")
    repository.write("questions/a.yaml", TWO.replace("1921", "1922"))
    with pytest.raises(CloudError):
        run(repository, ScriptedEngine(refuse))
    assert repository.files("answers") == before


def test_answers_that_are_asked_again_stay_until_they_are_replaced(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    run(repository)
    before = repository.files("answers")
    plan = make_plan(repository.root, read_questions(repository.root), "m@1/s1", force=True)
    assert len(plan.requests) == 2

    def stop(request: Request) -> None:
        if request.question == "What?":
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        reconcile(repository.root, plan, ScriptedEngine(stop), Reporter())
    assert repository.files("answers") == before
    outcome = reconcile(repository.root, plan, ScriptedEngine(), Reporter())
    assert (outcome.answered, outcome.written) == (2, [])


def test_an_engine_that_breaks_leaves_what_it_answered(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)

    def before(request: Request) -> Result | None:
        if request.question == "What?":
            raise RuntimeError("broken")
        return None

    with pytest.raises(RuntimeError, match="broken"):
        run(repository, ScriptedEngine(before))
    assert repository.read("answers/a.yaml").count("answer:") == 1


def test_the_longest_file_names_are_written_and_their_like_kept(repository: Repository) -> None:
    name = "x" * (LONGEST_NAME - 4)
    repository.write(f"questions/{name}.yml", TWO)
    for number in (1, 2):
        repository.write(f"answers/{name}.yaml", f"mine: {number}\n")
        run(repository)
    assert repository.read(f"answers/{name}.orig-2.yaml.txt") == "mine: 2\n"
    assert '"1921"' in repository.read(f"answers/{name}.yaml")


def test_a_folder_of_answers_that_leaves_is_refused(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    repository.write("questions/sub/a.yaml", TWO)
    (repository.root / "answers").mkdir()
    (repository.root / "answers/sub").symlink_to(outside)
    outcome, said = run(repository)
    assert "a link that leaves answers/" in said
    assert outcome.unwritten == ["answers/sub/a.yaml"]
    assert list(outside.iterdir()) == []


def test_a_link_in_the_place_of_an_answers_file_is_replaced(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "precious"
    outside.write_text("precious\n")
    repository.write("questions/a.yaml", TWO)
    (repository.root / "answers").mkdir()
    (repository.root / "answers/a.yaml").symlink_to(outside)
    run(repository)
    assert outside.read_text() == "precious\n"
    assert not (repository.root / "answers/a.yaml").is_symlink()


def test_an_answers_file_that_is_a_folder_is_reported(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    repository.write("questions/b.yaml", TWO)
    repository.write("answers/a.yaml/x", "")
    outcome, said = run(repository)
    assert said.count("answers/a.yaml cannot be written: Is a directory") == 1
    assert outcome.unwritten == ["answers/a.yaml"]
    assert outcome.written == ["answers/b.yaml"], "the others must not wait for it"


def test_a_full_disk_stops_the_run(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("questions/a.yaml", TWO)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("qabot.answers.folder.in_one_step.write", full)
    with pytest.raises(AnswersError, match=r"a\.yaml cannot be written: No space left on device"):
        run(repository)


def test_what_a_killed_write_left_is_removed(repository: Repository) -> None:
    repository.write("questions/a.yaml", TWO)
    old = repository.write(f"answers/sub/.1-a{SUFFIX}", "half")
    os.utime(old, (0, 0))
    young = repository.write(f"answers/.2-b{SUFFIX}", "being written")
    run(repository)
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("score", [0.82499, 0.29996, 0.299949, 0.49996, 0.499949, 0.99996, 1e-9])
def test_what_is_written_first_is_what_is_written_ever_after(
    repository: Repository, score: float
) -> None:
    repository.write("questions/a.yaml", TWO)
    engine = ScriptedEngine(lambda request: first_word(request, score=score))
    first, _ = run(repository, engine)
    files = repository.files("answers")
    again, said = run(repository, engine)
    assert repository.files("answers") == files
    assert again.written == []
    assert again.doubtful == first.doubtful
    assert "edited" not in said
