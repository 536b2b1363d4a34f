"""Resources that Serverless makes beside functions and layers, for references to them.

https://www.serverless.com/framework/docs/providers/aws/guide/resources#aws-cloudformation-resource-reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.serverless.template.logical_ids import (
    EXECUTION_ROLE,
    HTTP_API,
    REST_API,
    WEBSOCKET_API,
    function_id,
    log_group_id,
)
from samlocal.serverless.template.resource_nodes import ResourceBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

# Resources of events, whose ids the services generate.
_APIS: Final = {
    REST_API: "AWS::ApiGateway::RestApi",
    HTTP_API: "AWS::ApiGatewayV2::Api",
    WEBSOCKET_API: "AWS::ApiGatewayV2::Api",
}
_BUCKET: Final = "ServerlessDeploymentBucket"
_LOG_GROUP: Final = "AWS::Logs::LogGroup"
# How the ids of resources begin or end that events, functions and plugins make.
_PREFIXES: Final = (
    "Alb",
    "ApiGateway",
    "CloudFront",
    "CognitoUserPool",
    "HttpApi",
    "IamRole",
    "S3Bucket",
    "SNSTopic",
    "Websockets",
)
_SUFFIXES: Final = ("LambdaFunctionUrl", "LambdaEvConf", "LogGroup", "EventBridgeEventBus")


def generated_types(service: Service) -> dict[str, str]:
    """Return the types of the resources that a service always has, and of those that functions refer to."""
    groups = {log_group_id(key): _LOG_GROUP for key in service.functions.keys}
    return {_BUCKET: "AWS::S3::Bucket", EXECUTION_ROLE: "AWS::IAM::Role", **_APIS, **groups}


def generated_resource(service: Service, logical_id: str, resource_type: str) -> Node:
    """Return one of these resources with the name that Serverless gives it."""
    resource = ResourceBuilder(resource_type, service.root)
    if logical_id == EXECUTION_ROLE:
        parts = (service.name, service.stage, service.region, "lambdaRole")
        name = service.value("provider", "iam", "role", "name")
        resource.add("RoleName", name or service.root.with_value("-".join(parts)))
    for key in service.functions.keys if resource_type == _LOG_GROUP else ():
        if log_group_id(key) == logical_id:
            resource.add_text("LogGroupName", f"/aws/lambda/{service.function_name(key)}")
    return resource.node()


@frozen
class EventResources:
    """The resources that Serverless may make of the events of functions, which are not read.

    Implements `SamResources`, what a stack knows about generated resources.
    """

    function_ids: frozenset[str]

    @property
    def resources(self) -> Mapping[str, Node]:
        return {}

    @property
    def referable(self) -> Mapping[str, str]:
        return {}

    def may_have(self, name: str) -> bool:
        """Return whether a logical id may be one of these resources: its value is known after deployment."""
        return (
            name.startswith(_PREFIXES)
            or name.endswith(_SUFFIXES)
            or any(
                name.startswith(each.removesuffix("LambdaFunction")) for each in self.function_ids
            )
        )


def event_resources(service: Service) -> EventResources:
    """Return what events may make, for the functions of a service."""
    return EventResources(function_ids=frozenset(map(function_id, service.functions.keys)))
