"""OpenAPI documents with the extensions of API Gateway."""

from __future__ import annotations

import json
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    CognitoAuthorizer,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    GatewayResponse,
    HttpIntegration,
    IamAuthorizer,
    IntegrationResponse,
    JwtAuthorizer,
    LambdaAuthorizer,
    MockIntegration,
    RequestValidation,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

TEMPLATE = """
Parameters:
  Missing: {{Type: String}}
Conditions:
  Never: !Equals [a, b]
Resources:
  F: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
  G: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: ., AutoPublishAlias: live}}}}
  Api:
    Type: AWS::Serverless::{kind}
    Properties:
      StageName: dev
      {variables}: {{name: G}}
      DefinitionBody:
"""
URI = (
    "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'"
)
PROXY = f"{{type: AWS_PROXY, httpMethod: POST, uri: {URI}}}"
F = FunctionTarget(function="F")


def rest(body: str, version: str = 'openapi: "3.0.1"') -> str:
    """Return a template with a REST API of this definition."""
    head = TEMPLATE.format(kind="Api", variables="Variables")
    return head + indent(f"{version}\n{body}", " " * 8)


def http(body: str) -> str:
    """Return a template with an HTTP API of this definition."""
    head = TEMPLATE.format(kind="HttpApi", variables="StageVariables")
    return head + indent(f'openapi: "3.0.1"\n{body}', " " * 8)


def one_method(integration: str, more: str = "") -> str:
    return f"""
paths:
  /a/{{id}}:
    get:
      x-amazon-apigateway-integration: {integration}
{indent(more, " " * 6)}
"""


VERSIONS = ['swagger: "2.0"', "openapi: 3.0.1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_routes_follow_the_document(one_api: OneApi, version: str) -> None:
    """Methods of all spellings make routes, in the order of the document; conditions remove them."""
    body = f"""
info: {{title: Shop}}
paths:
  /b:
    x-amazon-apigateway-any-method: {{x-amazon-apigateway-integration: {PROXY}}}
    parameters: []
    summary: any
  /a/:
    POST: {{operationId: make, x-amazon-apigateway-integration: {PROXY}}}
    get:
      Fn::If: [Never, {{x-amazon-apigateway-integration: {PROXY}}}, !Ref AWS::NoValue]
  /: {{head: {{x-amazon-apigateway-integration: {PROXY}}}}}
"""
    api = one_api(rest(body, version))
    assert api.name == "Shop"
    assert outline(api) == ["ANY /b -> F", "POST /a -> F", "HEAD / -> F"]
    assert [route.operation_name for route in api.routes] == [None, "make", None]
    assert all(route.place is not None for route in api.routes)
    assert api.failures == ()


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        (URI, "F"),
        ("!GetAtt F.Arn", "F"),
        ("arn:aws:lambda:us-east-1:123456789012:function:F", "F"),
        (
            "!Join ['', ['arn:aws:apigateway:', !Ref AWS::Region, ':lambda:path/2015-03-31/functions/', !GetAtt F.Arn, /invocations]]",
            "F",
        ),
        (
            "!Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${G.Alias}/invocations'",
            "G:live",
        ),
        (
            "!Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:1:function:${!stageVariables.name}/invocations'",
            "G",
        ),
        ("!If [Never, !GetAtt G.Arn, !GetAtt F.Arn]", "F"),
    ],
)
def test_the_function_of_a_uri(one_api: OneApi, uri: str, target: str) -> None:
    """URIs and ARNs in all forms lead to the function."""
    api = one_api(rest(one_method(f"{{type: aws_proxy, uri: {uri}}}")))
    assert outline(api) == [f"GET /a/{{id}} -> {target}"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", FunctionIntegration(target=F, payload="1.0", timeout_ms=29_000)),
        (
            ", timeoutInMillis: 50, passthroughBehavior: never, contentHandling: CONVERT_TO_TEXT",
            FunctionIntegration(target=F, payload="1.0", timeout_ms=50),
        ),
        (
            ", responseTransferMode: STREAM",
            FunctionIntegration(target=F, payload="1.0", timeout_ms=900_000, streams=True),
        ),
    ],
)
def test_functions_of_rest_apis(one_api: OneApi, settings: str, expected: object) -> None:
    """REST APIs have payload 1.0 and 29 seconds."""
    api = one_api(rest(one_method(f"{{type: aws_proxy, uri: {URI}{settings}}}")))
    assert api.routes[0].integration == expected


