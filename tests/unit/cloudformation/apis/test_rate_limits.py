"""Limits of stages: `MethodSettings` of REST APIs, `RouteSettings` of HTTP and WebSocket APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import RateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.project.apis import Api
    from tests.unit.cloudformation.apis.conftest import OneApi

URI = "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${F.Arn}/invocations"
REST = f"""
Resources:
  F: {{Type: AWS::Lambda::Function}}
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: shop}}}}
  Items: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: items}}}}
  Item: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !Ref Items, PathPart: '{{id}}'}}}}
  Root:
    Type: AWS::ApiGateway::Method
    Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: GET, Integration: {{Type: AWS_PROXY, Uri: !Sub '{URI}'}}}}
  List:
    Type: AWS::ApiGateway::Method
    Properties: {{RestApiId: !Ref Api, ResourceId: !Ref Items, HttpMethod: GET, Integration: {{Type: AWS_PROXY, Uri: !Sub '{URI}'}}}}
  Any:
    Type: AWS::ApiGateway::Method
    Properties: {{RestApiId: !Ref Api, ResourceId: !Ref Item, HttpMethod: ANY, Integration: {{Type: AWS_PROXY, Uri: !Sub '{URI}'}}}}
"""
STAGE = "  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: dev, %s}}\n"
DEPLOYMENT = "  Deployment: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref Api, StageName: dev, %s}}\n"
V2 = f"""
Resources:
  F: {{Type: AWS::Lambda::Function}}
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: shop, %s}}}}
  To: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !Sub '{URI}', PayloadFormatVersion: '%s'}}}}
  First: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: %s, Target: !Sub 'integrations/${{To}}'}}}}
  Second: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: $default, Target: !Sub 'integrations/${{To}}'}}}}
  Stage: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref Api, StageName: dev, %s}}}}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Globals: {%s}
Resources:
  Api: {Type: AWS::Serverless::%s, Properties: {%s}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Get: {Type: %s, Properties: {Path: /items, Method: get, %s: !Ref Api}}}
"""
WEBSOCKET = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes: {send: {FunctionArn: !GetAtt F.Arn}, $connect: {FunctionArn: !GetAtt F.Arn}}
      %s
  F: {Type: AWS::Serverless::Function}
"""
ONE = "{ThrottlingRateLimit: 1}"
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def limits(api: Api) -> dict[str, Mapping[str, RateLimit]]:
    return {each.path: each.limits for each in api.routes if each.limits}


def one(*methods: str) -> dict[str, RateLimit]:
    return dict.fromkeys(methods, RateLimit(rate=1))


@pytest.mark.parametrize("path", ["'*'", "/*"])
def test_all_methods(one_api: OneApi, path: str) -> None:
    """`*` stands for all methods of all paths, each of which has the limit for itself: `ANY` is seven."""
    setting = f"{{HttpMethod: '*', ResourcePath: {path}, ThrottlingRateLimit: 1}}"
    api = one_api(REST + STAGE % f"MethodSettings: [{setting}]")
    expected = {"/": one("GET"), "/items": one("GET"), "/items/{id}": one(*METHODS)}
    assert limits(api) == expected


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("HttpMethod: GET, ResourcePath: /", {"/": one("GET")}),
        ("HttpMethod: get, ResourcePath: /~1items", {"/items": one("GET")}),
        ("HttpMethod: GET, ResourcePath: /items", {"/items": one("GET")}),
        ("HttpMethod: '*', ResourcePath: /items", {"/items": one("GET")}),
        ("HttpMethod: PUT, ResourcePath: '/~1items~1{id}'", {"/items/{id}": one("PUT")}),
        ("HttpMethod: ANY, ResourcePath: '/items/{id}'", {"/items/{id}": one(*METHODS)}),
        ("HttpMethod: PUT, ResourcePath: /*", {"/items/{id}": one("PUT")}),
    ],
)
def test_one_method(one_api: OneApi, setting: str, expected: object) -> None:
    """A setting is for a path and a method; slashes within the path may be written `~1`."""
    stage = STAGE % f"MethodSettings: [{{{setting}, ThrottlingRateLimit: 1}}]"
    assert limits(one_api(REST + stage)) == expected


def test_the_most_specific_setting_with_a_limit_applies(one_api: OneApi) -> None:
    """A method without limits of its own has those of all methods; -1 lifts them."""
    settings = """[
      {HttpMethod: '*', ResourcePath: /*, ThrottlingRateLimit: 1},
      {HttpMethod: GET, ResourcePath: /, ThrottlingRateLimit: 2.5, ThrottlingBurstLimit: 0},
      {HttpMethod: GET, ResourcePath: /items, LoggingLevel: INFO},
      {HttpMethod: '*', ResourcePath: '/items/{id}', ThrottlingRateLimit: -1, ThrottlingBurstLimit: -1}]"""
    api = one_api(REST + STAGE % f"MethodSettings: {settings}")
    assert limits(api) == {"/": {"GET": RateLimit(rate=2.5, burst=0)}, "/items": one("GET")}


def test_a_burst_alone(one_api: OneApi) -> None:
    """Without a rate, that of an account applies."""
    setting = "{HttpMethod: GET, ResourcePath: /, ThrottlingBurstLimit: 3}"
    api = one_api(REST + STAGE % f"MethodSettings: [{setting}]")
    assert limits(api) == {"/": {"GET": RateLimit(rate=10_000, burst=3)}}


