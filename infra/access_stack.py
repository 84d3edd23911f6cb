"""The one-time stack that lets a GitHub repository's workflows deploy and run the other stack.

No key is stored anywhere: GitHub signs a token that names the repository and branch of a job, and AWS
exchanges a token that the role trusts for credentials that last an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_iam as iam

from infra.access_policy import statements, wildcards
from infra.audit import accept
from qabot.deployment.outputs import STACK_TAG

if TYPE_CHECKING:
    from constructs import Construct

    from qabot.deployment.settings import Settings

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# What the workflows ask for, and the least that IAM allows as a maximum.
SESSION_HOURS = 1
# What the CDK's command line calls it, whatever the name of the stack.
ACCESS_ID = "qabot-access"
MISSING = (
    "the access stack needs github_repository, github_owner_id and github_repository_id in cdk.json "
    "(docs/deploying.md, step 2); gh api repos/OWNER/NAME --jq '.owner.id, .id' prints the numbers"
)


def subjects(settings: Settings) -> list[str]:
    """Return the token subjects that may assume the role, in both forms that GitHub writes.

    Repositories created since 15 July 2026 add the numbers of the owner and the repository to their
    names; older ones do not. Each subject is complete, without a wildcard.
    https://docs.github.com/en/actions/reference/security/oidc
    https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens

    Args:
        settings: the deployment's, with the `github_` settings set.
    """
    owner, _, name = (settings.github_repository or "").partition("/")
    with_ids = f"{owner}@{settings.github_owner_id}/{name}@{settings.github_repository_id}"
    if settings.github_environment is not None:
        job = f"environment:{settings.github_environment}"
    else:
        job = f"ref:refs/heads/{settings.github_branch}"
    return [f"repo:{repository}:{job}" for repository in (f"{owner}/{name}", with_ids)]


class AccessStack(cdk.Stack):
    """GitHub as an identity provider, and the role for one repository's branch or environment.

    Args:
        scope: the app.
        settings: the deployment's, with the `github_` settings set.
    """

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(
            scope,
            ACCESS_ID,
            stack_name=f"{settings.stack_name}-access",
            description=f"Lets a GitHub repository deploy and run {settings.stack_name}",
            # Deployed with the person's own credentials instead of the roles of `cdk bootstrap`, so
            # that those, and whoever deploys through them, need no right to change this role.
            synthesizer=cdk.BootstraplessSynthesizer(),
            tags={STACK_TAG: settings.stack_name},
        )
        if settings.github_oidc_provider == "create":
            # AWS verifies GitHub's certificate itself and needs no thumbprint.
            provider_arn = iam.CfnOIDCProvider(
                self, "GitHub", url=f"https://{ISSUER}", client_id_list=[AUDIENCE]
            ).attr_arn
        else:
            provider_arn = (
                f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:oidc-provider/{ISSUER}"
            )
        # The role's name is the same for every repository and its logical id is not: where another
        # repository has this stack already, CloudFormation tries to create a second role of that name
        # and refuses, instead of replacing whom the first one trusts.
        role = iam.Role(
            self,
            f"Role{settings.github_repository_id}",
            role_name=f"{settings.stack_name}-github-{cdk.Aws.REGION}",
            description=f"Workflows of {settings.github_repository}",
            assumed_by=iam.WebIdentityPrincipal(
                provider_arn,
                conditions={
                    "StringEquals": {
                        f"{ISSUER}:aud": AUDIENCE,
                        f"{ISSUER}:sub": subjects(settings),
                    }
                },
            ),
            max_session_duration=cdk.Duration.hours(SESSION_HOURS),
        )
        for statement in statements(self, settings.stack_name):
            role.add_to_policy(statement)
        for resource, reason in wildcards(settings.stack_name).items():
            accept(role, f"IAM5[Resource::{resource}]", reason)
        cdk.CfnOutput(
            self, "RoleArn", value=role.role_arn, description="The variable AWS_ROLE_ARN on GitHub"
        )