def test_a_streaming_uri(one_api: OneApi) -> None:
    """The URI of `2021-11-15` streams without further settings."""
    uri = "!Sub 'arn:aws:apigateway:x:lambda:path/2021-11-15/functions/${F.Arn}/response-streaming-invocations'"
    (route,) = one_api(rest(one_method(f"{{type: aws_proxy, uri: {uri}}}"))).routes
    assert route.integration == FunctionIntegration(
        target=F, payload="1.0", timeout_ms=900_000, streams=True
    )


@pytest.mark.parametrize(
    ("settings", "payload", "timeout_ms"),
    [
        ("", "1.0", 30_000),
        (", payloadFormatVersion: 2.0, timeoutInMillis: 100", "2.0", 100),
        (', payloadFormatVersion: "1.0"', "1.0", 30_000),
    ],
)
def test_functions_of_http_apis(
    one_api: OneApi, settings: str, payload: str, timeout_ms: int
) -> None:
    """The payload of an HTTP API is the one that is written."""
    api = one_api(http(one_method(f"{{type: aws_proxy, uri: {URI}{settings}}}")))
    integration = api.routes[0].integration
    assert isinstance(integration, FunctionIntegration)
    assert (integration.payload, integration.timeout_ms) == (payload, timeout_ms)


@pytest.mark.parametrize("path", ["$default", "/$default"])
def test_the_default_route(one_api: OneApi, path: str) -> None:
    """An HTTP API has its default route as a path, with or without a slash."""
    body = f"""
paths:
  {path}:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration: {PROXY}
"""
    assert outline(one_api(http(body))) == ["ANY $default -> F"]


MOCK = """
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: 204
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
              method.response.header.X-Id: integration.response.header.id
            responseTemplates: {application/json: "{}"}
          2\\d{2}: {statusCode: "200"}
"""


def test_a_mock_integration(one_api: OneApi) -> None:
    """Headers are unquoted texts or references; the default response has no pattern."""
    (route,) = one_api(rest(one_method(MOCK))).routes
    assert route.integration == MockIntegration(
        request_templates={"application/json": '{"statusCode": 200}'},
        responses=(
            IntegrationResponse(
                status=204,
                headers={
                    "Access-Control-Allow-Origin": "*",
                    "X-Id": "integration.response.header.id",
                },
                templates={"application/json": "{}"},
            ),
            IntegrationResponse(status=200, pattern="2\\d{2}"),
        ),
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            (
                "{type: http_proxy, httpMethod: any, uri: 'https://a.example/{id}',"
                " requestParameters: {integration.request.path.id: method.request.path.id}}"
            ),
            HttpIntegration(
                url="https://a.example/{id}",
                method="ANY",
                timeout_ms=29_000,
                parameters={"integration.request.path.id": "method.request.path.id"},
            ),
        ),
        (
            "{type: http, uri: !Sub 'https://${AWS::Region}.example', responses: {default: {statusCode: 200}}}",
            HttpIntegration(
                url="https://us-east-1.example",
                method="GET",
                timeout_ms=29_000,
                responses=(IntegrationResponse(status=200),),
                is_proxy=False,
            ),
        ),
    ],
)
def test_http_integrations(one_api: OneApi, settings: str, expected: object) -> None:
    """Another server has its URL, its method and what its request gets."""
    assert one_api(rest(one_method(settings))).routes[0].integration == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            f"{{type: aws, uri: {URI}, requestTemplates: {{application/json: $input.json('$')}}}}",
            "`GET /a/{id}` has an integration of type `aws`: mapping templates (VTL) are not emulated",
        ),
        (
            "{type: mock, requestTemplates: {application/json: '#set($a = 1){\"statusCode\": 200}'}}",
            "`GET /a/{id}` has a mapping template (VTL), which is not emulated",
        ),
        (
            "{type: mock, responses: {default: {statusCode: 200, responseTemplates: {text/plain: $input.path('$.a')}}}}",
            "`GET /a/{id}` has a mapping template (VTL), which is not emulated",
        ),
        (
            "{type: http_proxy, uri: 'arn:aws:elasticloadbalancing:x'}",
            "`GET /a/{id}` is sent to `arn:aws:elasticloadbalancing:x`, which is not an HTTP URL",
        ),
        (
            "{type: aws_proxy, uri: !GetAtt Api.RootResourceId}",
            "the function that is called here cannot be resolved",
        ),
        (
            "{type: aws_proxy, integrationSubtype: SQS-SendMessage}",
            "`GET /a/{id}` calls `SQS-SendMessage`, which is not emulated",
        ),
        (
            "{type: aws_proxy, uri: 'arn:aws:lambda:us-east-1:123456789012:function:other'}",
            "`other` is not a function of this project",
        ),
    ],
)
def test_what_does_not_work_locally(one_api: OneApi, settings: str, message: str) -> None:
    """The route refuses requests, and says why with its place."""
    (route,) = one_api(rest(one_method(settings))).routes
    assert isinstance(route.integration, UnsupportedIntegration)
    assert route.integration.diagnostic.message.startswith(message)
    assert route.integration.diagnostic.place is not None


