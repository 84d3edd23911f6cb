# ruff: noqa: E501 - lines as git prints them
"""The output of git is classified by what can be done about it."""

from __future__ import annotations

import pytest

from qabot.github.refusals import Refusal, classify

# As git 2.39 prints them, with GitHub's messages.
SAID = {
    Refusal.PASSING: [
        "error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
        "fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 502",
        "fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 429",
        "fatal: unable to access 'https://github.com/o/r/': Recv failure: Connection reset by peer",
        "fatal: unable to access 'https://github.com/o/r/': Could not resolve host: github.com",
        "fatal: unable to access 'https://github.com/o/r/': Empty reply from server",
        "fatal: unable to access 'https://h/': GnuTLS recv error (-110): The TLS connection was non-properly terminated.",
        "kex_exchange_identification: Connection closed by remote host\nfatal: Could not read from remote repository.",
        "remote: Internal Server Error\n ! [remote rejected] HEAD -> main (Internal Server Error)",
        "remote: fatal error in commit_refs\n ! [remote rejected] HEAD -> main (failure)",
        "remote: internal error, try again later\n ! [remote rejected] HEAD -> main (pre-receive hook declined)",
        "error: RPC failed; curl 56 OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof\nfetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF",
    ],
    Refusal.LATE: [
        " ! [rejected] HEAD -> main (fetch first)\nerror: failed to push some refs",
        " ! [remote rejected] HEAD -> main (cannot lock ref 'refs/heads/main': is at 1 but expected 2)",
        " ! [rejected] HEAD -> answers/main (stale info)",
    ],
    Refusal.RULE: [
        "remote: error: GH006: Protected branch update failed for refs/heads/main.\n ! [remote rejected] HEAD -> main (protected branch hook declined)",
        "remote: error: GH013: Repository rule violations found for refs/heads/main.",
        " ! [remote rejected] HEAD -> main (pre-receive hook declined)",
    ],
    Refusal.FINAL: [
        "remote: Repository not found.\nfatal: repository 'https://github.com/o/r/' not found",
        "fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 403",
        "fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate",
        "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "error: file write error: No space left on device",
    ],
}


@pytest.mark.parametrize(
    ("refusal", "said"), [(refusal, said) for refusal, some in SAID.items() for said in some]
)
def test_a_refusal_is_known_by_its_words(refusal: Refusal, said: str) -> None:
    assert classify(said) is refusal
