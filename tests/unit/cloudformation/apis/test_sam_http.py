"""HTTP APIs of SAM templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.apis import Api, Route
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

API = """
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      {settings}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        A:
          Type: HttpApi
          Properties: {{ApiId: !Ref Api, Path: "/a/{{id}}", Method: get{event}}}
  Check: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
"""
CHECK = FunctionTarget(function="Check")


def with_api(settings: str = "Name: api", event: str = "") -> str:
    return API.format(settings=settings, event=f", {event}" if event else "")


def first(api: Api) -> Route:
    return api.routes[0]


def test_the_implicit_api(read_template: ReadTemplate) -> None:
    """Events without an API belong to it; an event without a path is its default route."""
    found = read_template("""
    Globals:
      HttpApi: {CorsConfiguration: true, StageVariables: {A: b}}
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: .
          Events:
            All: {Type: HttpApi}
            Any: {Type: HttpApi, Properties: {Path: /any, Method: x-amazon-apigateway-any-method}}
            One: {Type: HttpApi, Properties: {Path: /One/, Method: PATCH}}
    """)
    assert found.diagnostics == ()
    (api,) = found.apis
    assert (api.kind, api.full_path, api.stage) == (ApiKind.HTTP, "ServerlessHttpApi", "$default")
    assert outline(api) == ["ANY $default -> F", "ANY /any -> F", "PATCH /One/ -> F"]
    assert api.cors == Cors(origins=("*",))
    assert api.variables == {"A": "b"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("", ("2.0", 30_000)),
        ("PayloadFormatVersion: '1.0', TimeoutInMillis: 50", ("1.0", 50)),
    ],
)
def test_the_payload_of_an_event(one_api: OneApi, event: str, expected: object) -> None:
    """It is 2.0, unless the event says 1.0."""
    integration = first(one_api(with_api(event=event))).integration
    assert isinstance(integration, FunctionIntegration)
    assert (integration.payload, integration.timeout_ms) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("CorsConfiguration: true", Cors(origins=("*",))),
        ("CorsConfiguration: false", None),
        ("Name: a", None),
        (
            (
                "CorsConfiguration: {AllowOrigins: [https://a.example], AllowMethods: [GET],"
                " AllowHeaders: [a], ExposeHeaders: [b], MaxAge: 5, AllowCredentials: true}"
            ),
            Cors(
                origins=("https://a.example",),
                methods=("GET",),
                headers=("a",),
                exposed_headers=("b",),
                max_age_seconds=5,
                allows_credentials=True,
            ),
        ),
        (
            (
                "CorsConfiguration: {AllowMethods: [GET]}\n"
                "      DefinitionBody: {openapi: 3.0.1, paths: {}, x-amazon-apigateway-cors:"
                " {allowOrigins: [b], allowMethods: [PUT]}}"
            ),
            Cors(origins=("b",), methods=("GET",)),
        ),
    ],
)
def test_cors(one_api: OneApi, settings: str, expected: Cors | None) -> None:
    """`CorsConfiguration` is `true` or a mapping, which wins over the definition's."""
    assert one_api(with_api(settings)).cors == expected


AUTH = """
      Auth:
        DefaultAuthorizer: Jwt
        EnableIamAuthorizer: true
        Authorizers:
          Jwt:
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [default]
            JwtConfiguration: {Issuer: !Sub "https://${AWS::Region}.example", Audience: [a]}
          Function:
            FunctionArn: !GetAtt Check.Arn
            AuthorizerPayloadFormatVersion: 2.0
            EnableSimpleResponses: true
            Identity:
              Headers: [A]
              QueryStrings: [b]
              StageVariables: [c]
              Context: [d]
              ReauthorizeEvery: 9
          Broken: {JwtConfiguration: {issuer: a}}
""".strip()


@pytest.mark.parametrize(
    ("event", "expected", "scopes"),
    [
        (
            "",
            JwtAuthorizer(name="Jwt", issuer="https://us-east-1.example", audience=("a",)),
            "default",
        ),
        (
            "Auth: {AuthorizationScopes: [own]}",
            JwtAuthorizer(name="Jwt", issuer="https://us-east-1.example", audience=("a",)),
            "own",
        ),
        (
            "Auth: {Authorizer: Function}",
            LambdaAuthorizer(
                name="Function",
                target=CHECK,
                kind="REQUEST",
                payload="2.0",
                identity_sources=(
                    "$request.header.A",
                    "$request.querystring.b",
                    "$stageVariables.c",
                    "$context.d",
                ),
                cache_seconds=9,
                is_simple=True,
            ),
            None,
        ),
        ("Auth: {Authorizer: AWS_IAM}", IamAuthorizer(), None),
        ("Auth: {Authorizer: NONE}", None, None),
    ],
    ids=["default", "scopes", "function", "iam", "none"],
)
def test_authorizers(one_api: OneApi, event: str, expected: object, scopes: str | None) -> None:
    """An event has the default authorizer, its own, or none."""
    route = first(one_api(with_api(AUTH, event)))
    assert route.authorizer == expected
    assert route.scopes == ((scopes,) if scopes else ())


