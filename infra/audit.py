"""The audit of the whole app by cdk-nag, and how a construct accepts a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct


def audit(app: cdk.App) -> None:
    """Make synthesis fail on a finding of AWS Solutions that is not accepted."""
    from cdk_nag import AwsSolutionsChecks

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding of `cdk-nag` on a construct and what is below it.

    Args:
        construct: the construct with the finding.
        rule: such as `VPC7`, or `IAM5[Resource::*]` where a rule has several findings.
        reason: why it is right here.
    """
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
