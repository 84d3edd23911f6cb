"""What each setting of `cdk.json` may be, and how to say so."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from qabot.deployment import fargate_limits as fargate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The periods that CloudWatch Logs offers.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting's check.

    Args:
        allows: whether a value, as JSON gives it, may be.
        wanted: what may be, in words that follow "give".
    """

    allows: Callable[[Any], bool]
    wanted: str


def _whole(least: int, most: int) -> Rule:
    # bool is an int in Python, and true is no number in JSON.
    return Rule(
        lambda value: type(value) is int and least <= value <= most,
        f"a whole number from {least:,} to {most:,}",
    )


def _one_of(*choices: object) -> Rule:
    return Rule(
        lambda value: any(type(value) is type(one) and value == one for one in choices),
        f"one of {', '.join(json.dumps(one) for one in choices)}",
    )


def _text(pattern: str, wanted: str) -> Rule:
    compiled = re.compile(pattern, re.ASCII)
    return Rule(
        lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None, wanted
    )


def _or_null(rule: Rule) -> Rule:
    return Rule(lambda value: value is None or rule.allows(value), f"{rule.wanted}, or null")


_ID: Final = Rule(
    lambda value: type(value) is int and 0 < value < 10**15, "GitHub's number, without quotes"
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # CloudFormation allows 128 characters; names made from this one are cut at 64 by IAM.
        "stack_name": _text(
            r"[A-Za-z][A-Za-z0-9-]{0,39}",
            "1 to 40 ASCII letters, digits and hyphens, a letter first",
        ),
        "cpu": _one_of(*fargate.SIZES),
        "memory": _whole(512, 122_880),
        "architecture": _one_of(*fargate.ARCHITECTURES),
        "spot": _one_of(True, False),
        "model": _text(
            r"bundled|[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}",
            'OWNER/NAME of a checkpoint on the Hugging Face hub, or "bundled"',
        ),
        "revision": _or_null(
            _text(r"[0-9a-f]{7,40}", "a commit of the checkpoint, 7 to 40 hexadecimal digits")
        ),
        "quantisation": _one_of("int8", "none"),
        # https://pkg.go.dev/github.com/distribution/reference: [domain[:port]/]path[:tag][@digest]
        "image": _or_null(
            _text(
                r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?"
                r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
                r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
                "an image reference such as ghcr.io/OWNER/NAME:TAG",
            )
        ),
        "log_retention_days": _one_of(*RETENTION_DAYS),
        "item_ttl_days": _whole(1, 3650),
        "max_tasks": _whole(1, 5_000),
        # As many keys as fit into the overrides of a launch with room to spare.
        "questions_per_task": _whole(1, 50),
        "task_deadline_seconds": _whole(10, 86_400),
        "max_questions": _whole(1, 100_000),
        "max_cost_usd": Rule(
            lambda value: type(value) in (int, float) and 0 < value <= 100_000,
            "US dollars from above 0 to 100,000",
        ),
        "github_repository": _or_null(
            _text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}", "OWNER/NAME")
        ),
        "github_owner_id": _or_null(_ID),
        "github_repository_id": _or_null(_ID),
        # Wildcards would widen the role's trust; git allows none of them in a branch's name anyway.
        "github_branch": _text(r"[A-Za-z0-9][\w./-]{0,199}", "a branch's name"),
        "github_oidc_provider": _one_of("create", "existing"),
        "github_environment": _or_null(_text(r"[A-Za-z0-9][\w. -]{0,99}", "an environment's name")),
    }
)