@pytest.mark.parametrize(
    ("integration", "message"),
    [
        ("{uri: a}", "the integration of `GET /a/{id}` needs `type`"),
        ("{type: lambda}", "`type` must be one of aws_proxy, aws, http_proxy, http, mock"),
        ("{type: aws_proxy}", "the integration of `GET /a/{id}` needs `uri`"),
        ("{type: http}", "the integration of `GET /a/{id}` needs `uri`"),
        (
            "{type: http, uri: !ImportValue x}",
            "a value cannot be resolved locally: the export `x` is available only in AWS",
        ),
        ("{$ref: '#/components/none'}", "the document has no `#/components/none`"),
        ("{$ref: 'other.yaml#/a'}", "`other.yaml#/a` is not in this document"),
        (f"{{type: aws_proxy, uri: {URI}, timeoutInMillis: 1}}", "`timeoutInMillis` must be"),
    ],
)
def test_a_malformed_integration(one_api: OneApi, integration: str, message: str) -> None:
    """Its route refuses requests and is named with its place; the rest is served."""
    body = one_method(integration) + f"  /b: {{get: {{x-amazon-apigateway-integration: {PROXY}}}}}"
    api = one_api(rest(body))
    assert open_routes(api) == ["GET /b -> F"]
    assert closed_routes(api) == ["GET /a/{id}"]
    (failure,) = api.failures
    assert failure.message.startswith(f"requests to `GET /a/{{id}}` are refused: {message}")
    assert failure.place is not None


def test_a_method_without_an_integration(one_api: OneApi) -> None:
    """A method that is only described refuses requests."""
    api = one_api(rest("paths: {/a: {get: {responses: {}}}}"))
    assert closed_routes(api) == ["GET /a"]
    assert [each.message for each in api.failures] == [
        "requests to `GET /a` are refused: it has no integration"
    ]


def test_references_in_the_document(one_api: OneApi) -> None:
    """Paths, integrations and parameters may be references, also one to another."""
    body = f"""
components:
  x-amazon-apigateway-integrations:
    main: {{$ref: "#/components/x-amazon-apigateway-integrations/real~1one"}}
    real/one: {PROXY}
x-items:
  a: {{get: {{x-amazon-apigateway-integration: {{$ref: "#/components/x-amazon-apigateway-integrations/main"}}}}}}
paths:
  /a: {{$ref: "#/x-items/a"}}
"""
    assert outline(one_api(rest(body))) == ["GET /a -> F"]


def test_references_in_a_circle(one_api: OneApi) -> None:
    """They end in a failure."""
    api = one_api(rest("paths: {/a: {$ref: '#/paths/~1a'}}"))
    assert [each.message for each in api.failures] == [
        "requests to `/a` are refused: more than 20 references lead to one another"
    ]


