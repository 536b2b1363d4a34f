"""WebSocket APIs of plain CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.project.apis import ApiKind, FunctionTarget, LambdaAuthorizer
from tests.unit.cloudformation.apis.outlines import outline

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

URI = "!Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${NAME.Arn}/invocations'"
API = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Guard: {Type: AWS::Lambda::Function}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {ProtocolType: WEBSOCKET, Name: chat, RouteSelectionExpression: $request.body.action}
"""


def resource(name: str, kind: str, properties: str) -> str:
    return f"  {name}: {{Type: AWS::ApiGatewayV2::{kind}, Properties: {{ApiId: !Ref Api, {properties}}}}}\n"


def route(name: str, key: str, more: str = "") -> str:
    return resource(name, "Route", f"RouteKey: {key}, Target: !Sub 'integrations/${{Call}}'{more}")


CHAT = (
    API
    + resource(
        "Call",
        "Integration",
        f"IntegrationType: AWS_PROXY, IntegrationUri: {URI}".replace("NAME", "F"),
    )
    + resource(
        "Who",
        "Authorizer",
        f"AuthorizerType: REQUEST, IdentitySource: [route.request.header.Auth], AuthorizerUri: {URI}".replace(
            "NAME", "Guard"
        ),
    )
    + route("Connect", "$connect", ", AuthorizationType: CUSTOM, AuthorizerId: !Ref Who")
    + route("Send", "send", ", ApiKeyRequired: true")
    + route("Default", "$default", ", RouteResponseSelectionExpression: $default")
    + resource("Answer", "RouteResponse", "RouteId: !Ref Default, RouteResponseKey: $default")
    + resource("Stage", "Stage", "StageName: dev")
)


def test_routes(one_api: OneApi) -> None:
    """Routes have their keys, the authorizer is that of `$connect`, and a route response makes a route answer."""
    api = one_api(CHAT)
    assert outline(api) == ["ANY $connect -> F", "ANY send -> F", "ANY $default -> F"]
    assert (api.kind, api.stage, api.route_selection) == (
        ApiKind.WEBSOCKET,
        "dev",
        "$request.body.action",
    )
    assert [each.answers for each in api.routes] == [False, False, True]
    assert [each.needs_api_key for each in api.routes] == [False, True, False]
    assert api.routes[0].authorizer == LambdaAuthorizer(
        name="Who",
        target=FunctionTarget(function="Guard"),
        kind="REQUEST",
        payload="1.0",
        identity_sources=("route.request.header.Auth",),
        cache_seconds=0,
    )


def test_an_api_without_a_selection(read_template: ReadTemplate) -> None:
    """An API that cannot choose routes is told."""
    found = read_template(CHAT.replace(", RouteSelectionExpression: $request.body.action", ""))
    assert found.apis == ()
    assert [each.message for each in found.diagnostics] == [
        "skipping `Api`: `Api` needs `RouteSelectionExpression`"
    ]
