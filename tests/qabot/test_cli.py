"""The commands as they are typed, with the bundled model."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from answerer.errors import AnswererError
from qabot import __version__
from qabot.answers.model import NOT_SAID
from qabot.cli import COMMANDS, main
from qabot.commands.arguments import EXIT_CODES
from qabot.errors import CloudError
from qabot.exit_codes import BUG
from tests.conftest import ROOT, Repository, environ

PEACH = (
    "context: She named the baby Momotaro.\nquestions:\n"
    "- {id: name, question: What is the name of the baby?, expect: [Momotaro]}\n"
)


@pytest.fixture
def here(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A scratch repository that commands run in."""
    monkeypatch.chdir(repository.root)
    return repository


def test_answer_writes_and_says_what_it_did(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("questions/peach.yaml", PEACH)
    assert main(["answer"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "[1/1] questions/peach.yaml: What is the name of the baby? → Momotaro (0." in err
    assert "wrote answers/peach.yaml\nanswered 1 of 1 question in " in err
    assert "1 of 1 answer as expected" in err
    assert 'answer: "Momotaro"' in here.read("answers/peach.yaml")
    assert main(["answer"]) == 0
    assert "the question is up to date" in capsys.readouterr().err


def test_answer_works_from_a_folder_below(
    here: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write("questions/peach.yaml", PEACH)
    monkeypatch.chdir(here.root / "questions")
    assert main(["answer", "peach"]) == 0
    assert (here.root / "answers/peach.yaml").exists()


def test_a_dry_run_changes_nothing(here: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    here.write("questions/peach.yaml", PEACH)
    assert main(["answer", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "new      questions/peach.yaml:3: What is the name of the baby?\n"
        "1 question in 1 file, 1 to ask, 0 fresh.\n"
        "On this machine about 1 second, from the length of the contexts.\n"
    )
    assert not (here.root / "answers").exists()


def test_mistakes_do_not_keep_other_files_waiting(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("questions/peach.yaml", PEACH)
    here.write("questions/bad.yaml", "context: c\n")
    assert main(["answer"]) == 2
    assert "questions/bad.yaml:1:1: no 'questions'; write" in capsys.readouterr().err
    assert (here.root / "answers/peach.yaml").exists()


def test_a_question_that_cannot_be_answered_is_exit_code_1(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of scripts like this one, `qabot check` counts a token per word, and the model has several.
    long = " ".join(["한국어"] * 150)
    here.write("questions/a.yaml", f"context: c\nquestions:\n- {long}\n")
    assert main(["answer"]) == 1
    first = here.read("answers/a.yaml")
    assert '"kind": "question-too-long"' in first
    assert "questions/a.yaml:3: no answer to" in capsys.readouterr().err
    # The same question of the same model fails the same: it is not asked again, and still counts.
    assert main(["answer"]) == 1
    assert here.read("answers/a.yaml") == first
    assert "answered" not in capsys.readouterr().err


def test_preview_answers_and_writes_nothing(
    here: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    summary = tmp_path_factory.mktemp("summary") / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    here.write("questions/peach.yaml", PEACH)
    before = here.files(".")
    assert main(["preview"]) == 0
    assert here.files(".") == before
    assert "previewed 1 of 1 question" in capsys.readouterr().err
    assert "### Preview by the bundled model" in summary.read_text()
    assert "| Momotaro | 0." in summary.read_text()
    here.write("questions/fare.yaml", "context: It was.\nquestions: [How much is the fare?]\n")
    assert main(["preview", "fare"]) == 0
    assert f"| *{NOT_SAID}* | 0." in summary.read_text()
    # What is answered already is not tried again.
    main(["answer"])
    capsys.readouterr()
    assert main(["preview"]) == 0
    assert "previewed 0 of 0 questions" in capsys.readouterr().err


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_plan_prints_and_changes_nothing(
    here: Repository, capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    here.write("questions/peach.yaml", PEACH)
    assert main(["plan", "--format", format_]) == 0
    assert "new" in capsys.readouterr().out
    assert not (here.root / "answers").exists()


def test_check_counts_questions_or_reports_mistakes(
    here: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    here.write("questions/peach.yaml", PEACH)
    assert main(["check"]) == 0
    assert "1 question in 1 file, no mistakes" in capsys.readouterr().err
    here.write("questions/bad.yaml", "- q\n- r\n")
    assert main(["check"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_ask_prints_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    context = "She named the baby Momotaro."
    assert main(["ask", context, "What is the name of the baby?"]) == 0
    assert re.fullmatch(r"Momotaro \(0\.\d\d\)\n", capsys.readouterr().out)
    assert main(["ask", "--json", "--top-k", "2", context, "What is the name of the baby?"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["answer"], first["start"], first["end"]) == ("Momotaro", 19, 27)
    assert second["score"] < first["score"] <= 1


def test_ask_reads_the_context_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "context.txt"
    file.write_bytes("﻿She named the baby Momotaro.".encode())
    with file.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["ask", "-", "What is the name of the baby?"]) == 0
    assert capsys.readouterr().out.startswith("Momotaro")
    file.write_bytes(b"\xff")
    with file.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["ask", "-", "What?"]) == 2
    assert "standard input is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("context", ["", " \n"])
def test_ask_without_a_context_says_so(capsys: pytest.CaptureFixture[str], context: str) -> None:
    assert main(["ask", context, "What?"]) == 2
    assert "context" in capsys.readouterr().err


def test_list_prints_the_answers(here: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    here.write("questions/peach.yaml", PEACH)
    here.write("questions/other.yaml", PEACH.replace("baby", "child"))
    main(["answer"])
    capsys.readouterr()
    assert main(["list", "peach"]) == 0
    assert re.fullmatch(r"questions/peach.yaml  name  0\.\d\d  Momotaro\n", capsys.readouterr().out)
    assert main(["list", "--format", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["source"] for line in lines] == ["questions/other.yaml", "questions/peach.yaml"]
    assert lines[1]["result"]["span"]["answer"] == "Momotaro"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["answer", "nothing"], "no question file matches 'nothing'"),
        (["list", "nothing"], "no question file matches 'nothing'"),
        (["--root", "nowhere", "answer"], "has no questions/ folder"),
        (["answer", "--model", "nowhere"], "is not a model directory"),
        (["ask", "--model", "nowhere", "c", "q"], "is not a model directory"),
        (
            ["answer", "--engine", "fargate", "--model", "x"],
            "--model is only for the runner engine",
        ),
        (["list", "--engine", "fargate", "peach"], "cannot be combined with --engine fargate"),
    ],
)
def test_what_is_not_there_is_exit_code_2(
    here: Repository, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    here.write("questions/peach.yaml", PEACH)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["unknown"], ["answer", "--unknown"], ["ask", "one"], ["ask", "--top-k", "0", "c", "q"]],
)
def test_wrong_usage_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: qabot" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_teaches(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*filter(None, [command]), "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert EXIT_CODES in out
    assert not command or "examples:" in out


def test_help_lists_every_exit_code_that_an_error_has() -> None:
    def codes(error: type[AnswererError]) -> set[int]:
        return {error.exit_code}.union(*map(codes, error.__subclasses__()))

    listed = {int(code) for code in re.findall(r"^  (\d+) ", EXIT_CODES, re.MULTILINE)}
    assert listed == codes(AnswererError) | {0, BUG}


def test_the_version_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"qabot {__version__}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project


def test_root_is_given_before_or_after_the_command(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("questions/peach.yaml", PEACH)
    elsewhere = repository.root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    root = ["--root", str(repository.root)]
    for arguments in ([*root, "check"], ["check", *root]):
        assert main(arguments) == 0
        assert "1 question in 1 file" in capsys.readouterr().err


def test_only_the_command_line_sees_a_namespace() -> None:
    """Each command takes its own options, which have types."""
    for path in sorted((ROOT / "scripts/qabot").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            # argparse calls its own actions with a namespace
            if isinstance(node, ast.FunctionDef) and node.name != "__call__":
                types = {ast.unparse(arg.annotation) for arg in node.args.args if arg.annotation}
                assert "argparse.Namespace" not in types or path.name == "arguments.py", path


def test_a_bug_is_reported_without_a_traceback(
    here: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops\n::error::x")

    monkeypatch.setattr("qabot.commands.check.read_questions", broken)
    assert main(["check"]) == 70
    err = capsys.readouterr().err
    assert "this is a bug in qabot: ZeroDivisionError: oops\\n::error::x" in err
    assert "Traceback" not in err
    monkeypatch.setenv("QABOT_DEBUG", "1")
    assert main(["check"]) == 70
    err = capsys.readouterr().err
    assert "in broken" in err
    assert "this is a bug in qabot" in err
    assert not [line for line in err.splitlines() if line.startswith("::")]


def qabot(*arguments: str, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "qabot", *arguments],
        cwd=cwd, env=environ(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_commands_that_load_no_model_import_nothing_heavy(repository: Repository) -> None:
    repository.write("questions/peach.yaml", PEACH)
    heavy = {
        "onnxruntime", "numpy", "tokenizers", "boto3", "http", "email", "ssl", "asyncio", "logging",
        "torch", "transformers", "tqdm", "aws_cdk",
    }  # fmt: skip

    def imported(*arguments: str) -> set[str]:
        with qabot(*arguments, cwd=repository.root, PYTHONPROFILEIMPORTTIME="1") as process:
            _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return set(re.findall(r"\| +([a-zA-Z_]\w*)$", err, re.MULTILINE))

    assert imported("answer") >= {"onnxruntime", "tokenizers"}
    for command in (["check"], ["plan"], ["list"], ["answer"], ["site", "--out", "out"]):
        assert imported(*command) & heavy == set(), command


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_and_keeps_what_is_answered(
    repository: Repository, signal_: signal.Signals
) -> None:
    many = "".join(f"- What is number {n}?\n" for n in range(2_000))
    repository.write(
        "questions/a.yaml", f"context: {'It was 1921 then. ' * 60}\nquestions:\n{many}"
    )
    with qabot("answer", cwd=repository.root) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("[")
        started = time.monotonic()
        process.send_signal(signal_)
        _, err = process.communicate(timeout=60)
        took = time.monotonic() - started
    assert process.returncode == 130, err
    stopped = re.search(r"stopped after (\d+) of 2000 questions; .* continues from there", err)
    assert stopped is not None, err
    assert "Traceback" not in err
    written = repository.read("answers/a.yaml").count("- id:")
    # The signal may come between keeping an answer and counting it.
    assert written - int(stopped[1]) in (0, 1)
    assert written > 0
    assert took < 7.5, "GitHub kills a run that takes longer to stop"


def test_a_terminal_that_knows_only_ascii_gets_escapes(repository: Repository) -> None:
    repository.write("questions/a.yaml", "context: c\nquestions: [日本語は？]\n")
    with qabot("plan", cwd=repository.root, PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "\\u65e5\\u672c" in out


def test_output_that_nobody_reads_is_not_an_error(repository: Repository) -> None:
    many = "".join(f"- What is number {n}?\n" for n in range(5_000))
    repository.write("questions/a.yaml", f"context: c\nquestions:\n{many}")
    with qabot("plan", cwd=repository.root) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 0
    assert err == ""


def shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command.replace("qabot", f"{sys.executable} -P -m qabot")],
        cwd=cwd, env=environ(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("qabot plan >&-", 1, "the output cannot be written: Bad file descriptor"),
        ("qabot plan >/dev/full", 1, "cannot be written: No space left on device"),
        ("qabot --help >/dev/full", 0, ""),
        ("qabot check >&-", 0, "1 question in 1 file"),
        ("qabot check 2>&-", 0, ""),
        ("qabot check 2>/dev/full", 0, ""),
        ("qabot check >&- 2>&-", 0, ""),
        ("qabot ask - Who? <&-", 2, "standard input is closed"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_a_message_and_an_exit_code(
    repository: Repository, command: str, code: int, said: str
) -> None:
    repository.write("questions/peach.yaml", PEACH)
    done = shell(command, repository.root)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    for sign in ("Traceback", "Exception ignored", "bug in qabot"):
        assert sign not in done.stderr


def test_a_run_continues_when_nobody_reads_its_output(repository: Repository) -> None:
    repository.write("questions/peach.yaml", PEACH)
    done = shell("{ qabot answer 2>&1; echo $? >code; } | true", repository.root)
    assert done.stderr == ""
    assert repository.read("code") == "0\n"
    assert "Momotaro" in repository.read("answers/peach.yaml")


def test_ctrl_c_while_the_program_is_loaded_is_a_message(repository: Repository) -> None:
    """Each delay falls into another import; before `__main__` the signal is Python's own matter."""
    code = (
        "import os, runpy, signal, sys, importlib.abc\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == sys.argv[0]:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = [{name!r}, 'check']\n"
        "from qabot.__main__ import main\n"
        "sys.exit(main())\n"
    )
    for name in ("qabot.cli", "argparse", "qabot.exit_codes", "qabot.commands.check", "yaml"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", code.format(name=name)],
            cwd=repository.root, env=environ(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (130, "error: interrupted\n"), name


def test_a_thread_that_cannot_be_had_is_a_message(
    here: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    here.write("questions/peach.yaml", PEACH)
    monkeypatch.setattr("threading.Thread.start", refused)
    assert main(["answer"]) == 1
    err = capsys.readouterr().err
    assert "the limit on threads is reached" in err
    assert "bug in qabot" not in err


def test_what_fails_in_the_end_does_not_hide_what_stopped_the_run(
    here: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise CloudError("no credentials")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    here.write("questions/peach.yaml", PEACH)
    monkeypatch.setattr("qabot.commands.answer.reconcile", stopped)
    monkeypatch.setattr("qabot.github.job_summary.render", broken)
    assert main(["answer"]) == 3
    err = capsys.readouterr().err
    assert "error: no credentials" in err
    assert "summary could not be written: oops" in err


def test_json_is_json_on_every_code_page(repository: Repository) -> None:
    repository.write(
        "questions/a.yaml", "context: c\nquestions: [{id: x, question: Zoë 😀 Łódź?}]\n"
    )
    with qabot("ask", "--json", "It is Zoë 😀 of Łódź.", "Who is it?", cwd=repository.root,
               PYTHONIOENCODING="cp1252") as process:  # fmt: skip
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Zoë 😀" in json.loads(out)["answer"]
