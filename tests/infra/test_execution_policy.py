"""The narrowed policy of CloudFormation's role is enough for the stack, and for no other."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infra.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    Templates = Callable[..., dict[str, Any]]

STATEMENTS = json.loads((ROOT / "infra" / "execution_policy.json").read_text("utf-8"))["Statement"]
# What the handlers of these resource types may call for properties that the stack does not have.
NOT_USED = (
    *("ec2:*SubnetCidrBlock", "ec2:*VpnGateway*", "ec2:CreateVpcEncryptionControl"),
    *("ec2:ModifyVpcTenancy", "ecs:PutAccountSetting*", "logs:CreateLogDelivery"),
    *("logs:*ResourcePolicy", "iam:*GroupPolicy", "iam:*UserPolicy", "iam:*PermissionsBoundary"),
    *("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
)
SERVICES = {"dynamodb", "ec2", "ecs", "iam", "logs"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_it_is_enough_for_every_resource_of_the_stack(main_template: Templates) -> None:
    allowed = [pattern for statement in STATEMENTS for pattern in listed(statement["Action"])]
    missing = set()
    for kind in sorted({resource["Type"] for resource in main_template()["Resources"].values()}):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        for handler in ("create", "read", "update", "delete"):
            missing |= {
                f"{kind}: {action}"
                for action in schema["handlers"].get(handler, {}).get("permissions", [])
                if action.partition(":")[0] in SERVICES
                and not any(fnmatchcase(action, pattern) for pattern in (*allowed, *NOT_USED))
            }
    assert missing == set()


def test_roles_and_data_are_those_of_the_stack_only(main_template: Templates) -> None:
    for statement in STATEMENTS:
        actions = listed(statement["Action"])
        if any(
            action.startswith(("iam:", "dynamodb:")) or action == "logs:*" for action in actions
        ):
            resources = listed(statement["Resource"])
            narrow = all("qabot" in resource for resource in resources)
            assert narrow or statement["Sid"] == "ServiceRoleOfEcs", statement["Sid"]
    names = [
        json.dumps(resource["Properties"]["RoleName"])
        for resource in main_template()["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert len(names) == 2
    assert any('"qabot-task-' in name for name in names)
    assert any('"qabot-exec-' in name for name in names)


def test_it_may_not_change_the_access_role(access_template: Templates) -> None:
    """Or a pushed change could give the workflows more rights than the person gave them."""
    (role,) = [
        resource["Properties"]
        for resource in access_template()["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    name = "".join(part for part in role["RoleName"]["Fn::Join"][1] if isinstance(part, str))
    for statement in STATEMENTS:
        for resource in listed(statement["Resource"]):
            assert not fnmatchcase(f"arn:aws:iam::1:role/{name}", resource) or resource == "*"
    template = access_template()
    assert "BootstrapVersion" not in template.get("Parameters", {}), "deployed by the person"


def test_it_is_short_enough_for_a_managed_policy() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS}, indent=None)) < 6144
