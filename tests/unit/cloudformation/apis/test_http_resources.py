"""HTTP APIs of plain CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    HttpIntegration,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

API = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Guard: {Type: AWS::Lambda::Function}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Name: shop}}
"""
CALL = "IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn, PayloadFormatVersion: '2.0'"
GUARD = (
    "AuthorizerUri: !Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31"
    "/functions/${Guard.Arn}/invocations'"
)


def resource(name: str, kind: str, properties: str) -> str:
    return f"  {name}: {{Type: AWS::ApiGatewayV2::{kind}, Properties: {{ApiId: !Ref Api, {properties}}}}}\n"


def route(
    key: str, name: str = "Get", target: str = "!Sub 'integrations/${Call}'", more: str = ""
) -> str:
    return resource(name, "Route", f"RouteKey: {key}, Target: {target}{more}")


INTEGRATION = resource("Call", "Integration", CALL)


def test_routes(one_api: OneApi) -> None:
    """Routes lead to integrations, however they refer to them."""
    api = one_api(
        API
        + INTEGRATION
        + route("GET /items")
        + route("'ANY /items/{id}'", "Any", "!Join [/, [integrations, !Ref Call]]")
        + route("$default", "Default", "{'Fn::Sub': ['integrations/${X}', {X: !Ref Call}]}")
    )
    assert outline(api) == ["GET /items -> F", "ANY /items/{id} -> F", "ANY $default -> F"]
    assert (api.kind, api.full_path, api.name, api.stage) == (
        ApiKind.HTTP,
        "Api",
        "shop",
        "$default",
    )
    assert api.failures == ()
    assert api.routes[0].integration == FunctionIntegration(
        target=FunctionTarget(function="F"), payload="2.0", timeout_ms=30_000
    )


@pytest.mark.parametrize(
    ("integration", "expected"),
    [
        pytest.param(
            "IntegrationType: AWS_PROXY, TimeoutInMillis: 900, IntegrationUri: !Sub"
            " 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'",
            FunctionIntegration(target=FunctionTarget(function="F"), payload="1.0", timeout_ms=900),
            id="1.0 is the default",
        ),
        pytest.param(
            "IntegrationType: HTTP_PROXY, IntegrationMethod: PUT, IntegrationUri: 'https://a.example/{id}',"
            " RequestParameters: {'overwrite:path': $request.path.id}",
            HttpIntegration(
                url="https://a.example/{id}",
                method="PUT",
                timeout_ms=30_000,
                parameters={"overwrite:path": "$request.path.id"},
            ),
            id="HTTP proxy",
        ),
    ],
)
def test_integrations(one_api: OneApi, integration: str, expected: object) -> None:
    """Functions and other servers answer, each with its settings."""
    api = one_api(API + resource("Call", "Integration", integration) + route("GET /items"))
    assert api.routes[0].integration == expected


@pytest.mark.parametrize(
    ("integration", "message"),
    [
        (
            "IntegrationType: AWS_PROXY, IntegrationSubtype: SQS-SendMessage",
            "`GET /items` calls `SQS-SendMessage`, which is not emulated",
        ),
        (
            "IntegrationType: HTTP_PROXY, ConnectionType: VPC_LINK, IntegrationUri: arn",
            "`GET /items` is sent through a VPC link, which is not emulated",
        ),
        ("IntegrationType: AWS_PROXY, IntegrationUri: G", "`G` is not a function of this project"),
    ],
)
def test_what_does_not_work(one_api: OneApi, integration: str, message: str) -> None:
    """An integration that cannot work here refuses requests, with its place."""
    api = one_api(API + resource("Call", "Integration", integration) + route("GET /items"))
    found = api.routes[0].integration
    assert isinstance(found, UnsupportedIntegration)
    assert found.diagnostic.message == message
    assert found.diagnostic.place is not None


