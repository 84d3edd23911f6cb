"""The network of the tasks: one zone, public, no way in, and nothing that costs at rest."""

from __future__ import annotations

import aws_cdk.aws_ec2 as ec2
from constructs import Construct

from infra.audit import accept


class Network(Construct):
    """A VPC with one public subnet, an endpoint for DynamoDB, and the tasks' security group.

    A NAT gateway would cost about 33 dollars a month doing nothing; a public address a task costs
    half a cent an hour while the task runs. The security group lets nobody in.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            max_azs=1,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Tasks",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    # 4,091 addresses: room for the most tasks that the settings allow in practice.
                    cidr_mask=20,
                    # The engine asks for an address where it launches; nothing gets one by itself.
                    map_public_ip_on_launch=False,
                )
            ],
            gateway_endpoints={
                # Free, and keeps questions and answers off the internet.
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                )
            },
        )
        accept(
            self.vpc,
            "VPC7",
            "Flow logs would be the only cost at rest; nothing listens in this network.",
        )
        self.security_group = ec2.SecurityGroup(
            self,
            "TaskSecurityGroup",
            vpc=self.vpc,
            description="Tasks: no way in; out over HTTPS to the registry, the logs and DynamoDB",
            allow_all_outbound=False,
        )
        self.security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to the services of AWS and the registry"
        )
