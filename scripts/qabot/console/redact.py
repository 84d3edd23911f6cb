"""Redact credentials, and on public pages account ids.

Credentials are never printed. AWS does not treat account ids as secret, but they name a target for
attackers: they are kept out of commits, and out of the logs and summaries of GitHub, which are public
if the repository is. On a terminal they are shown, because the AWS CLI needs whole ARNs.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qabot.answers.model import Failure

# GitHub's own masks in a log.
HIDDEN = "***"

# Names of variables that hold a credential; not of those that say where to find one.
_NAMES = re.compile(
    r"SECRET|TOKEN(?!IZ)|PASSW|ACCESS_KEY|API_?KEY|CREDENTIAL|PRIVATE", re.IGNORECASE
)
_PLACES = re.compile(r"_(FILE|PATH|URI|URL)$", re.IGNORECASE)
# Anything shorter is a placeholder, such as `testing`, or a word that occurs in texts.
_SHORTEST = 12

# Credentials by their form. The prefixes are those of AWS and GitHub:
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
# docs.github.com: About authentication to GitHub, GitHub's token formats
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
_CREDENTIALS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?i)(https?://)[^/\s@'\"]+@", rf"\1{HIDDEN}@"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
        (r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{16,})", HIDDEN),
        (r"(?i)(authorization\W{1,4}(?:basic|bearer|token)\s+)[^\s'\",]+", rf"\1{HIDDEN}"),
        (r"(?i)(x-amz-(?:security-token|signature)\W{1,4})[^\s&'\",]+", rf"\1{HIDDEN}"),
        (r"(?i)(\bsignature=)[0-9a-f]{64}\b", rf"\1{HIDDEN}"),
    )
)
# Twelve digits that are an account id: in an ARN, a registry's name, the CDK's buckets.
_ACCOUNT = re.compile(
    r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12})(?=:)|(?<!\d)(\d{12})(?=\.dkr\.ecr\.)|-assets-(\d{12})(?=-)"
)


class Redactor:
    """Redacts texts.

    Args:
        environ: the values of its credentials are redacted.
        accounts: whether account ids are redacted, too.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, *, accounts: bool) -> None:
        values = {
            value.strip()
            for name, value in environ.items()
            if _NAMES.search(name) and not _PLACES.search(name)
        }
        # The longest first: a credential may be part of another.
        self._values = sorted((v for v in values if len(v) >= _SHORTEST), key=len, reverse=True)
        self._accounts = accounts
        self._known: set[str] = set()

    def learn(self, account: str) -> None:
        """Redact this account's id everywhere, not only where the context identifies it."""
        self._known.add(re.escape(account))

    def __call__(self, text: str) -> str:
        """Redact one text."""
        return self.together([text])[0]

    def together(self, texts: Sequence[str]) -> list[str]:
        """Redact related texts: an account id in an ARN of one is redacted in all."""
        hidden = list(map(self._without_credentials, texts))
        if not self._accounts:
            return hidden
        found = {
            match[match.lastindex or 0] for text in hidden for match in _ACCOUNT.finditer(text)
        }
        for account in found | self._known:
            hidden = [re.sub(rf"(?<!\d){account}(?!\d)", HIDDEN, text) for text in hidden]
        return hidden

    def _without_credentials(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        for pattern, instead in _CREDENTIALS:
            text = pattern.sub(instead, text)
        return text

    def failure(self, failure: Failure) -> Failure:
        """A failure that can be committed: its evidence names the task, but not the account."""
        reason, *evidence = self.together([failure.reason, *failure.evidence.values()])
        return replace(
            failure, reason=reason, evidence=dict(zip(failure.evidence, evidence, strict=True))
        )
