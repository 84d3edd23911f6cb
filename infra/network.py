"""The network of the tasks: public subnets, no incoming connections, and no cost at rest."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_ec2 as ec2
from constructs import Construct

from infra.audit import accept


class Network(Construct):
    """A VPC with public subnets, an endpoint for DynamoDB, and the tasks' security group.

    A NAT gateway would cost about 33 dollars per month without any task; a public address costs half a
    cent per hour for each running task. The security group allows no incoming connection.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            # A subnet costs nothing, and a zone can be out of capacity. Two are what the CDK gives a
            # template that is for any account and region: every region has two zones for everybody.
            max_azs=3,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Tasks",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    # 4,091 addresses each: more than the quotas of an account usually allow tasks.
                    cidr_mask=20,
                    # The engine asks for an address when it launches a task.
                    map_public_ip_on_launch=False,
                )
            ],
            gateway_endpoints={
                # Free, and questions and answers do not cross the internet.
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                )
            },
        )
        # Instead of the CDK's path, which is the same for every deployment of an account.
        cdk.Tags.of(self.vpc).add("Name", cdk.Stack.of(self).stack_name, priority=200)
        accept(
            self.vpc,
            "VPC7",
            "Flow logs would be the only cost at rest; nothing in this network listens.",
        )
        self.security_group = ec2.SecurityGroup(
            self,
            "TaskSecurityGroup",
            vpc=self.vpc,
            description="Tasks: nothing incoming; outgoing HTTPS to the registry, logs and DynamoDB",
            allow_all_outbound=False,
        )
        self.security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to the services of AWS and the registry"
        )
