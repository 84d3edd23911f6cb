"""Properties of the main stack's template that must not change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk.assertions import Match, Template

from answerer.info import read_info
from qabot.deployment.outputs import Output
from qabot.models.bundled import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Templates = Callable[..., dict[str, Any]]

# None of these costs anything while no task runs.
# A log group and a table cost what they hold, and both forget.
FREE_AT_REST = {
    "AWS::DynamoDB::Table",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::TaskDefinition",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
}


@pytest.fixture(scope="module")
def template(main_template: Templates) -> dict[str, Any]:
    return main_template()


@pytest.fixture(scope="module")
def checks(template: dict[str, Any]) -> Template:
    return Template.from_json(template)


def resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry for entry in template["Resources"].values() if entry["Type"] == kind]


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (entry,) = resources(template, kind)
    return dict(entry["Properties"])


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement of each policy with the logical id of the policy."""
    for name, entry in template["Resources"].items():
        if entry["Type"] == "AWS::IAM::Policy":
            for statement in entry["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_everything_in_it_is_free_at_rest(template: dict[str, Any]) -> None:
    assert {entry["Type"] for entry in template["Resources"].values()} == FREE_AT_REST


def test_nothing_outlives_the_stack(template: dict[str, Any]) -> None:
    kept = [
        name
        for name, entry in template["Resources"].items()
        if entry.get("DeletionPolicy", "Delete") != "Delete"
    ]
    assert kept == []


def test_the_table_is_what_the_engine_expects(checks: Template) -> None:
    checks.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "item_id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "item_id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        },
    )


def test_the_network_has_public_subnets_in_several_zones_that_assign_no_address(
    template: dict[str, Any],
) -> None:
    subnets = [subnet["Properties"] for subnet in resources(template, "AWS::EC2::Subnet")]
    assert len(subnets) == 2
    assert len({json.dumps(subnet["AvailabilityZone"]) for subnet in subnets}) == 2
    assert {subnet["CidrBlock"].rpartition("/")[2] for subnet in subnets} == {"20"}
    assert {subnet["MapPublicIpOnLaunch"] for subnet in subnets} == {False}
    names = json.dumps(template["Outputs"][Output.SUBNETS]["Value"])
    assert names.count('"Ref"') == 2
    assert "AWS::EC2::NatGateway" not in json.dumps(template)
    assert only(template, "AWS::EC2::VPCEndpoint")["VpcEndpointType"] == "Gateway"
    assert "dynamodb" in json.dumps(only(template, "AWS::EC2::VPCEndpoint")["ServiceName"])