@pytest.mark.parametrize(
    ("kind", "authorizer", "expected"),
    [
        pytest.param("NONE", None, None, id="none"),
        pytest.param("AWS_IAM", None, IamAuthorizer(), id="IAM"),
        pytest.param(
            "JWT",
            "AuthorizerType: JWT, Name: jwt, IdentitySource: [$request.querystring.t],"
            " JwtConfiguration: {Issuer: 'https://i.example', Audience: [a, b]}",
            JwtAuthorizer(
                name="jwt",
                issuer="https://i.example",
                audience=("a", "b"),
                identity_source="$request.querystring.t",
            ),
            id="JWT",
        ),
        pytest.param(
            "CUSTOM",
            f"AuthorizerType: REQUEST, {GUARD}, AuthorizerPayloadFormatVersion: '2.0',"
            " EnableSimpleResponses: true, AuthorizerResultTtlInSeconds: 7,"
            " IdentitySource: [$request.header.A, $context.path]",
            LambdaAuthorizer(
                name="Who",
                target=FunctionTarget(function="Guard"),
                kind="REQUEST",
                payload="2.0",
                identity_sources=("$request.header.A", "$context.path"),
                cache_seconds=7,
                is_simple=True,
            ),
            id="simple",
        ),
        pytest.param(
            "CUSTOM",
            f"AuthorizerType: REQUEST, {GUARD}, AuthorizerPayloadFormatVersion: '1.0'",
            LambdaAuthorizer(
                name="Who",
                target=FunctionTarget(function="Guard"),
                kind="REQUEST",
                payload="1.0",
                identity_sources=(),
                cache_seconds=0,
            ),
            id="1.0",
        ),
    ],
)
def test_authorizers(one_api: OneApi, kind: str, authorizer: str | None, expected: object) -> None:
    """A route has the authorizer that it names."""
    more = f", AuthorizationType: {kind}, AuthorizationScopes: [read]"
    text = API + INTEGRATION
    if authorizer:
        text += resource("Who", "Authorizer", authorizer)
        more += ", AuthorizerId: !Ref Who"
    (found,) = one_api(text + route("GET /items", more=more)).routes
    assert found.authorizer == expected
    assert found.scopes == ("read",)


@pytest.mark.parametrize(
    ("authorizer", "message"),
    [
        ("AuthorizerType: JWT", "the authorizer `Who` needs `JwtConfiguration`"),
        ("AuthorizerType: JWT, JwtConfiguration: {}", "the authorizer `Who` needs `Issuer`"),
        ("AuthorizerType: TOKEN", "`AuthorizerType` must be one of REQUEST, JWT, not `TOKEN`"),
        ("AuthorizerType: REQUEST, AuthorizerUri: G", "`G` is not a function of this project"),
    ],
)
def test_an_authorizer_that_has_an_error(one_api: OneApi, authorizer: str, message: str) -> None:
    """An authorizer that cannot be resolved refuses requests, and does not let them in."""
    more = ", AuthorizationType: CUSTOM, AuthorizerId: !Ref Who"
    text = API + INTEGRATION + resource("Who", "Authorizer", authorizer)
    (found,) = one_api(text + route("GET /items", more=more)).routes
    assert isinstance(found.authorizer, UnsupportedAuthorizer)
    assert found.authorizer.diagnostic.message == message


def test_stages_and_cors(read_template: ReadTemplate) -> None:
    """An API is served once for each stage, with its variables, base path and CORS configuration."""
    found = read_template(
        API.replace(
            "Name: shop",
            "CorsConfiguration: {AllowOrigins: ['*'], AllowCredentials: true, MaxAge: 5}",
        )
        + INTEGRATION
        + route("GET /items")
        + resource("Default", "Stage", "StageName: $default")
        + resource("Dev", "Stage", "StageName: dev, StageVariables: {color: red}")
        + resource(
            "Mapping", "ApiMapping", "DomainName: d, Stage: !Ref Dev, ApiMappingKey: v1/shop"
        )
    )
    default, dev = found.apis
    assert (default.stage, default.variables, default.base_paths) == ("$default", {}, ())
    assert (dev.stage, dev.variables, dev.base_paths) == (
        "dev",
        {"color": "red"},
        ("v1/shop",),
    )
    assert default.cors == Cors(origins=("*",), allows_credentials=True, max_age_seconds=5)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("Target: !GetAtt F.Arn", ["ANY $default -> F"]),
        ("Target: !GetAtt F.Arn, RouteKey: GET /a", ["GET /a -> F"]),
        ("Target: 'https://a.example'", ["ANY $default -> https://a.example"]),
        ("Target: G", ["ANY $default -> unsupported: `G` is not a function of this project"]),
    ],
)
def test_quick_create(one_api: OneApi, properties: str, expected: list[str]) -> None:
    """An API with a target has one route, which calls it with payload 2.0."""
    api = one_api(API.replace("Name: shop", properties))
    assert outline(api) == expected
    integration = api.routes[0].integration
    assert not isinstance(integration, FunctionIntegration) or integration.payload == "2.0"


