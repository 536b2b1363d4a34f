"""WebSocket APIs of plain CloudFormation, which the CDK and the Serverless Framework write.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import ApiResources, declared_property, orphans
from samlocal.cloudformation.apis.http_resources import is_websocket
from samlocal.cloudformation.apis.settings import required_text, skipped
from samlocal.cloudformation.apis.v2_resources import (
    API,
    INTEGRATION,
    INTEGRATION_RESPONSE,
    OWNER,
    ROUTE,
    V2ApiReader,
)
from samlocal.errors import ProjectError
from samlocal.project.apis import ANY_METHOD, Api, ApiKind, Apis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.diagnostics import Diagnostic

_ROUTE_RESPONSE: Final = "AWS::ApiGatewayV2::RouteResponse"
_SELECTION: Final = "RouteSelectionExpression"


def read_websocket_resources(stacks: Sequence[Stack], targets: FunctionTargets) -> Apis:
    """Return the WebSocket APIs of stacks, each once for each of its stages."""
    resources = ApiResources(stacks)
    apis: list[Api] = []
    diagnostics: list[Diagnostic] = []
    for api in resources.of_type(API):
        if is_websocket(api):
            try:
                apis.extend(_read(resources, api, targets))
            except ProjectError as error:
                diagnostics.append(skipped(f"`{api.logical_id}`", error))
    diagnostics.extend(orphans(resources, INTEGRATION_RESPONSE, "IntegrationId", INTEGRATION))
    return Apis(apis=tuple(apis), diagnostics=tuple(diagnostics))


def _read(resources: ApiResources, api: Resource, targets: FunctionTargets) -> Iterator[Api]:
    reader = V2ApiReader(
        resources, api, ApiKind.WEBSOCKET, targets, lambda key, _: (ANY_METHOD, key)
    )
    selection = required_text(reader.settings, _SELECTION, f"`{api.logical_id}`")
    answering = frozenset(_answering(resources, api))
    for stage in reader.stages:
        read = reader.read(stage)
        routes = tuple(replace(route, answers=route.path in answering) for route in read.routes)
        yield replace(read, routes=routes, route_selection=selection)


def _answering(resources: ApiResources, api: Resource) -> Iterator[str]:
    """Yield the keys of the routes whose functions' results are sent to the client."""
    for route in resources.owned(ROUTE, OWNER, api):
        key = route.stack.optional_text(declared_property(route, "RouteKey"))
        if key is not None and resources.owned(_ROUTE_RESPONSE, "RouteId", route):
            yield key
