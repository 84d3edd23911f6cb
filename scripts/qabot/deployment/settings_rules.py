"""Rules for the settings of `cdk.json`: the check of a value, and its description."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# The periods that CloudWatch Logs offers.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The check of one setting.

    Args:
        allows: returns whether a value, as JSON gives it, is valid.
        expected: the valid values in words, such as `OWNER/NAME`.
    """

    allows: Callable[[Any], bool]
    expected: str


def integer(least: int, most: int) -> Rule:
    """Whole numbers from `least` to `most`."""
    # In Python bool is an int; in JSON true is not a number.
    return Rule(
        lambda value: type(value) is int and least <= value <= most,
        f"an integer from {least:,} to {most:,}",
    )


def one_of(*choices: object) -> Rule:
    """These values and no others, with their types."""
    return Rule(
        lambda value: any(type(value) is type(choice) and value == choice for choice in choices),
        f"one of {', '.join(json.dumps(choice) for choice in choices)}",
    )


def text(pattern: str, expected: str) -> Rule:
    """Text that a regular expression matches entirely, with ASCII classes."""
    compiled = re.compile(pattern, re.ASCII)
    return Rule(
        lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None, expected
    )


def or_null(rule: Rule) -> Rule:
    """The values that `rule` allows, and null."""
    return Rule(lambda value: value is None or rule.allows(value), f"{rule.expected}, or null")


def dollars(most: int) -> Rule:
    """US dollars above 0, up to `most`."""
    return Rule(
        lambda value: type(value) in (int, float) and 0 < value <= most,
        f"US dollars above 0, up to {most:,}",
    )


STACK_NAME: Final = text(
    # CloudFormation allows 128 characters; IAM cuts the names made from this one at 64.
    r"[A-Za-z][A-Za-z0-9-]{0,39}",
    "1 to 40 ASCII letters, digits and hyphens, starting with a letter",
)
MODEL: Final = text(
    r"bundled|[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}",
    'OWNER/NAME of a checkpoint on the Hugging Face hub, or "bundled"',
)
REVISION: Final = text(r"[0-9a-f]{7,40}", "a commit of the checkpoint, 7 to 40 hexadecimal digits")
# https://pkg.go.dev/github.com/distribution/reference: [domain[:port]/]path[:tag][@digest]
IMAGE: Final = text(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    "an image reference such as ghcr.io/OWNER/NAME:TAG",
)
REPOSITORY: Final = text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}", "OWNER/NAME")
GITHUB_ID: Final = Rule(
    lambda value: type(value) is int and 0 < value < 10**15, "GitHub's number, without quotes"
)
# No wildcards: they would widen the trust of the role. Git allows none in a branch name anyway.
BRANCH: Final = text(r"[A-Za-z0-9][\w./-]{0,199}", "a branch name")
ENVIRONMENT: Final = text(r"[A-Za-z0-9][\w. -]{0,99}", "an environment name")
