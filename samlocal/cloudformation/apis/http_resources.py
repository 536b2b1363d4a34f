"""HTTP APIs of plain CloudFormation, which the CDK and the Serverless Framework write.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-api.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import ApiResources, declared_property, orphans
from samlocal.cloudformation.apis.bodies import read_body
from samlocal.cloudformation.apis.cors_settings import read_cors
from samlocal.cloudformation.apis.definition import Definition, Operation
from samlocal.cloudformation.apis.integrations import HTTP_TIMEOUT_MS
from samlocal.cloudformation.apis.settings import skipped
from samlocal.cloudformation.apis.v2_resources import API, OWNER, ROUTE, V2ApiReader
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    ANY_METHOD,
    DEFAULT_ROUTE,
    Api,
    ApiKind,
    Apis,
    FunctionIntegration,
    HttpIntegration,
    UnsupportedIntegration,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.project.apis import Integration

PROTOCOL: Final = "ProtocolType"
_WEBSOCKET: Final = "WEBSOCKET"


def read_http_resources(stacks: Sequence[Stack], targets: FunctionTargets) -> Apis:
    """Return the HTTP APIs of stacks, each once for each of its stages."""
    resources = ApiResources(stacks)
    apis: list[Api] = []
    diagnostics: list[Diagnostic] = []
    for api in resources.of_type(API):
        if is_websocket(api):
            continue
        try:
            reader = V2ApiReader(resources, api, ApiKind.HTTP, targets, split_key)
            apis.extend(
                reader.read(stage, _own_definition(reader, stage.variables))
                for stage in reader.stages
            )
        except ProjectError as error:
            diagnostics.append(skipped(f"`{api.logical_id}`", error))
    diagnostics.extend(orphans(resources, ROUTE, OWNER, API))
    return Apis(apis=tuple(apis), diagnostics=tuple(diagnostics))


def is_websocket(api: Resource) -> bool:
    """Return whether an API takes WebSocket connections."""
    return api.stack.optional_text(declared_property(api, PROTOCOL)) == _WEBSOCKET


def split_key(key: str, place: Place) -> tuple[str, str]:
    """Return the method and the path of a route's key, such as `GET /items`.

    Raises:
        TemplateError: It is malformed.
    """
    if key == DEFAULT_ROUTE:
        return ANY_METHOD, DEFAULT_ROUTE
    method, _, path = key.partition(" ")
    if not path.startswith("/"):
        raise TemplateError(
            f"`{key}` is not a route key", place=place, hint="write one such as `GET /items`"
        )
    return method.upper(), path


def _own_definition(reader: V2ApiReader, variables: Mapping[str, str]) -> Definition:
    """Return what the API itself says: its definition, its CORS configuration, and the route of quick create."""
    settings, stack = reader.settings, reader.api.stack
    body = read_body(
        stack,
        reader.api.logical_id,
        settings,
        ApiKind.HTTP,
        targets=reader.targets,
        variables=variables,
    )
    definition = body or Definition()
    if cors := settings.mapping("CorsConfiguration"):
        definition = replace(definition, cors=read_cors(cors))
    target = settings.entries.get("Target")
    if target is None or not settings.resolver.may_have_value(target):
        return definition
    place = settings.node.place_of("Target")
    method, path = split_key(settings.text("RouteKey") or DEFAULT_ROUTE, place)
    quick = Operation(
        method=method,
        path=path,
        place=place,
        integration=_quick_integration(reader, target, variables),
    )
    return definition.with_operations([quick])


def _quick_integration(
    reader: V2ApiReader, target: Node, variables: Mapping[str, str]
) -> Integration:
    """Return the integration of an API with one target: a function or a URL.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop.html#http-api-examples.cli.quick-create
    """
    url = reader.api.stack.optional_text(target) or ""
    if url.startswith(("http://", "https://")):
        return HttpIntegration(url=url, method=ANY_METHOD, timeout_ms=HTTP_TIMEOUT_MS)
    function = reader.targets.of_uri(reader.api.stack, target, variables)
    if isinstance(function, Diagnostic):
        return UnsupportedIntegration(diagnostic=function)
    return FunctionIntegration(target=function, payload="2.0", timeout_ms=HTTP_TIMEOUT_MS)