REST_SCHEMES = f"""
  Token:
    type: apiKey
    name: X-Token
    in: header
    x-amazon-apigateway-authtype: custom
    x-amazon-apigateway-authorizer:
      type: token
      authorizerUri: {URI}
      identityValidationExpression: ^x
      authorizerResultTtlInSeconds: 60
  Request:
    type: apiKey
    name: Unused
    in: header
    x-amazon-apigateway-authorizer:
      type: request
      authorizerUri: {URI}
      identitySource: method.request.header.A, method.request.querystring.b
  Pool:
    type: apiKey
    name: Authorization
    in: header
    x-amazon-apigateway-authtype: cognito_user_pools
    x-amazon-apigateway-authorizer: {{type: cognito_user_pools, providerARNs: [arn:p]}}
  Iam: {{type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}}
  key: {{type: apiKey, name: x-api-key, in: header}}
  Broken: {{type: apiKey, x-amazon-apigateway-authorizer: {{type: request}}}}
"""
TOKEN = LambdaAuthorizer(
    name="Token",
    target=F,
    kind="TOKEN",
    payload="1.0",
    identity_sources=("method.request.header.X-Token",),
    cache_seconds=60,
    validation="^x",
)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("security", "expected", "needs_api_key"),
    [
        ("[{Token: []}]", TOKEN, False),
        ("[{key: [], Token: []}]", TOKEN, True),
        ("[{key: []}, {Token: []}]", TOKEN, True),
        ("[{key: []}]", None, True),
        (
            "[{Request: []}]",
            LambdaAuthorizer(
                name="Request",
                target=F,
                kind="REQUEST",
                payload="1.0",
                identity_sources=("method.request.header.A", "method.request.querystring.b"),
                cache_seconds=300,
            ),
            False,
        ),
        ("[{Pool: [a, b]}]", CognitoAuthorizer(name="Pool", user_pools=("arn:p",)), False),
        ("[{Iam: []}]", IamAuthorizer(name="Iam"), False),
        ("[]", None, False),
    ],
)
def test_security_of_rest_apis(
    one_api: OneApi, version: str, security: str, expected: object, *, needs_api_key: bool
) -> None:
    """The security of a method chooses its authorizer, and asks for an API key."""
    schemes = (
        f"securityDefinitions:{REST_SCHEMES}"
        if "swagger" in version
        else f"components:\n  securitySchemes:{indent(REST_SCHEMES, '  ')}"
    )
    (route,) = one_api(rest(schemes + one_method(PROXY, f"security: {security}"), version)).routes
    assert route.authorizer == expected
    assert route.scopes == (("a", "b") if "Pool" in security else ())
    assert route.needs_api_key is needs_api_key


@pytest.mark.parametrize(("version", "name"), [('swagger: "2.0"', None), ("openapi: 3.0.1", "Iam")])
def test_security_of_the_document(one_api: OneApi, version: str, name: str | None) -> None:
    """It applies to methods without their own in version 3; API Gateway ignores it in version 2."""
    schemes = (
        f"securityDefinitions:{REST_SCHEMES}"
        if "swagger" in version
        else f"components:\n  securitySchemes:{indent(REST_SCHEMES, '  ')}"
    )
    (route,) = one_api(
        rest(f"security: [{{Iam: []}}]\n{schemes}{one_method(PROXY)}", version)
    ).routes
    assert (route.authorizer.name if route.authorizer else None) == name


def test_iam_of_a_method(one_api: OneApi) -> None:
    """`x-amazon-apigateway-auth` asks for IAM without a security scheme."""
    body = one_method(PROXY, "x-amazon-apigateway-auth: {type: AWS_IAM}")
    assert one_api(rest(body)).routes[0].authorizer == IamAuthorizer()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Broken", "the authorizer `Broken` needs `authorizerUri`"),
        ("None", "`GET /a/{id}` needs the authorizer `None`, which the API does not have"),
    ],
)
def test_an_authorizer_that_cannot_be_resolved(one_api: OneApi, name: str, message: str) -> None:
    """Its routes refuse requests: none becomes open."""
    schemes = f"components:\n  securitySchemes:{indent(REST_SCHEMES, '  ')}"
    (route,) = one_api(rest(schemes + one_method(PROXY, f"security: [{{'{name}': []}}]"))).routes
    assert isinstance(route.authorizer, UnsupportedAuthorizer)
    assert route.authorizer.diagnostic.message == message


HTTP_SCHEMES = f"""
components:
  securitySchemes:
    Jwt:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.querystring.token
        jwtConfiguration: {{issuer: !Sub "https://${{AWS::Region}}.example", audience: [a, b]}}
    Oidc:
      type: openIdConnect
      openIdConnectUrl: https://i.example/.well-known/openid-configuration
      x-amazon-apigateway-authorizer: {{type: jwt, jwtConfiguration: {{audience: a}}}}
    Lambda:
      type: apiKey
      name: Unused
      in: header
      x-amazon-apigateway-authorizer:
        type: request
        authorizerUri: {URI}
        identitySource: [$request.header.A, $context.path]
        enableSimpleResponses: true
        authorizerPayloadFormatVersion: "2.0"
        authorizerResultTtlInSeconds: 5
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Jwt",
            JwtAuthorizer(
                name="Jwt",
                issuer="https://us-east-1.example",
                audience=("a", "b"),
                identity_source="$request.querystring.token",
            ),
        ),
        ("Oidc", JwtAuthorizer(name="Oidc", issuer="https://i.example", audience=("a",))),
        (
            "Lambda",
            LambdaAuthorizer(
                name="Lambda",
                target=F,
                kind="REQUEST",
                payload="2.0",
                identity_sources=("$request.header.A", "$context.path"),
                cache_seconds=5,
                is_simple=True,
            ),
        ),
    ],
)
def test_security_of_http_apis(one_api: OneApi, name: str, expected: object) -> None:
    """HTTP APIs have JWT and Lambda authorizers."""
    (route,) = one_api(
        http(HTTP_SCHEMES + one_method(PROXY, f"security: [{{{name}: [s]}}]"))
    ).routes
    assert route.authorizer == expected
    assert route.scopes == ("s",)


def test_cors_of_an_http_api(one_api: OneApi) -> None:
    """`x-amazon-apigateway-cors` is the CORS configuration."""
    body = """
