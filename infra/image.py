"""The image that tasks run: built from container/, or pulled from a registry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecr_assets as ecr_assets
import aws_cdk.aws_ecs as ecs

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

    from qabot.deployment.settings import Settings

# ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG | @DIGEST]
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?"
)


def container_image(scope: Construct, settings: Settings, root: Path) -> ecs.ContainerImage:
    """Return the image that the settings ask for.

    Args:
        scope: the construct into which a repository of ECR is imported.
        settings: the deployment's; `image`, `architecture` and the model are used.
        root: the repository, with `container/`.
    """
    if settings.image is None:
        arm = settings.architecture == "arm64"
        return ecs.ContainerImage.from_asset(
            str(root / "container"),
            asset_name="qabot-answerer",
            platform=ecr_assets.Platform.LINUX_ARM64 if arm else ecr_assets.Platform.LINUX_AMD64,
            build_args={
                "MODEL": settings.model,
                "REVISION": settings.revision or "",
                "QUANTISATION": settings.quantisation,
            },
            exclude=["**/__pycache__", "**/*.pyc"],
        )
    match = _ECR.fullmatch(settings.image)
    if match is None:
        return ecs.ContainerImage.from_registry(settings.image)
    # ECR, unlike a public registry, needs permission to pull: importing it grants the execution role.
    account, region, name = match["account"], match["region"], match["name"]
    repository = ecr.Repository.from_repository_attributes(
        scope,
        "Repository",
        repository_arn=f"arn:{cdk.Aws.PARTITION}:ecr:{region}:{account}:repository/{name}",
        repository_name=name,
    )
    return ecs.ContainerImage.from_ecr_repository(
        repository, match["digest"] or match["tag"] or "latest"
    )
