"""The one-time stack that lets a GitHub repository's workflow deploy and run the other stack.

No key is stored anywhere: GitHub signs a token that says which repository and branch a job belongs
to, and AWS gives credentials for an hour to whoever shows one that the role trusts.
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
# The longest run, with room; a workflow asks for it with role-duration-seconds.
SESSION_HOURS = 4
MISSING = (
    "the access stack needs github_repository, github_owner_id and github_repository_id in cdk.json "
    "(docs/deploying.md, step 2); gh api repos/OWNER/NAME --jq '.owner.id, .id' tells the numbers"
)


def access_stack_name(settings: Settings) -> str:
    """The name of the access stack that belongs to a deployment."""
    return f"{settings.stack_name}-access"


def subjects(settings: Settings) -> list[str]:
    """The subjects of the tokens that may assume the role, in both forms that GitHub writes.

    Repositories made since 15 July 2026 put the numbers of the owner and of the repository beside
    their names, older ones don't. All are whole, without a wildcard.
    https://docs.github.com/en/actions/reference/security/oidc
    https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens

    Args:
        settings: with the `github_` settings given.
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
        settings: of the deployment, with the `github_` settings given.
        synthesizer: how the template is published; the CDK's default by default.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        synthesizer: cdk.IStackSynthesizer | None = None,
    ) -> None:
        name = access_stack_name(settings)
        super().__init__(
            scope,
            name,
            stack_name=name,
            description=f"Lets a GitHub repository deploy and run {settings.stack_name}",
            synthesizer=synthesizer,
            tags={STACK_TAG: settings.stack_name},
        )
        if settings.github_oidc_provider == "create":
            # AWS checks GitHub's certificate itself; a thumbprint is neither needed nor used.
            provider_arn = iam.CfnOIDCProvider(
                self, "GitHub", url=f"https://{ISSUER}", client_id_list=[AUDIENCE]
            ).attr_arn
        else:
            provider_arn = (
                f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:oidc-provider/{ISSUER}"
            )
        role = iam.Role(
            self,
            "Role",
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
