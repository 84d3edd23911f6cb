"""Why a remote refused, from git's output, and whether another attempt may succeed."""

from __future__ import annotations

import re
from enum import Enum


class Refusal(Enum):
    """Why a fetch or a push failed."""

    LATE = "somebody else pushed first"
    PASSING = "the remote could not be reached, or has a problem"
    RULE = "the branch does not accept pushes"
    FINAL = "another reason: another attempt would fail, too"


# git's own words, libcurl's, OpenSSH's, and GitHub's while it has trouble (githubstatus.com). A
# server error comes before the rules: a hook that failed declines the push just as a rule does.
_PASSING = re.compile(
    r"returned error: (?:408|429|5\d\d)|\bHTTP (?:408|429|5\d\d)\b|curl (?:6|7|18|28|35|52|55|56|92) "
    r"|internal (?:server )?error|try again later|temporarily unavailable|service unavailable"
    r"|bad gateway|gateway time-?out|fatal error in commit_refs"
    r"|connection (?:was |timed out|reset|refused|closed|aborted)|operation timed out|network is "
    r"unreachable|recv failure|send failure|empty reply from server|could ?n[o']t (?:resolve|connect "
    r"to) |failed to connect|temporary failure in name resolution|SSL_(?:ERROR_SYSCALL|read|connect)"
    r"|SSL connect error|gnutls_handshake|GnuTLS recv error|TLS connection was|HTTP/2 stream"
    r"|kex_exchange_identification|unexpected disconnect|hung up unexpectedly|early EOF"
    r"|transfer closed|expected flush|bad line length|invalid server response|no reply within",
    re.IGNORECASE,
)
_LATE = re.compile(
    r"fetch first|non-fast-forward|cannot lock ref|reference already exists|stale info"
)
_RULE = re.compile(
    r"protected branch|GH006|GH013|hook declined|repository rule|not allowed to push", re.IGNORECASE
)


def classify(said: str) -> Refusal:
    """Find out why a fetch or a push failed.

    Args:
        said: the output of git.
    """
    for refusal, words in (
        (Refusal.PASSING, _PASSING),
        (Refusal.LATE, _LATE),
        (Refusal.RULE, _RULE),
    ):
        if words.search(said):
            return refusal
    return Refusal.FINAL
