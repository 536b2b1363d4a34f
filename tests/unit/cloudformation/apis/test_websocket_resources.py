"""WebSocket APIs of plain CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.http_api.websocket.integration_results import mock_result
from samlocal.project.apis import (
    ApiKind,
    FunctionTarget,
    LambdaAuthorizer,
    MockIntegration,
    UnsupportedIntegration,
)
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


MOCK = (
    API
    + resource(
        "Call",
        "Integration",
        "IntegrationType: MOCK, RequestTemplates: {$default: '{\"statusCode\": 200}'}{more}",
    )
    + route("Default", "$default")
)


def response(name: str, settings: str, integration: str = "!Ref Call") -> str:
    return resource(name, "IntegrationResponse", f"IntegrationId: {integration}, {settings}")


def test_integration_responses(one_api: OneApi) -> None:
    """A mock integration has the responses that are resources of their own, by their keys."""
    responses = response("Ok", "IntegrationResponseKey: /200/, ResponseTemplates: {a: pong}")
    responses += response("Rest", "IntegrationResponseKey: $default")
    expression = ", IntegrationResponseSelectionExpression: '${integration.response.statuscode}'"
    (mock,) = one_api(MOCK.replace("{more}", expression) + responses).routes
    assert isinstance(mock.integration, MockIntegration)
    assert [(each.pattern, each.templates) for each in mock.integration.responses] == [
        ("/200/", {"a": "pong"}),
        ("$default", {}),
    ]
    assert mock_result(mock.integration).body == "pong"


@pytest.mark.parametrize(
    ("more", "responses", "message"),
    [
        (
            ", IntegrationResponseSelectionExpression: $integration.response.header.x",
            "",
            "`$default` chooses its response by `$integration.response.header.x`, which is not emulated",
        ),
        (
            ", TemplateSelectionExpression: '${request.body.a}'",
            "",
            "`$default` chooses a template by `${request.body.a}`, which is not emulated",
        ),
        (
            ", TemplateSelectionExpression: \\$default",
            response(
                "Ok", "IntegrationResponseKey: /200/, TemplateSelectionExpression: $context.stage"
            ),
            "`$default` chooses a template by `$context.stage`, which is not emulated",
        ),
        (
            "",
            response("Ok", "IntegrationResponseKey: /200/, ResponseTemplates: {a: '$input.body'}"),
            "`$default` has a mapping template (VTL), which is not emulated",
        ),
        (
            "",
            response("Ok", "IntegrationResponseKey: !ImportValue x"),
            "requests to `Default` are refused: a value cannot be resolved locally",
        ),
    ],
)
def test_responses_that_are_not_emulated(
    read_template: ReadTemplate, more: str, responses: str, message: str
) -> None:
    """The route refuses messages, and says what it lacks and where."""
    (api,) = read_template(MOCK.replace("{more}", more) + responses).apis
    integration = api.routes[0].integration
    assert isinstance(integration, UnsupportedIntegration)
    assert integration.diagnostic.message.startswith(message)
    assert integration.diagnostic.place is not None


def test_an_integration_response_of_nothing(read_template: ReadTemplate) -> None:
    """It is told with its place."""
    text = MOCK.replace("{more}", "") + response("Lost", "IntegrationResponseKey: /200/", "abc")
    (diagnostic,) = read_template(text).diagnostics
    assert diagnostic.message == (
        "skipping `Lost`: `IntegrationId` is not an `AWS::ApiGatewayV2::Integration` of this project"
    )


def test_http_integrations(read_template: ReadTemplate) -> None:
    """They are named when the API is read, and refuse messages."""
    text = API + resource(
        "Call", "Integration", "IntegrationType: HTTP_PROXY, IntegrationUri: https://a.example"
    )
    (api,) = read_template(text + route("Default", "$default")).apis
    integration = api.routes[0].integration
    assert isinstance(integration, UnsupportedIntegration)
    assert integration.diagnostic.message == (
        "`$default` is sent to `https://a.example`: HTTP integrations of WebSocket APIs are not emulated"
    )
