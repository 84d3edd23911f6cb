"""Who may assume the role of a repository's workflow, and what it may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.access_stack import MISSING, subjects
from infra.app import build
from qabot.deployment.settings import Settings
from qabot.errors import UsageError
from tests.infra.conftest import repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Templates = Callable[..., dict[str, Any]]

ISSUER = "token.actions.githubusercontent.com"
OCTOCAT = Settings(
    github_repository="octocat/questions", github_owner_id=583231, github_repository_id=1296269
)


def role(template: dict[str, Any]) -> dict[str, Any]:
    (resource,) = [
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    return dict(resource["Properties"])


def policy(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The statements of the role's policy by their ids."""
    (resource,) = [
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
    ]
    return {each["Sid"]: each for each in resource["Properties"]["PolicyDocument"]["Statement"]}


def text(value: Any) -> str:
    """A token of CloudFormation as one string, such as `arn:<AWS::Partition>:…`."""
    if isinstance(value, dict) and "Ref" in value:
        return f"<{value['Ref']}>"
    if isinstance(value, dict):
        return "".join(text(part) for part in value["Fn::Join"][1])
    return str(value)


def test_the_branch_is_trusted_in_both_forms_of_the_subject() -> None:
    assert subjects(OCTOCAT) == [
        "repo:octocat/questions:ref:refs/heads/main",
        "repo:octocat@583231/questions@1296269:ref:refs/heads/main",
    ]


def test_an_environment_takes_the_place_of_the_branch(access_template: Templates) -> None:
    (trust,) = role(access_template(github_environment="cloud"))["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert trust["Condition"]["StringEquals"][f"{ISSUER}:sub"] == [
        "repo:octocat/questions:environment:cloud",
        "repo:octocat@583231/questions@1296269:environment:cloud",
    ]


def test_the_trust_compares_whole_strings_and_the_audience(access_template: Templates) -> None:
    (trust,) = role(access_template())["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(trust["Condition"]) == {"StringEquals"}, "a pattern could match another repository"
    condition = trust["Condition"]["StringEquals"]
    assert condition[f"{ISSUER}:aud"] == "sts.amazonaws.com"
    assert condition[f"{ISSUER}:sub"] == subjects(OCTOCAT)
    assert "*" not in json.dumps(condition)


def test_the_provider_is_made_or_the_account_s_own_is_used(access_template: Templates) -> None:
    made = access_template()
    providers = [
        resource["Properties"]
        for resource in made["Resources"].values()
        if resource["Type"] == "AWS::IAM::OIDCProvider"
    ]
    assert providers == [{"ClientIdList": ["sts.amazonaws.com"], "Url": f"https://{ISSUER}"}]
    used = access_template(github_oidc_provider="existing")
    assert "OIDCProvider" not in json.dumps(
        [resource["Type"] for resource in used["Resources"].values()]
    )
    (trust,) = role(used)["AssumeRolePolicyDocument"]["Statement"]
    assert text(trust["Principal"]["Federated"]) == (
        f"arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider/{ISSUER}"
    )


def test_a_session_lasts_no_longer_than_a_job(access_template: Templates) -> None:
    assert role(access_template())["MaxSessionDuration"] == 3600


def test_a_second_repository_does_not_replace_the_first(access_template: Templates) -> None:
    """CloudFormation creates before it deletes, and IAM refuses a second role of the same name."""

    def found(**context: str) -> tuple[list[str], str]:
        resources = access_template(**context)["Resources"]
        roles = {name: r for name, r in resources.items() if r["Type"] == "AWS::IAM::Role"}
        return list(roles), text(next(iter(roles.values()))["Properties"]["RoleName"])

    first, second = found(), found(github_repository="octocat/other", github_repository_id="7")
    assert first[0] != second[0]
    assert first[1] == second[1]
    renamed = found(github_repository="octocat/renamed")
    assert renamed == first


def test_it_deploys_through_the_bootstrap_roles_and_nothing_else(
    access_template: Templates,
) -> None:
    deploy = policy(access_template())["Deploy"]
    assert deploy["Action"] == "sts:AssumeRole"
    assert sorted(text(resource).rpartition(":role/")[2] for resource in deploy["Resource"]) == [
        f"cdk-hnb659fds-{name}-role-<AWS::AccountId>-<AWS::Region>"
        for name in ("deploy", "file-publishing", "image-publishing", "lookup")
    ]


def test_it_operates_this_stack_only(access_template: Templates) -> None:
    here = "<AWS::Region>:<AWS::AccountId>"
    expected = {
        "FindStack": f"arn:<AWS::Partition>:cloudformation:{here}:stack/qabot/*",
        "Launch": f"arn:<AWS::Partition>:ecs:{here}:task-definition/qabot:*",
        "Operate": f"arn:<AWS::Partition>:ecs:{here}:task/qabot/*",
        "TagAtLaunch": f"arn:<AWS::Partition>:ecs:{here}:task/qabot/*",
        "List": "*",
        "Items": f"arn:<AWS::Partition>:dynamodb:{here}:table/qabot",
        "ReadLogs": f"arn:<AWS::Partition>:logs:{here}:log-group:/qabot/tasks:log-stream:*",
    }
    found = policy(access_template())
    assert set(found) == {*expected, "Deploy", "GiveTasksTheirRoles"}
    assert {sid: text(found[sid]["Resource"]) for sid in expected} == expected


def test_whatever_is_about_tasks_is_bound_to_the_cluster(access_template: Templates) -> None:
    found = policy(access_template())
    for sid in ("Launch", "Operate", "List"):
        assert text(found[sid]["Condition"]["ArnEquals"]["ecs:cluster"]) == (
            "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:cluster/qabot"
        ), sid
    assert found["TagAtLaunch"]["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


def test_it_gives_the_tasks_roles_to_tasks_only(
    access_template: Templates, main_template: Templates
) -> None:
    give = policy(access_template())["GiveTasksTheirRoles"]
    assert give["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    names = [
        text(resource["Properties"]["RoleName"])
        for resource in main_template()["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert sorted(
        text(resource).rpartition(":role/")[2] for resource in give["Resource"]
    ) == sorted(names)


def test_no_action_is_a_pattern(access_template: Templates) -> None:
    for sid, statement in policy(access_template()).items():
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            assert "*" not in action, sid


def test_without_a_repository_there_is_no_access_stack_and_wanting_it_says_what_is_missing(
    synthesise: Callable[..., Path], tmp_path: Path
) -> None:
    assert not (synthesise(image="o/n") / "qabot-access.template.json").exists()
    with pytest.raises(UsageError, match="gh api repos/OWNER/NAME") as caught:
        build(repository(tmp_path, image="o/n"), wanted=["deploy", "qabot-access"])
    assert str(caught.value) == MISSING


@pytest.mark.parametrize("name", ["role-name", "arn"])
def test_the_role_is_short_enough_for_iam_and_is_an_output(
    access_template: Templates, name: str
) -> None:
    template = access_template()
    if name == "arn":
        assert set(template["Outputs"]) >= {"RoleArn"}
    else:
        longest = text(role(template)["RoleName"]).replace("<AWS::Region>", "ap-southeast-1")
        assert len(longest) - len("qabot") + 40 <= 64