x-amazon-apigateway-cors:
  allowOrigins: [https://a.example]
  allowMethods: [GET]
  allowHeaders: [X-A]
  exposeHeaders: [X-B]
  allowCredentials: true
  maxAge: 600
paths: {}
"""
    assert one_api(http(body)).cors == Cors(
        origins=("https://a.example",),
        methods=("GET",),
        headers=("X-A",),
        exposed_headers=("X-B",),
        allows_credentials=True,
        max_age_seconds=600,
    )


def test_extensions_of_the_whole_api(one_api: OneApi) -> None:
    """Media types, the source of API keys, compression and gateway responses."""
    api = one_api(
        rest("""
x-amazon-apigateway-binary-media-types: [image/png, "*/*"]
x-amazon-apigateway-api-key-source: AUTHORIZER
x-amazon-apigateway-minimum-compression-size: 1024
x-amazon-apigateway-importexport-version: "1.0"
x-amazon-apigateway-gateway-responses:
  ACCESS_DENIED:
    statusCode: 404
    responseParameters: {gatewayresponse.header.X-A: "'b'", gatewayresponse.path.c: d}
    responseTemplates: {application/json: '{"m": $context.error.messageString}'}
paths: {}
""")
    )
    assert api.binary_types == ("image/png", "*/*")
    assert (api.api_key_source, api.minimum_compression_bytes) == ("AUTHORIZER", 1024)
    assert api.gateway_responses == {
        "ACCESS_DENIED": GatewayResponse(
            status=404,
            headers={"X-A": "b"},
            templates={"application/json": '{"m": $context.error.messageString}'},
        )
    }


VALIDATORS = """
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
  body: {validateRequestBody: true, validateRequestParameters: false}
"""
ITEM = {"type": "object", "required": ["name"]}
OF_VERSION_2 = f"""
definitions:
  Item: {json.dumps(ITEM)}
  Items: {{type: array, items: {{$ref: "#/definitions/Item"}}}}
parameters:
  q: {{name: q, in: query, required: true, type: string}}
"""
METHOD_2 = """
parameters:
  - $ref: "#/parameters/q"
  - {name: X-A, in: header, required: true}
  - {name: optional, in: query}
  - {name: body, in: body, schema: {$ref: "#/definitions/Items"}}
"""
OF_VERSION_3 = f"""
components:
  schemas:
    Item: {json.dumps(ITEM)}
  parameters:
    q: {{name: q, in: query, required: true}}
  requestBodies:
    items: {{content: {{application/xml: {{}}, application/json: {{schema: {{type: array, items: {{$ref: "#/components/schemas/Item"}}}}}}}}}}
"""
METHOD_3 = """
parameters:
  - $ref: "#/components/parameters/q"
  - {name: X-A, in: header, required: true}
requestBody: {$ref: "#/components/requestBodies/items"}
"""
PARAMETERS = ("method.request.querystring.q", "method.request.header.X-A")
BODY_2 = {
    "application/json": {
        "$ref": "#/definitions/Items",
        "definitions": {
            "Item": ITEM,
            "Items": {"type": "array", "items": {"$ref": "#/definitions/Item"}},
        },
    }
}
BODY_3 = {
    "application/json": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Item"},
        "components": {"schemas": {"Item": ITEM}},
    }
}


@pytest.mark.parametrize(
    ("version", "shared", "method", "bodies"),
    [
        (VERSIONS[0], OF_VERSION_2, METHOD_2, BODY_2),
        (VERSIONS[1], OF_VERSION_3, METHOD_3, BODY_3),
    ],
)
@pytest.mark.parametrize("validator", ["all", "body", None])
def test_request_validation(
    one_api: OneApi, version: str, shared: str, method: str, bodies: object, validator: str | None
) -> None:
    """A validator chooses what is validated; schemas have those that they refer to beside them."""
    chosen = f"x-amazon-apigateway-request-validator: {validator}\n" if validator else ""
    body = VALIDATORS + shared + one_method(PROXY, chosen + method)
    (route,) = one_api(rest(body, version)).routes
    if validator is None:
        assert route.validation is None
    else:
        assert route.validation == RequestValidation(
            parameters=PARAMETERS if validator == "all" else (),
            bodies=bodies,  # type: ignore[arg-type]  # of one version or the other
        )


def test_the_validator_of_the_document(one_api: OneApi) -> None:
    """It applies to methods without their own."""
    body = f"x-amazon-apigateway-request-validator: all{VALIDATORS}{OF_VERSION_3}"
    (route,) = one_api(rest(body + one_method(PROXY, METHOD_3))).routes
    assert route.validation == RequestValidation(parameters=PARAMETERS, bodies=BODY_3)


def test_a_validator_that_does_not_exist(one_api: OneApi) -> None:
    """Its method is left out."""
    api = one_api(rest(VALIDATORS + one_method(PROXY, "x-amazon-apigateway-request-validator: al")))
    (failure,) = api.failures
    assert (
        failure.message
        == "requests to `GET /a/{id}` are refused: the document has no request validator `al`"
    )
    assert failure.hint == "did you mean `all`?"


def test_an_included_definition(one_api: OneApi, tmp_path: Path) -> None:
    """`AWS::Include` brings the document from a file, whose references belong to the template."""
    (tmp_path / "api.yaml").write_text(f'openapi: "3.0.1"\n{one_method(PROXY)}')
    text = TEMPLATE.format(kind="Api", variables="Variables")
    text += "        Fn::Transform: {Name: AWS::Include, Parameters: {Location: api.yaml}}\n"
    api = one_api(text)
    assert outline(api) == ["GET /a/{id} -> F"]
    assert api.routes[0].place is not None
    assert api.routes[0].place.path.name == "api.yaml"


def test_a_definition_in_json(one_api: OneApi, tmp_path: Path) -> None:
    """A file of the definition may be JSON."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:F"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    method = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri}}
    document = {"swagger": "2.0", "paths": {"/a": {"get": method}}}
    (tmp_path / "api.json").write_text(json.dumps(document))
    text = TEMPLATE.format(kind="Api", variables="Variables")
    text = text.replace("DefinitionBody:", "DefinitionUri: api.json")
    assert outline(one_api(text)) == ["GET /a -> F"]