def test_an_authorizer_that_cannot_be_resolved_refuses(one_api: OneApi) -> None:
    """A route never becomes open because of an error in its authorizer."""
    authorizer = first(one_api(with_api(AUTH, "Auth: {Authorizer: Broken}"))).authorizer
    assert isinstance(authorizer, UnsupportedAuthorizer)
    assert authorizer.diagnostic.message == "the authorizer `Broken` needs `IdentitySource`"


BODY = """
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /b:
            get:
              x-amazon-apigateway-integration:
                {type: aws_proxy, uri: !GetAtt Check.Arn, payloadFormatVersion: "1.0"}
            options:
              x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt Check.Arn}
          /a/{id}:
            get: {GET}
""".strip()


@pytest.mark.parametrize(
    ("method", "routes"),
    [
        (
            "{operationId: described}",
            ["GET /b -> Check", "OPTIONS /b -> Check", "GET /a/{id} -> F"],
        ),
        (
            "{x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt Check.Arn}}",
            ["GET /b -> Check", "OPTIONS /b -> Check", "GET /a/{id} -> Check"],
        ),
    ],
)
def test_events_beside_a_definition(one_api: OneApi, method: str, routes: list[str]) -> None:
    """As in SAM, events answer where the definition has no integration."""
    api = one_api(with_api(BODY.replace("{GET}", method)))
    assert outline(api) == routes
    assert api.failures == ()


def test_the_default_authorizer_of_a_definition(one_api: OneApi) -> None:
    """It guards the methods of the definition too, but not those for OPTIONS."""
    api = one_api(with_api(f"{BODY.replace('{GET}', '{}')}\n      {AUTH}"))
    names = [route.authorizer.name if route.authorizer else None for route in api.routes]
    assert names == ["Jwt", None, "Jwt"]


def test_settings_of_the_whole_api(one_api: OneApi) -> None:
    """Stage, name, variables and base path."""
    api = one_api(
        with_api(
            "{StageName: !Ref AWS::Region, Name: n, StageVariables: {a: 1},"
            " Domain: {DomainName: d, CertificateArn: c, BasePath: [/x-y, z, /, z], NormalizeBasePath: false}}"
        )
    )
    assert (api.stage, api.name, api.variables, api.base_paths) == (
        "us-east-1",
        "n",
        {"a": "1"},
        ("x-y", "z"),
    )


def test_an_event_with_a_method_only(read_template: ReadTemplate) -> None:
    """SAM wants both or neither."""
    text = with_api().replace('Path: "/a/{id}", ', "")
    found = read_template(text)
    assert [each.message for each in found.diagnostics] == [
        "requests to the event `A` of `F` are refused: an event of the type HttpApi needs `Path`"
    ]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("", ("1.0", 30_000, "Jwt", ("default",))),
        ("TimeoutInMillis: 70, PayloadFormatVersion: '2.0'", ("2.0", 70, "Jwt", ("default",))),
        ("Auth: {Authorizer: Function}", ("1.0", 30_000, "Function", ())),
        ("Auth: {AuthorizationScopes: [own]}", ("1.0", 30_000, "Jwt", ("own",))),
    ],
)
def test_an_event_changes_an_operation_of_the_definition(
    one_api: OneApi, event: str, expected: object
) -> None:
    """Its settings apply to the integration that the definition has, as in SAM."""
    method = "{x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt Check.Arn}}"
    api = one_api(with_api(f"{BODY.replace('{GET}', method)}\n      {AUTH}", event))
    route = api.routes[-1]
    assert isinstance(route.integration, FunctionIntegration)
    assert route.integration.target == CHECK
    assert (
        route.integration.payload,
        route.integration.timeout_ms,
        route.authorizer and route.authorizer.name,
        route.scopes,
    ) == expected


@pytest.mark.parametrize("path", ["$default", "/$default"])
def test_the_default_route_by_its_path(one_api: OneApi, path: str) -> None:
    """An event may name the default route."""
    assert outline(one_api(with_api().replace("/a/{id}", path))) == ["GET $default -> F"]


def test_events_beside_a_definition_in_a_file(one_api: OneApi, tmp_path: Path) -> None:
    """SAM does not change a file: an event that it lacks is no route."""
    (tmp_path / "api.yaml").write_text("openapi: 3.0.1\npaths: {}")
    api = one_api(with_api("DefinitionUri: api.yaml"))
    assert api.routes == ()
    assert [each.message for each in api.failures] == [
        "skipping `GET /a/{id}`: the definition of `Api` does not have it"
    ]


@pytest.mark.parametrize(
    ("method", "event"),
    [
        ("{security: !ImportValue a}", ""),
        (
            "{x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt Check.Arn}}",
            "Auth: {Authorizer: !ImportValue a}",
        ),
        ("!ImportValue a", ""),
    ],
)
def test_an_error_in_the_definition_or_the_event_closes_both(
    one_api: OneApi, method: str, event: str
) -> None:
    """Neither opens a route that the other one guards."""
    api = one_api(with_api(BODY.replace("{GET}", method), event))
    assert open_routes(api) == ["GET /b -> Check", "OPTIONS /b -> Check"]
    assert closed_routes(api) == ["GET /a/{id}"]
    assert api.failures
