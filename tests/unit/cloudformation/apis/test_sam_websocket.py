"""WebSocket APIs of SAM templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    FunctionTarget,
    IamAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

API = """
Resources:
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageVariables: {{a: b}}
      {settings}
      Routes:
        $connect: {{FunctionArn: !GetAtt F.Arn, ApiKeyRequired: true}}
        $default: {{FunctionArn: !Ref F.Alias, IntegrationTimeout: 100}}
        send: {{FunctionArn: !GetAtt F.Arn, RouteResponseSelectionExpression: $default}}
  F: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: ., AutoPublishAlias: live}}}}
"""


def with_settings(settings: str = "Name: chat") -> str:
    return API.format(settings=settings)


def test_routes(one_api: OneApi) -> None:
    """Routes have their keys as paths; one with a route response answers."""
    api = one_api(with_settings())
    assert (api.kind, api.stage, api.route_selection) == (
        ApiKind.WEBSOCKET,
        "default",
        "$request.body.action",
    )
    assert outline(api) == ["ANY $connect -> F", "ANY $default -> F:live", "ANY send -> F"]
    assert [route.answers for route in api.routes] == [False, False, True]
    assert [route.needs_api_key for route in api.routes] == [True, False, False]
    assert api.variables == {"a": "b"}


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ("{AuthType: NONE}", None),
        ("{AuthType: AWS_IAM}", IamAuthorizer()),
        (
            "{AuthType: CUSTOM, AuthArn: !GetAtt F.Arn, IdentitySource: [route.request.header.A]}",
            LambdaAuthorizer(
                name="ChatConnectAuthorizer",
                target=FunctionTarget(function="F"),
                kind="REQUEST",
                payload="1.0",
                identity_sources=("route.request.header.A",),
                cache_seconds=0,
            ),
        ),
    ],
)
def test_the_authorizer_guards_connect(one_api: OneApi, auth: str, expected: object) -> None:
    """Only `$connect` has the authorizer."""
    routes = one_api(with_settings(f"Auth: {auth}")).routes
    assert [route.authorizer for route in routes] == [expected, None, None]


def test_an_authorizer_without_a_function_refuses(one_api: OneApi) -> None:
    """Nobody may connect then."""
    authorizer = one_api(with_settings("Auth: {AuthType: CUSTOM}")).routes[0].authorizer
    assert isinstance(authorizer, UnsupportedAuthorizer)
    assert authorizer.diagnostic.message == "`Auth` needs `AuthArn`"


def test_a_route_with_an_error_refuses_messages(one_api: OneApi) -> None:
    """The others are served."""
    api = one_api(with_settings().replace("{FunctionArn: !Ref F.Alias, ", "{"))
    assert open_routes(api) == ["ANY $connect -> F", "ANY send -> F"]
    assert closed_routes(api) == ["ANY $default"]
    (failure,) = api.failures
    assert (
        failure.message
        == "requests to the route `$default` of `Chat` are refused: a route needs `FunctionArn`"
    )


def test_an_api_without_a_selection_is_left_out(read_template: ReadTemplate) -> None:
    """It could not choose a route."""
    found = read_template(
        with_settings().replace("RouteSelectionExpression: $request.body.action", "Name: a")
    )
    assert found.apis == ()
    assert [each.message for each in found.diagnostics] == [
        "skipping the API `Chat`: `Chat` needs `RouteSelectionExpression`"
    ]