def test_a_parameter_without_a_value(read_template: ReadTemplate) -> None:
    """A setting that depends on it is left out with a diagnostic that names the parameter."""
    body = one_method(f"{{type: aws_proxy, uri: {URI}, timeoutInMillis: !Ref Missing}}")
    found = read_template(rest(body))
    assert outline(found.apis[0]) == ["GET /a/{id} -> F"]
    (diagnostic,) = found.diagnostics
    assert [each.name for each in diagnostic.missing] == ["Missing"]


@pytest.mark.parametrize(
    ("security", "name"), [("[{bearer: []}]", None), ("[{bearer: []}, {Iam: []}]", "Iam")]
)
def test_a_scheme_that_api_gateway_ignores(
    read_template: ReadTemplate, security: str, name: str | None
) -> None:
    """A scheme without an extension protects nothing on AWS either, which is said."""
    schemes = f"components:\n  securitySchemes:{indent(REST_SCHEMES, '  ')}"
    schemes += "    bearer: {type: http, scheme: bearer}\n"
    found = read_template(rest(schemes + one_method(PROXY, f"security: {security}")))
    (route,) = found.apis[0].routes
    assert (route.authorizer.name if route.authorizer else None) == name
    (diagnostic,) = found.diagnostics
    assert diagnostic.message == (
        "the security scheme `bearer` protects nothing: API Gateway ignores it"
    )
    assert diagnostic.place is not None


def test_a_path_without_a_slash(one_api: OneApi) -> None:
    """API Gateway takes no such path."""
    api = one_api(rest(f"paths: {{a: {{get: {{x-amazon-apigateway-integration: {PROXY}}}}}}}"))
    assert [each.message for each in api.failures] == [
        "requests to `a` are refused: a path must begin with `/`, not `a`"
    ]