def test_a_definition_and_routes(one_api: OneApi) -> None:
    """An API may have an OpenAPI document and routes."""
    body = (
        "Body: {openapi: 3.0.1, info: {title: t}, paths: {/a: {get: {x-amazon-apigateway-integration:"
        " {type: aws_proxy, payloadFormatVersion: '2.0', uri: !GetAtt F.Arn}}}}}"
    )
    api = one_api(
        API.replace("ProtocolType: HTTP, Name: shop", body) + INTEGRATION + route("GET /b")
    )
    assert outline(api) == ["GET /a -> F", "GET /b -> F"]
    assert api.name == "t"


FAULTS = (
    API
    + INTEGRATION
    + route("GET /items")
    + route("items", "Wrong")
    + route("GET /a", "Lost", "integrations/abc")
    + route("GET /b", "Open", more=", AuthorizationType: JWT, AuthorizerId: abc")
    + resource("Bare", "Route", "RouteKey: GET /c")
    + route("GET /d", "Foreign").replace("!Ref Api", "abc")
)


def test_the_rest_is_served(read_template: ReadTemplate) -> None:
    """A route that has an error is told with its place and refuses requests, and the others are served."""
    found = read_template(FAULTS)
    (api,) = found.apis
    assert open_routes(api) == ["GET /items -> F"]
    assert closed_routes(api) == ["GET /a", "GET /b", "GET /c"]
    assert [failure.message for failure in api.failures] == [
        "requests to `Wrong` are refused: `items` is not a route key",
        "requests to `Lost` are refused: `Target` is not an integration of this project",
        "requests to `Open` are refused: `AuthorizerId` is not an authorizer of this project",
        "requests to `Bare` are refused: `GET /c` has no `Target`",
    ]
    assert all(failure.place is not None for failure in api.failures)
    assert [each.message for each in found.diagnostics] == [
        "skipping `Foreign`: `ApiId` is not an `AWS::ApiGatewayV2::Api` of this project"
    ]


@pytest.mark.parametrize(
    "guard",
    [
        "AuthorizationType: !Ref Secret",
        "AuthorizationType: AWS_IAM, AuthorizationScopes: !Ref Secret",
    ],
)
def test_a_guard_that_is_unknown(read_template: ReadTemplate, guard: str) -> None:
    """A route refuses requests where the template does not tell who may call it."""
    text = API + INTEGRATION + route("GET /a", more=f", {guard}")
    (api,) = read_template(text + "\nParameters: {Secret: {Type: String}}\n").apis
    assert closed_routes(api) == ["GET /a"]
    assert api.failures[0].message.startswith(
        "requests to `Get` are refused: a value cannot be resolved locally"
    )


def test_an_audience_that_is_unknown(read_template: ReadTemplate) -> None:
    """A JWT authorizer whose audience is unknown refuses requests: it would take tokens for anybody."""
    settings = (
        "AuthorizerType: JWT, JwtConfiguration: {Issuer: 'https://i', Audience: [!Ref Secret]}"
    )
    text = (
        API
        + INTEGRATION
        + resource("Who", "Authorizer", settings)
        + route("GET /a", more=", AuthorizationType: JWT, AuthorizerId: !Ref Who")
        + "\nParameters: {Secret: {Type: String}}\n"
    )
    (api,) = read_template(text).apis
    assert isinstance(api.routes[0].authorizer, UnsupportedAuthorizer)


def test_parameter_mapping(one_api: OneApi) -> None:
    """An integration has its changes of requests and responses, by the status of these."""
    mappings = (
        ", RequestParameters: {'append:header.x': $context.requestId}, ResponseParameters: {'500':"
        " {ResponseParameters: [{Destination: 'overwrite:statuscode', Source: '403'}]}}"
    )
    api = one_api(API + resource("Call", "Integration", CALL + mappings) + route("GET /items"))
    assert api.routes[0].integration == FunctionIntegration(
        target=FunctionTarget(function="F"),
        payload="2.0",
        timeout_ms=30_000,
        parameters={"append:header.x": "$context.requestId"},
        response_parameters={"500": {"overwrite:statuscode": "403"}},
    )


def test_parameter_mapping_of_openapi(one_api: OneApi) -> None:
    """A document has the changes of responses without a list; statuses may be numbers."""
    api = one_api("""
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: a}
        paths:
          /a:
            get:
              x-amazon-apigateway-integration:
                type: http_proxy
                httpMethod: GET
                uri: http://a.example/
                responseParameters: {404: {"append:header.error": gone}}
""")
    integration = api.routes[0].integration
    assert isinstance(integration, HttpIntegration)
    assert integration.response_parameters == {"404": {"append:header.error": "gone"}}