def test_only_outgoing_https_is_allowed(template: dict[str, Any]) -> None:
    group = only(template, "AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert resources(template, "AWS::EC2::SecurityGroupIngress") == []
    ports = [
        (entry["IpProtocol"], entry["FromPort"], entry["ToPort"])
        for entry in group["SecurityGroupEgress"]
    ]
    assert ports == [("tcp", 443, 443)]


def test_no_partition_is_written_out(main_template: Templates, access_template: Templates) -> None:
    image = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/qabot:1"
    for template in (main_template(image=image), main_template(image=None), access_template()):
        assert "arn:aws" not in json.dumps(template)


@pytest.mark.parametrize("days", [1, 14, 3653])
def test_logs_are_kept_as_long_as_the_settings_say(main_template: Templates, days: int) -> None:
    group = only(main_template(log_retention_days=days), "AWS::Logs::LogGroup")
    assert group["RetentionInDays"] == days


def test_both_capacity_providers_are_there(template: dict[str, Any]) -> None:
    found = only(template, "AWS::ECS::ClusterCapacityProviderAssociations")
    assert found["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_the_task_is_as_big_as_the_settings_say_and_the_container_has_no_limit_of_its_own(
    main_template: Templates,
) -> None:
    definition = only(
        main_template(cpu=2048, memory=5120, architecture="arm64"), "AWS::ECS::TaskDefinition"
    )
    assert (definition["Cpu"], definition["Memory"]) == ("2048", "5120")
    assert definition["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    (container,) = definition["ContainerDefinitions"]
    # Or a retry with more memory for the task would not reach it.
    assert not {"Memory", "MemoryReservation", "Cpu"} & set(container)


def test_the_container_is_locked_down_and_has_its_variables(main_template: Templates) -> None:
    template = main_template(task_deadline_seconds=90, item_ttl_days=7)
    (container,) = only(template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert "Privileged" not in container
    assert "PortMappings" not in container
    names = [entry["Name"] for entry in container["Environment"]]
    values = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    assert sorted(names) == ["DEADLINE_SECONDS", "ITEM_TTL_DAYS", "TABLE_NAME"]
    assert (values["DEADLINE_SECONDS"], values["ITEM_TTL_DAYS"]) == ("90", "7")
    assert values["TABLE_NAME"] == {"Ref": table_id(template)}
    assert container["LogConfiguration"]["LogDriver"] == "awslogs"
    assert container["LogConfiguration"]["Options"]["awslogs-stream-prefix"] == "answer"
    assert "Secrets" not in container


def table_id(template: dict[str, Any]) -> str:
    (name,) = [
        name
        for name, entry in template["Resources"].items()
        if entry["Type"] == "AWS::DynamoDB::Table"
    ]
    return str(name)


def test_the_task_may_read_and_update_items_of_its_table_and_nothing_else(
    template: dict[str, Any],
) -> None:
    (policy,) = [entry for name, entry in statements(template) if "TaskRole" in name]
    assert policy["Action"] == ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    assert policy["Effect"] == "Allow"
    assert listed(policy["Resource"]) == [{"Fn::GetAtt": [table_id(template), "Arn"]}]
    definition = only(template, "AWS::ECS::TaskDefinition")
    assert "TaskRole" in json.dumps(definition["TaskRoleArn"])
    assert "ExecutionRole" in json.dumps(definition["ExecutionRoleArn"])
    for role in resources(template, "AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role["Properties"]


def test_only_tasks_may_assume_the_roles_and_the_task_role_only_those_of_this_account(
    template: dict[str, Any],
) -> None:
    trusts = {}
    for role in resources(template, "AWS::IAM::Role"):
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        trusts[json.dumps(role["Properties"]["RoleName"])] = trust.get("Condition")
    assert len(trusts) == 2
    (condition,) = [entry for name, entry in trusts.items() if "qabot-task-" in name]
    assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = condition["ArnLike"]["aws:SourceArn"]["Fn::Join"][1]
    assert source == [
        *("arn:", {"Ref": "AWS::Partition"}, ":ecs:", {"Ref": "AWS::Region"}, ":"),
        *({"Ref": "AWS::AccountId"}, ":*"),
    ]


@pytest.mark.parametrize("image", ["ghcr.io/o/n:1", None])
def test_no_statement_is_for_every_resource_where_the_service_allows_another(
    main_template: Templates, image: str | None
) -> None:
    wild = [
        listed(statement["Action"])
        for _, statement in statements(main_template(image=image))
        if "*" in listed(statement["Resource"])
    ]
    # It takes no resource: docs.aws.amazon.com/AmazonECR/latest/userguide/security-iam-awsmanpol.html
    assert wild == ([["ecr:GetAuthorizationToken"]] if image is None else [])
    for _, statement in statements(main_template(image=image)):
        assert not any("*" in action for action in listed(statement["Action"]))


def test_an_image_of_a_private_registry_on_ecr_may_be_pulled(main_template: Templates) -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/qabot@sha256:" + "a" * 64
    template = main_template(image=image)
    pulls = [entry for _, entry in statements(template) if "ecr:BatchGetImage" in entry["Action"]]
    assert [entry["Resource"]["Fn::Join"][1] for entry in pulls] == [
        ["arn:", {"Ref": "AWS::Partition"}, ":ecr:eu-west-1:123456789012:repository/team/qabot"]
    ]
    (container,) = only(template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert "team/qabot@sha256:" + "a" * 64 in json.dumps(container["Image"])


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_an_image_that_the_settings_name_is_run_and_nothing_is_built(
    synthesise: Callable[..., Path], architecture: str
) -> None:
    image = "ghcr.io/octocat/qabot:v1@sha256:" + "a" * 64
    outdir = synthesise(architecture=architecture, image=image)
    assets = json.loads((outdir / "qabot.assets.json").read_text())
    assert not assets.get("dockerImages")
    template = json.loads((outdir / "qabot.template.json").read_text())
    (container,) = only(template, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["Image"] == image


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "amd64"), ("arm64", "arm64")])
def test_without_an_image_the_container_folder_is_built_with_the_model_of_the_settings(
    synthesise: Callable[..., Path], architecture: str, platform: str
) -> None:
    outdir = synthesise(
        architecture=architecture, model="team/small", revision="0123456", quantisation="none"
    )
    assets = json.loads((outdir / "qabot.assets.json").read_text())["dockerImages"]
    (asset,) = assets.values()
    assert asset["source"]["dockerBuildArgs"] == {
        "MODEL": "team/small",
        "REVISION": "0123456",
        "QUANTISATION": "none",
    }
    assert asset["source"]["platform"] == f"linux/{platform}"
    assert (outdir / asset["source"]["directory"] / "Dockerfile").is_file()


def test_the_outputs_are_those_that_the_engine_reads(main_template: Templates) -> None:
    outputs = main_template()["Outputs"]
    assert set(outputs) == {str(output) for output in Output}
    values = {name: entry["Value"] for name, entry in outputs.items()}
    assert values[Output.CONTAINER] == "answerer"
    assert (values[Output.CPU], values[Output.MEMORY]) == ("1024", "4096")
    assert values[Output.MODEL] == read_info(BUNDLED).identity


def test_whatever_can_carry_a_tag_says_which_stack_it_is_of(
    synthesise: Callable[..., Path],
) -> None:
    manifest = json.loads((synthesise(image="o/n") / "manifest.json").read_text())
    assert manifest["artifacts"]["qabot"]["properties"]["tags"] == {"qabot:stack": "qabot"}


def test_another_name_gives_another_stack_that_shares_nothing(
    synthesise: Callable[..., Path],
) -> None:
    outdir = synthesise(stack_name="second", image="o/n")
    manifest = json.loads((outdir / "manifest.json").read_text())
    # The command line's name for it is the same, so that `scripts/cdk deploy qabot` finds it.
    assert manifest["artifacts"]["qabot"]["properties"]["stackName"] == "second"
    template = json.loads((outdir / "qabot.template.json").read_text())
    text = json.dumps(template["Resources"])
    assert only(template, "AWS::DynamoDB::Table")["TableName"] == "second"
    assert only(template, "AWS::ECS::Cluster")["ClusterName"] == "second"
    assert '"qabot' not in text


def test_a_real_account_must_be_bootstrapped_and_an_emulated_one_need_not(
    synthesise: Callable[..., Path],
) -> None:
    real = synthesise(image="o/n") / "qabot.template.json"
    emulated = synthesise(image="o/n", context={"bootstrapless": "true"}) / "qabot.template.json"
    assert "BootstrapVersion" in json.loads(real.read_text())["Parameters"]
    assert "BootstrapVersion" not in json.loads(emulated.read_text()).get("Parameters", {})


def test_the_template_has_what_cloudformation_asks_of_a_task_definition(checks: Template) -> None:
    checks.has_resource_properties(
        "AWS::ECS::TaskDefinition",
        {
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [Match.object_like({"Essential": True})],
        },
    )