@pytest.mark.parametrize(
    "description",
    [
        "ThrottlingRateLimit: 1",
        "MethodSettings: [{HttpMethod: '*', ResourcePath: /*, ThrottlingRateLimit: 1}]",
    ],
)
def test_the_stage_of_a_deployment(one_api: OneApi, description: str) -> None:
    """It has limits for all methods itself, or method settings."""
    api = one_api(REST + DEPLOYMENT % f"StageDescription: {{{description}}}")
    assert limits(api)["/items"] == one("GET")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (f"DefaultRouteSettings: {ONE}", {"/items": one("ANY"), "$default": one("ANY")}),
        (f"RouteSettings: {{'ANY /items': {ONE}}}", {"/items": one("ANY")}),
        (f"RouteSettings: {{$default: {ONE}}}", {"$default": one("ANY")}),
        (
            f"DefaultRouteSettings: {ONE}, RouteSettings: {{$default: {{ThrottlingRateLimit: 0}}}}",
            {"/items": one("ANY"), "$default": {"ANY": RateLimit(rate=0)}},
        ),
    ],
)
def test_http_apis(one_api: OneApi, settings: str, expected: object) -> None:
    """Routes of HTTP APIs have settings by their keys, or those of all routes; `ANY` is one route."""
    api = one_api(V2 % ("ProtocolType: HTTP", "2.0", "ANY /items", settings))
    assert limits(api) == expected


def test_websocket_apis(one_api: OneApi) -> None:
    """Routes of WebSocket APIs are no methods of paths."""
    protocol = "ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action"
    settings = f"RouteSettings: {{send: {ONE}}}"
    assert limits(one_api(V2 % (protocol, "1.0", "send", settings))) == {"send": one("ANY")}


@pytest.mark.parametrize(
    "settings", [f"DefaultRouteSettings: {ONE}", f"RouteSettings: {{send: {ONE}, $connect: {ONE}}}"]
)
def test_websocket_apis_of_sam(one_api: OneApi, settings: str) -> None:
    """`AWS::Serverless::WebSocketApi` has the settings of its stage."""
    assert limits(one_api(WEBSOCKET % settings)) == {"send": one("ANY"), "$connect": one("ANY")}


@pytest.mark.parametrize(
    ("kind", "event", "id_", "settings", "method"),
    [
        (
            "Api",
            "Api",
            "RestApiId",
            "MethodSettings: [{HttpMethod: '*', ResourcePath: /*, ThrottlingRateLimit: 1}]",
            "GET",
        ),
        ("HttpApi", "HttpApi", "ApiId", f"RouteSettings: {{GET /items: {ONE}}}", "ANY"),
        ("HttpApi", "HttpApi", "ApiId", f"DefaultRouteSettings: {ONE}", "ANY"),
    ],
)
@pytest.mark.parametrize("is_global", [False, True])
def test_apis_of_sam(  # columns of the table
    one_api: OneApi,
    kind: str,
    event: str,
    id_: str,
    settings: str,
    method: str,
    is_global: bool,  # noqa: FBT001  # same
) -> None:
    """APIs of SAM have the settings of their stages, also in `Globals`."""
    stage = "StageName: dev"
    own = stage if is_global else f"{stage}, {settings}"
    shared = f"{kind}: {{{settings}}}" if is_global else ""
    api = one_api(SAM % (shared, kind, own, event, id_))
    assert limits(api) == {"/items": one(method)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            f"RouteSettings: {{PUT /items: {ONE}}}",
            "`PUT /items` has settings, but is not a route of `Api`",
        ),
        (
            "DefaultRouteSettings: {ThrottlingRateLimit: fast}",
            "skipping a limit: `ThrottlingRateLimit` must be a number from -1 to 1000000000, not `fast`",
        ),
        (
            "RouteSettings: [a]",
            "skipping the settings of `RouteSettings`: `RouteSettings` must be a mapping, not a list",
        ),
    ],
)
def test_wrong_settings(one_api: OneApi, settings: str, message: str) -> None:
    """Settings without a route, and those with an error, are named with their place; the API is served without them."""
    api = one_api(V2 % ("ProtocolType: HTTP", "2.0", "ANY /items", settings))
    assert limits(api) == {}
    assert [each.message for each in api.failures] == [message]
    assert api.failures[0].place is not None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{HttpMethod: [GET], ResourcePath: /, %s}", "`HttpMethod` must be a string, not a list"),
        ("{HttpMethod: GET, ResourcePath: !ImportValue x, %s}", "skipping `ResourcePath`"),
    ],
)
def test_one_wrong_method_setting(one_api: OneApi, wrong: str, message: str) -> None:
    """It is left out alone, and does not become one for all paths."""
    limit = "ThrottlingRateLimit: 1"
    others = f"{{HttpMethod: GET, ResourcePath: /items, {limit}}}"
    api = one_api(REST + STAGE % f"MethodSettings: [{wrong % limit}, {others}]")
    assert limits(api) == {"/items": one("GET")}
    assert message in api.failures[0].message


def test_one_wrong_route_setting(one_api: OneApi) -> None:
    """It is left out alone."""
    settings = f"RouteSettings: {{$default: fast, ANY /items: {ONE}}}"
    api = one_api(V2 % ("ProtocolType: HTTP", "2.0", "ANY /items", settings))
    assert limits(api) == {"/items": one("ANY")}
    assert "`$default` must be a mapping" in api.failures[0].message
