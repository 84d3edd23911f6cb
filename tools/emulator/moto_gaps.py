"""Additions to moto's CloudFormation for this project's stack.

Moto keeps only the containers and the memory of a task definition, does not know capacity providers,
and never deletes some resources, which then prevent deleting the VPC.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSOCIATIONS = "AWS::ECS::ClusterCapacityProviderAssociations"
# Members of AWS::ECS::TaskDefinition, and moto's names for them.
_MEMBERS = {
    "NetworkMode": "network_mode",
    "RequiresCompatibilities": "requires_compatibilities",
    "Cpu": "cpu",
    "Memory": "memory",
    "TaskRoleArn": "task_role_arn",
    "ExecutionRoleArn": "execution_role_arn",
    "Tags": "tags",
}


@contextmanager
def filled_gaps() -> Iterator[None]:
    """Extend moto's CloudFormation, until the end of the block."""
    from moto.cloudformation import parsing
    from moto.ec2.models.internet_gateways import InternetGateway
    from moto.ec2.models.route_tables import RouteTable
    from moto.ecs.models import Cluster, TaskDefinition

    models = {**parsing.get_model_map(), ASSOCIATIONS: _associations()}
    names = {**parsing.get_name_type_map(), ASSOCIATIONS: ""}
    methods: list[tuple[type, str, Any]] = [
        (TaskDefinition, "create_from_cloudformation_json", _create_definition),
        (TaskDefinition, "update_from_cloudformation_json", _update_definition),
        (TaskDefinition, "delete_from_cloudformation_json", _delete_definition),
        (Cluster, "delete_from_cloudformation_json", _delete_cluster),
        (RouteTable, "delete_from_cloudformation_json", _delete_route_table),
        (InternetGateway, "delete_from_cloudformation_json", _delete_internet_gateway),
    ]
    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(parsing, "get_model_map", return_value=models))
        patches.enter_context(mock.patch.object(parsing, "get_name_type_map", return_value=names))
        for owner, name, method in methods:
            patches.enter_context(mock.patch.object(owner, name, method))
        yield


def _register(properties: dict[str, Any], account_id: str, region_name: str) -> Any:
    from moto.core.utils import pascal_to_camelcase, remap_nested_keys
    from moto.ecs.models import ecs_backends

    def lower(part: object) -> Any:
        return remap_nested_keys(part, pascal_to_camelcase)

    given = {_MEMBERS[name]: one for name, one in properties.items() if name in _MEMBERS}
    # Only the members of tags are lower case in the API.
    given["tags"] = lower(given.get("tags", []))
    return ecs_backends[account_id][region_name].register_task_definition(
        family=properties["Family"],
        container_definitions=lower(properties["ContainerDefinitions"]),
        **given,
    )


# moto passes these as keyword arguments.


def _create_definition(
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_kwargs: Any,
) -> Any:
    return _register(cloudformation_json["Properties"], account_id, region_name)


def _update_definition(
    original_resource: Any,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Any:
    from moto.ecs.models import ecs_backends

    ecs_backends[account_id][region_name].deregister_task_definition(original_resource.arn)
    return _register(cloudformation_json["Properties"], account_id, region_name)


def _delete_definition(
    resource_name: str, _cloudformation_json: dict[str, Any], account_id: str, region_name: str
) -> None:
    from moto.ecs.models import ecs_backends

    ecs_backends[account_id][region_name].deregister_task_definition(resource_name)


def _delete_cluster(
    resource_name: str, _cloudformation_json: dict[str, Any], account_id: str, region_name: str
) -> None:
    from moto.ecs.models import ecs_backends

    ecs_backends[account_id][region_name].delete_cluster(resource_name)


def _delete_route_table(
    resource_name: str, _cloudformation_json: dict[str, Any], account_id: str, region_name: str
) -> None:
    from moto.ec2.models import ec2_backends

    # Its associations are separate resources, which moto does not delete either.
    backend = ec2_backends[account_id][region_name]
    for association in backend.get_route_table(resource_name).associations:
        if not association.get("Main"):
            backend.disassociate_route_table(association["RouteTableAssociationId"])
    backend.delete_route_table(resource_name)


def _delete_internet_gateway(
    resource_name: str, _cloudformation_json: dict[str, Any], account_id: str, region_name: str
) -> None:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[account_id][region_name]
    vpc: Any = backend.internet_gateways[resource_name].vpc
    if vpc is not None:
        backend.detach_internet_gateway(resource_name, vpc.id)
    backend.delete_internet_gateway(resource_name)


def _associations() -> type:
    from moto.ecs.models import ecs_backends

    # Not derived from CloudFormationModel: moto lists its subclasses, and would keep this one.
    class Associations:
        """The capacity providers of a cluster."""

        def __init__(self, cluster: str) -> None:
            self.physical_resource_id = cluster

        cloudformation_name_type = staticmethod(lambda: "")
        cloudformation_type = staticmethod(lambda: ASSOCIATIONS)
        has_cfn_attr = classmethod(lambda _cls, _attribute: False)

        @classmethod
        def create_from_cloudformation_json(
            cls,
            _resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_kwargs: Any,
        ) -> Associations:
            properties = cloudformation_json["Properties"]
            cluster = properties["Cluster"]
            ecs_backends[account_id][region_name].put_cluster_capacity_providers(
                cluster,
                properties["CapacityProviders"],
                properties["DefaultCapacityProviderStrategy"],
            )
            return cls(cluster)

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Any, *_arguments: Any, **_kwargs: Any
        ) -> Any:
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *_arguments: Any, **_kwargs: Any) -> None:
            return

        def is_created(self) -> bool:
            return True

    return Associations
