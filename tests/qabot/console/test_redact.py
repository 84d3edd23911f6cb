"""Credentials are never shown, and account ids not to everybody."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.answers.model import Failure
from qabot.console.redact import Redactor
from qabot.console.reporter import Reporter
from qabot.errors import Problem

ACCOUNT = "210987654321"
TASK = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/qabot/0123456789abcdef0123456789abcdef"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVz==",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "eyJhbGciOiJSUzI1NiIsEXAMPLE.e30.c2ln",
    "GH_TOKEN": "any-look-a-token-may-have",
    "A_DATABASE_PASSWORD": "correct horse battery",
}


@given(st.text(), st.sampled_from(sorted(SECRETS.values())), st.text())
def test_a_value_of_the_environment_is_hidden_everywhere(
    before: str, secret: str, after: str
) -> None:
    assert secret not in Redactor(SECRETS, accounts=False)(before + secret + after)


def test_one_credential_that_holds_another_is_hidden_whole() -> None:
    environ = {"A_TOKEN": "0123456789abcdef", "B_TOKEN": "0123456789abcdef-and-more"}
    assert Redactor(environ, accounts=False)("x 0123456789abcdef-and-more y") == "x *** y"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", "testing"),  # a stand-in, and a word
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://example.com/token"),
        ("GITHUB_REPOSITORY", "owner/repository"),
        ("TOKENIZER", "bert-base-cased"),
    ],
)
def test_other_values_than_credentials_stay(name: str, value: str) -> None:
    assert Redactor({name: value}, accounts=True)(f"a {value} b") == f"a {value} b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: 'https://me:pass@host/x.git'", "fatal: 'https://***@host/x.git'"),
        ("https://ghp_abc@github.com/x", "https://***@github.com/x"),
        ("git@github.com:owner/x.git", "git@github.com:owner/x.git"),
        ("https://github.com/@owner", "https://github.com/@owner"),
        ("key AKIAIOSFODNN7EXAMPLE,", "key ***,"),
        ("ASIAIOSFODNN7EXAMPLE", "***"),
        ("ghs_16C7e42F292c6912E7710c838347Ae178B4a", "***"),
        ("github_pat_11ABCDEFG0123456789_abcdef", "***"),
        ("AUTHORIZATION: basic eC1hY2Nlc3M6eA==", "AUTHORIZATION: basic ***"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer ***'}"),
        ("x-amz-security-token:IQoJb3Jp\nx", "x-amz-security-token:***\nx"),
        ("?X-Amz-Signature=" + "0af" * 21 + "0&b", "?X-Amz-Signature=***&b"),
        ("SignedHeaders=host, Signature=" + "0a" * 32, "SignedHeaders=host, Signature=***"),
    ],
)
def test_credentials_are_known_by_their_look(text: str, shown: str) -> None:
    assert Redactor({}, accounts=False)(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TASK, TASK.replace(ACCOUNT, "***")),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:role/x", "arn:aws-us-gov:iam::***:role/x"),
        (f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/x", "***.dkr.ecr.eu-west-1.amazonaws.com/x"),
        (f"s3://cdk-x-assets-{ACCOUNT}-us-east-1/y", "s3://cdk-x-assets-***-us-east-1/y"),
        # Once it is known from one place, it is hidden in every other.
        (f"{TASK} of {ACCOUNT}", f"{TASK} of {ACCOUNT}".replace(ACCOUNT, "***")),
        ("in 210987654321 grains", "in 210987654321 grains"),
        ("arn:aws:s3:::bucket/210987654321", "arn:aws:s3:::bucket/210987654321"),
        (f"{TASK} 1{ACCOUNT} {ACCOUNT}0", f"{TASK.replace(ACCOUNT, '***')} 1{ACCOUNT} {ACCOUNT}0"),
    ],
)
def test_account_ids(text: str, shown: str) -> None:
    assert Redactor({}, accounts=True)(text) == shown
    assert Redactor({}, accounts=False)(text) == text


@given(st.text())
def test_other_text_stays_as_it_is(text: str) -> None:
    if not any(mark in text.lower() for mark in ("://", "gh", "authorization", "amz", "signature")):
        assert Redactor({}, accounts=True)(text) == text


def test_a_failure_keeps_its_evidence_and_not_the_account() -> None:
    evidence = {"task": TASK, "reason": f"pull from account {ACCOUNT}", "exit_code": "137"}
    failure = Failure("k", "m", "crashed", f"it crashed in {ACCOUNT}", 3, evidence=evidence)
    public = Redactor(SECRETS, accounts=True).failure(failure)
    assert public.evidence == {
        "task": TASK.replace(ACCOUNT, "***"), "reason": "pull from account ***", "exit_code": "137",
    }  # fmt: skip
    assert public.reason == "it crashed in ***"
    assert (public.key, public.kind, public.attempts) == ("k", "crashed", 3)


@pytest.mark.parametrize("github", [True, False])
def test_the_reporter_says_no_credential(github: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    report = Reporter(stream, github=github)
    # Cut in the middle it would no longer be recognised.
    text = "x" * 480 + f" {SECRETS['AWS_SESSION_TOKEN']} {TASK}"
    report.note(text)
    report.warning(text)
    report.error(Problem("q.yaml", 1, 0, text, text))
    for _ in range(12):  # more than there are annotations for
        report.error(text)
    with report.group(text), report.progress(1, text) as advance:
        advance(text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        report.trace()
    said = stream.getvalue()
    for secret in SECRETS.values():
        assert secret[:20] not in said
    assert "RuntimeError" in said
    # A terminal shows whole ARNs, which the AWS CLI wants; GitHub's log is anybody's.
    assert (ACCOUNT in said) is not github


def test_an_account_is_masked_for_the_steps_that_follow() -> None:
    stream = io.StringIO()
    report = Reporter(stream, github=True)
    report.mask(ACCOUNT)
    report.note(f"bootstrapping aws://{ACCOUNT}/us-east-1")
    assert stream.getvalue() == (f"::add-mask::{ACCOUNT}\nbootstrapping aws://***/us-east-1\n")
    terminal = io.StringIO()
    Reporter(terminal, github=False).mask(ACCOUNT)
    assert terminal.getvalue() == ""
