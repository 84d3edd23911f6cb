"""cdk-nag over the whole app, and how a construct says that a finding is meant to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct


def audit(app: cdk.App) -> None:
    """Let no synthesis succeed with a finding of AWS Solutions that nobody has accepted."""
    from cdk_nag import AwsSolutionsChecks

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding of `cdk-nag` on a construct and what is below it.

    Args:
        construct: where the finding is.
        rule: such as `VPC7`, or `IAM5[Resource::*]` where one rule has several findings.
        reason: why it is right here.
    """
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
