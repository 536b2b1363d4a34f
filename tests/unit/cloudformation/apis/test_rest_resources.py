"""REST APIs of plain CloudFormation."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    CustomFunctionIntegration,
    FunctionIntegration,
    FunctionTarget,
    GatewayResponse,
    HttpIntegration,
    IamAuthorizer,
    IntegrationResponse,
    LambdaAuthorizer,
    MockIntegration,
    RequestValidation,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.apis import Route
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

API = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Guard: {Type: AWS::Lambda::Function}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Items: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: items}}
"""
URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
PROXY = f"Integration: {{Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub '{URI}/${{F.Arn}}/invocations'}}"


def method(
    settings: str, *, name: str = "Get", verb: str = "GET", where: str = "!Ref Items"
) -> str:
    return f"""\
  {name}:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: {where}
      HttpMethod: {verb}
{indent(settings, " " * 6)}
"""


def resource(name: str, kind: str, properties: str) -> str:
    return f"  {name}: {{Type: AWS::ApiGateway::{kind}, Properties: {{RestApiId: !Ref Api, {properties}}}}}\n"


PATHS = (
    API
    + resource("Item", "Resource", "ParentId: !Ref Items, PathPart: '{id}'")
    + resource("Rest", "Resource", "ParentId: !GetAtt Api.RootResourceId, PathPart: '{proxy+}'")
    + method(PROXY, name="Root", verb="post", where="!GetAtt Api.RootResourceId")
    + method(PROXY, name="One", where="!Ref Item")
    + method(PROXY, name="Any", verb="ANY", where="!Ref Rest")
)


def test_paths_and_names(one_api: OneApi) -> None:
    """Paths come from the chain of resources; what the template does not name has SAM's default."""
    api = one_api(PATHS)
    assert outline(api) == ["POST / -> F", "GET /items/{id} -> F", "ANY /{proxy+} -> F"]
    assert (api.kind, api.full_path, api.name, api.stage) == (ApiKind.REST, "Api", "shop", "Prod")
    assert (len(api.identifier), api.failures) == (10, ())
    assert api.routes[0].integration == FunctionIntegration(
        target=FunctionTarget(function="F"), payload="1.0", timeout_ms=29_000
    )


def test_references_as_text(one_api: OneApi) -> None:
    """A logical ID is a reference, as in templates that another program has resolved."""
    template = re.sub(r"(RestApiId|ResourceId|ParentId): !Ref (\w+)", r"\1: \2", PATHS)
    assert "RestApiId: Api" in template
    assert outline(one_api(template)) == outline(one_api(PATHS))


def one_route(one_api: OneApi, settings: str, more: str = "") -> Route:
    api = one_api(API + method(settings) + more)
    assert api.failures == ()
    (route,) = api.routes
    return route


STREAM_URI = URI.replace("2015-03-31", "2021-11-15")


@pytest.mark.parametrize(
    ("integration", "expected"),
    [
        pytest.param(
            f"{{Type: AWS_PROXY, TimeoutInMillis: 500, Uri: !Sub '{URI}/${{F.Arn}}/invocations'}}",
            FunctionIntegration(target=FunctionTarget(function="F"), payload="1.0", timeout_ms=500),
            id="limit",
        ),
        pytest.param(
            "{Type: AWS_PROXY, ResponseTransferMode: STREAM,"
            f" Uri: !Sub '{STREAM_URI}/${{F.Arn}}/response-streaming-invocations'}}",
            FunctionIntegration(
                target=FunctionTarget(function="F"),
                payload="1.0",
                timeout_ms=900_000,
                streams=True,
            ),
            id="stream",
        ),
        pytest.param(
            f"{{Type: AWS, Uri: !Sub '{URI}/${{F.Arn}}/invocations', PassthroughBehavior: WHEN_NO_TEMPLATES,"
            " TimeoutInMillis: 5000, RequestTemplates: {application/json: '{}'}, IntegrationResponses:"
            " [{StatusCode: 400, SelectionPattern: 'Bad.*'}, {StatusCode: 200}]}",
            CustomFunctionIntegration(
                target=FunctionTarget(function="F"),
                timeout_ms=5000,
                templates={"application/json": "{}"},
                passthrough="WHEN_NO_TEMPLATES",
                responses=(
                    IntegrationResponse(status=400, pattern="Bad.*"),
                    IntegrationResponse(status=200),
                ),
            ),
            id="custom function",
        ),
        pytest.param(
            "{Type: HTTP_PROXY, IntegrationHttpMethod: ANY, Uri: 'https://a.example/{proxy}',"
            " RequestParameters: {integration.request.path.proxy: method.request.path.proxy}}",
            HttpIntegration(
                url="https://a.example/{proxy}",
                method="ANY",
                timeout_ms=29_000,
                parameters={"integration.request.path.proxy": "method.request.path.proxy"},
            ),
            id="HTTP proxy",
        ),
        pytest.param(
            "{Type: HTTP, IntegrationHttpMethod: GET, Uri: 'https://a.example', PassthroughBehavior: NEVER,"
            " RequestTemplates: {text/plain: a}, IntegrationResponses:"
            " [{StatusCode: '404', SelectionPattern: '4..'}, {StatusCode: '200'}]}",
            HttpIntegration(
                url="https://a.example",
                method="GET",
                timeout_ms=29_000,
                responses=(
                    IntegrationResponse(status=404, pattern="4.."),
                    IntegrationResponse(status=200),
                ),
                templates={"text/plain": "a"},
                passthrough="NEVER",
                is_proxy=False,
            ),
            id="HTTP",
        ),
        pytest.param(
            "{Type: MOCK, RequestTemplates: {application/json: '{ statusCode: 204 }'}, IntegrationResponses:"
            " [{StatusCode: '204', ResponseParameters: {method.response.header.X: \"'y'\"}}]}",
            MockIntegration(
                request_templates={"application/json": "{ statusCode: 204 }"},
                responses=(IntegrationResponse(status=204, headers={"X": "y"}),),
            ),
            id="mock",
        ),
    ],
)
def test_integrations(one_api: OneApi, integration: str, expected: object) -> None:
    """Functions, other servers and mocks answer, each with its settings."""
    assert one_route(one_api, f"Integration: {integration}").integration == expected


@pytest.mark.parametrize(
    ("integration", "message"),
    [
        (
            f"Type: AWS, Uri: !Sub '{URI}/${{F.Arn}}/invocations', IntegrationResponses: [{{StatusCode: 200, ResponseTemplates: {{application/json: $input.path('$.a')}}}}]",
            "`GET /items` has an integration of type `aws`: mapping templates (VTL) are not emulated",
        ),
        (
            "Type: AWS, Uri: 'arn:aws:apigateway:eu-west-1:sqs:path/123456789012/orders'",
            "`arn:aws:apigateway:eu-west-1:sqs:path/123456789012/orders` is not the URI or ARN of a function",
        ),
        (
            f"Type: AWS, Uri: !Sub '{URI}/${{F.Arn}}/invocations', RequestParameters: {{integration.request.header.X-Amz-Invocation-Type: \"'Event'\"}}",
            "`GET /items` calls its function asynchronously, which is not emulated",
        ),
        (
            "Type: HTTP_PROXY, Uri: 'http://a', ConnectionType: VPC_LINK",
            "`GET /items` is sent through a VPC link, which is not emulated",
        ),
        (
            "Type: MOCK, PassthroughBehavior: NEVER, RequestTemplates: {application/json: '#set($a = 1)'}",
            "`GET /items` has a mapping template (VTL), which is not emulated",
        ),
        ("Type: AWS_PROXY, Uri: !GetAtt Nothing.Arn", "no resource `Nothing`"),
    ],
)
def test_what_does_not_work(one_api: OneApi, integration: str, message: str) -> None:
    """An integration that cannot work here refuses requests, with its place."""
    found = one_route(one_api, f"Integration: {{{integration}}}").integration
    assert isinstance(found, UnsupportedIntegration)
    assert found.diagnostic.message == message
    assert found.diagnostic.place is not None


SAM = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {{Type: Api, Properties: {{Path: /a, Method: get, RestApiId: !Ref Api}}}}
  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: dev, Auth: {{DefaultAuthorizer: AWS_IAM}}}}}}
  Items: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: items}}}}
{method(PROXY, name="Root", where="!GetAtt Api.RootResourceId")}{method(PROXY)}"""


def test_methods_of_an_api_of_sam(one_api: OneApi) -> None:
    """A template may add methods to an API of SAM; its `Auth` is not for them."""
    api = one_api(SAM)
    assert api.failures == ()
    assert outline(api) == ["GET /a -> F", "GET / -> F", "GET /items -> F"]
    assert [each.authorizer is None for each in api.routes] == [False, True, True]


def test_methods_of_an_api_of_sam_with_errors(one_api: OneApi) -> None:
    """They refuse requests, and are named with their place."""
    api = one_api(SAM.replace("Type: AWS_PROXY", "Type: PROXY"))
    assert outline(api)[0] == "GET /a -> F"
    assert [each.message.partition(":")[0] for each in api.failures] == [
        "requests to `Root` are refused",
        "requests to `Get` are refused",
    ]
    assert all(each.place for each in api.failures)


def test_an_unknown_passthrough_behavior(one_api: OneApi) -> None:
    """It is an error with its place."""
    (failure,) = one_api(
        API + method("Integration: {Type: MOCK, PassthroughBehavior: ALWAYS}")
    ).failures
    assert failure.message.endswith(
        "`passthroughBehavior` must be one of WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER, not `ALWAYS`"
    )
    assert failure.place is not None


def test_a_method_without_an_integration(one_api: OneApi) -> None:
    """A method that nothing answers refuses requests."""
    found = one_route(one_api, "OperationName: Nothing").integration
    assert isinstance(found, UnsupportedIntegration)
    assert found.diagnostic.message == "`GET /items` has no `Integration`"


GUARD = f"AuthorizerUri: !Sub '{URI}/${{Guard.Arn}}/invocations'"
FROM_GUARD = FunctionTarget(function="Guard")


@pytest.mark.parametrize(
    ("kind", "authorizer", "expected"),
    [
        pytest.param("NONE", None, None, id="none"),
        pytest.param("AWS_IAM", None, IamAuthorizer(), id="IAM"),
        pytest.param(
            "CUSTOM",
            f"Type: TOKEN, Name: token, {GUARD}, IdentitySource: method.request.header.Auth,"
            " AuthorizerResultTtlInSeconds: 0, IdentityValidationExpression: '[a-z]+'",
            LambdaAuthorizer(
                name="token",
                target=FROM_GUARD,
                kind="TOKEN",
                payload="1.0",
                identity_sources=("method.request.header.Auth",),
                cache_seconds=0,
                validation="[a-z]+",
            ),
            id="token",
        ),
        pytest.param(
            "CUSTOM",
            f"Type: REQUEST, {GUARD}, IdentitySource: 'method.request.header.A, method.request.querystring.b'",
            LambdaAuthorizer(
                name="Who",
                target=FROM_GUARD,
                kind="REQUEST",
                payload="1.0",
                identity_sources=("method.request.header.A", "method.request.querystring.b"),
                cache_seconds=300,
            ),
            id="request",
        ),
        pytest.param(
            "COGNITO_USER_POOLS",
            "Type: COGNITO_USER_POOLS, Name: pool, ProviderARNs: ['arn:pool'], IdentitySource: method.request.header.T",
            CognitoAuthorizer(
                name="pool",
                user_pools=("arn:pool",),
                identity_source="method.request.header.T",
            ),
            id="Cognito",
        ),
    ],
)
def test_authorizers(one_api: OneApi, kind: str, authorizer: str | None, expected: object) -> None:
    """A method has the authorizer that it names."""
    more = resource("Who", "Authorizer", authorizer) if authorizer else ""
    reference = "\nAuthorizerId: !Ref Who" if authorizer else ""
    settings = f"{PROXY}\nAuthorizationType: {kind}{reference}\nAuthorizationScopes: [read]"
    route = one_route(one_api, settings, more)
    assert route.authorizer == expected
    assert route.scopes == ("read",)


@pytest.mark.parametrize(
    ("authorizer", "message"),
    [
        ("Type: TOKEN", "the authorizer `Who` needs `AuthorizerUri`"),
        ("Type: JWT", "`Type` must be one of TOKEN, REQUEST, COGNITO_USER_POOLS, not `JWT`"),
        ("Name: x", "an authorizer needs `Type`"),
    ],
)
def test_an_authorizer_that_has_an_error(one_api: OneApi, authorizer: str, message: str) -> None:
    """An authorizer that cannot be resolved refuses requests, and does not let them in."""
    more = resource("Who", "Authorizer", authorizer)
    route = one_route(one_api, f"{PROXY}\nAuthorizationType: CUSTOM\nAuthorizerId: !Ref Who", more)
    assert isinstance(route.authorizer, UnsupportedAuthorizer)
    assert route.authorizer.diagnostic.message == message


VALIDATION = (
    resource(
        "Check", "RequestValidator", "ValidateRequestBody: true, ValidateRequestParameters: true"
    )
    + resource(
        "Part", "Model", 'ContentType: application/json, Name: part, Schema: \'{"type": "string"}\''
    )
    + resource(
        "Whole",
        "Model",
        "ContentType: application/json, Schema: {type: array, items: {$ref: !Sub"
        " 'https://apigateway.amazonaws.com/restapis/${Api}/models/part'}}",
    )
)
CHECKED = f"""{PROXY}
RequestValidatorId: !Ref Check
RequestParameters: {{method.request.querystring.q: true, method.request.header.h: false}}
RequestModels: {{application/json: !Ref Whole, text/plain: Empty}}
ApiKeyRequired: true
OperationName: List"""


def test_request_validation(one_api: OneApi) -> None:
    """Required parameters and schemas are checked; schemas have the models that they refer to."""
    api = one_api(API + method(CHECKED) + VALIDATION)
    (route,) = api.routes
    assert route.validation == RequestValidation(
        parameters=("method.request.querystring.q",),
        bodies={
            "application/json": {
                "type": "array",
                "items": {"$ref": "#/definitions/part"},
                "definitions": {"part": {"type": "string"}},
            }
        },
    )
    assert (route.needs_api_key, route.operation_name) == (True, "List")


def test_settings_of_the_api(one_api: OneApi) -> None:
    """Binary types, compression, keys, gateway responses, the stage and the base path are the template's."""
    api = one_api(
        API.replace(
            "{Name: shop}",
            "{BinaryMediaTypes: [image/png], MinimumCompressionSize: 10, ApiKeySourceType: AUTHORIZER}",
        )
        + method(PROXY)
        + resource("Stage", "Stage", "StageName: dev, Variables: {color: red}")
        + resource("Mapping", "BasePathMapping", "BasePath: shop, Stage: !Ref Stage, DomainName: d")
        + resource(
            "Denied",
            "GatewayResponse",
            "ResponseType: DEFAULT_4XX, StatusCode: '418', ResponseTemplates: {application/json: x},"
            " ResponseParameters: {gatewayresponse.header.A: \"'*'\"}",
        )
    )
    assert (api.stage, api.variables, api.base_paths) == ("dev", {"color": "red"}, ("shop",))
    assert (api.binary_types, api.minimum_compression_bytes) == (("image/png",), 10)
    assert api.api_key_source == "AUTHORIZER"
    assert api.gateway_responses == {
        "DEFAULT_4XX": GatewayResponse(
            status=418, headers={"A": "*"}, templates={"application/json": "x"}
        )
    }


def test_several_stages(read_template: ReadTemplate) -> None:
    """An API is served once for each stage, and calls the function that the stage's variables name."""
    text = (
        API
        + method(
            f"Integration: {{Type: AWS_PROXY, Uri: !Sub '{URI}/arn:aws:lambda:r:123456789012:function:${{!stageVariables.f}}/invocations'}}"
        )
        + resource(
            "Deployed", "Deployment", "StageName: one, StageDescription: {Variables: {f: F}}"
        )
        + resource("Other", "Stage", "StageName: two, Variables: {f: Guard}")
        + resource("Third", "Stage", "StageName: three")
    )
    found = read_template(text)
    assert [(api.stage, outline(api)) for api in found.apis] == [
        ("one", ["GET /items -> F"]),
        ("two", ["GET /items -> Guard"]),
        ("three", ["GET /items -> unsupported: the stage has no variable `f`"]),
    ]


def test_a_definition_and_methods(one_api: OneApi) -> None:
    """An API may have an OpenAPI document and methods."""
    body = f"{{openapi: 3.0.1, paths: {{/a: {{get: {{x-amazon-apigateway-integration: {{type: aws_proxy, uri: !Sub '{URI}/${{F.Arn}}/invocations'}}}}}}}}}}"
    api = one_api(API.replace("Name: shop", f"Body: {body}") + method(PROXY))
    assert outline(api) == ["GET /a -> F", "GET /items -> F"]


FAULTS = (
    API
    + method(PROXY)
    + method(PROXY, name="Lost", where="!Ref F")
    + method(PROXY, name="Nowhere", where="abc")
    + method(
        f"{PROXY}\nAuthorizationType: CUSTOM\nAuthorizerId: abc", name="Open", where="!Ref Others"
    )
    + method(f"{PROXY}\nRequestValidatorId: abc", name="Unchecked", verb="PUT", where="!Ref Others")
    + method(
        f"{PROXY}\nRequestValidatorId: !Ref V\nRequestModels: {{a/b: nothing}}",
        name="Shapeless",
        verb="POST",
        where="!Ref Others",
    )
    + resource("Others", "Resource", "ParentId: !GetAtt Api.RootResourceId, PathPart: others")
    + resource("V", "RequestValidator", "ValidateRequestBody: true")
    + resource("Self", "Resource", "ParentId: !Ref Self, PathPart: a")
    + method(PROXY, name="Endless", where="!Ref Self")
)


def test_the_rest_is_served(read_template: ReadTemplate) -> None:
    """A method that has an error refuses requests, is a failure of its API with its place, and the others are served."""
    found = read_template(FAULTS)
    (api,) = found.apis
    assert open_routes(api) == ["GET /items -> F"]
    assert closed_routes(api) == ["GET /others", "PUT /others", "POST /others"]
    assert [failure.message for failure in api.failures] == [
        "requests to `Lost` are refused: `ResourceId` is not a resource of this API",
        "requests to `Nowhere` are refused: `ResourceId` is not a resource of this API",
        "requests to `Open` are refused: `AuthorizerId` is not an authorizer of this project",
        "requests to `Unchecked` are refused: `RequestValidatorId` is not a validator of this project",
        "requests to `Shapeless` are refused: the API has no such model",
        "requests to `Endless` are refused: `ParentId` is not a resource of this API",
    ]
    assert all(failure.place is not None for failure in api.failures)


def test_a_method_of_an_api_that_is_elsewhere(read_template: ReadTemplate) -> None:
    """A method whose API the project does not have is told; one whose condition is false is not."""
    text = API + method(PROXY).replace("!Ref Api", "abc")
    text += (
        method(PROXY, name="Off")
        .replace("!Ref Api", "abc")
        .replace("Type:", "Condition: Never\n    Type:", 1)
    )
    found = read_template(text + "\nConditions: {Never: !Equals [a, b]}\n")
    assert [each.message for each in found.diagnostics] == [
        "skipping `Get`: `RestApiId` is not an `AWS::ApiGateway::RestApi` of this project"
    ]


CHILD = """\
Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
Outputs:
  Id: {Value: !Ref Api, Export: {Name: shop-id}}
  Root: {Value: !GetAtt Api.RootResourceId, Export: {Name: shop-root}}
"""


@pytest.mark.parametrize(
    ("api", "root"),
    [
        ("!GetAtt Child.Outputs.Id", "!GetAtt Child.Outputs.Root"),
        ("!ImportValue shop-id", "!ImportValue shop-root"),
        ("!If [Never, nothing, !GetAtt Child.Outputs.Id]", "!ImportValue {'Fn::Sub': shop-root}"),
    ],
)
def test_methods_in_another_stack(
    read_template: ReadTemplate, tmp_path: Path, api: str, root: str
) -> None:
    """A method may belong to an API of another stack, through outputs and exports."""
    (tmp_path / "child.yaml").write_text(CHILD)
    found = read_template(
        f"""
Conditions: {{Never: !Equals [a, b]}}
Resources:
  F: {{Type: AWS::Lambda::Function}}
  Child: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: child.yaml}}}}
{method(PROXY, where=root).replace("!Ref Api", api)}
"""
    )
    assert found.diagnostics == ()
    assert [(each.full_path, outline(each)) for each in found.apis] == [
        ("Child/Api", ["GET / -> F"])
    ]


@pytest.mark.parametrize(
    "guard",
    [
        "AuthorizationType: !Ref Secret",
        "AuthorizationType: NONE\nApiKeyRequired: !Ref Secret",
        "AuthorizationType: AWS_IAM\nAuthorizationScopes: !Ref Secret",
    ],
)
def test_a_guard_that_is_unknown(read_template: ReadTemplate, guard: str) -> None:
    """A method refuses requests where the template does not tell who may call it."""
    text = API + method(f"{PROXY}\n{guard}") + "\nParameters: {Secret: {Type: String}}\n"
    (api,) = read_template(text).apis
    assert closed_routes(api) == ["GET /items"]
    assert api.failures[0].message.startswith(
        "requests to `Get` are refused: a value cannot be resolved locally"
    )


@pytest.mark.parametrize("name", ["IdentitySource", "IdentityValidationExpression"])
def test_an_authorizer_with_an_unknown_setting(read_template: ReadTemplate, name: str) -> None:
    """An authorizer whose settings are unknown refuses requests."""
    text = (
        API
        + method(f"{PROXY}\nAuthorizationType: CUSTOM\nAuthorizerId: !Ref Who")
        + resource("Who", "Authorizer", f"Type: TOKEN, {GUARD}, {name}: !Ref Secret")
        + "\nParameters: {Secret: {Type: String}}\n"
    )
    (api,) = read_template(text).apis
    assert isinstance(api.routes[0].authorizer, UnsupportedAuthorizer)


def test_security_of_a_definition(one_api: OneApi) -> None:
    """The security of a whole OpenAPI document guards its methods, also beside methods that are resources."""
    integration = f"{{type: aws_proxy, uri: !Sub '{URI}/${{F.Arn}}/invocations'}}"
    body = (
        "{openapi: 3.0.1, security: [{iam: []}], components: {securitySchemes: {iam: {type: apiKey,"
        " name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}}},"
        f" paths: {{/a: {{get: {{x-amazon-apigateway-integration: {integration}}}}}}}}}"
    )
    api = one_api(API.replace("Name: shop", f"Body: {body}") + method(PROXY))
    assert [each.authorizer for each in api.routes] == [IamAuthorizer(name="iam"), None]


def test_a_resource_whose_properties_have_an_error(read_template: ReadTemplate) -> None:
    """A resource that cannot be read at all is told, and does not keep the others from being read."""
    broken = "  Broken: {Type: AWS::ApiGateway::KIND, Properties: !GetAtt Nothing.At}\n"
    kinds = ("RestApi", "Resource", "Method", "Authorizer", "Model", "Stage", "Deployment")
    text = "".join(
        broken.replace("KIND", kind).replace("Broken", f"Broken{kind}") for kind in kinds
    )
    found = read_template(API + method(PROXY) + text)
    assert [outline(api) for api in found.apis] == [["GET /items -> F"]]
    assert [each.message for each in found.diagnostics] == [
        f"skipping `Broken{kind}`: no resource `Nothing`" for kind in kinds
    ]


@pytest.mark.parametrize(
    ("endpoint", "is_edge_optimized"),
    [
        ("Name: shop", True),
        ("EndpointConfiguration: {Types: [EDGE]}", True),
        ("EndpointConfiguration: {IpAddressType: ipv4}", True),
        ("EndpointConfiguration: {Types: [REGIONAL]}", False),
        ("EndpointConfiguration: {Types: [PRIVATE], VpcEndpointIds: [a]}", False),
        ("EndpointConfiguration: {Types: [!ImportValue x]}", False),
    ],
)
def test_endpoints(read_template: ReadTemplate, endpoint: str, *, is_edge_optimized: bool) -> None:
    """An endpoint is edge-optimized unless the template says another type."""
    (api,) = read_template(API.replace("Name: shop", endpoint) + method(PROXY)).apis
    assert api.is_edge_optimized == is_edge_optimized


_STATEMENT = "{Effect: Deny, Principal: '*', Action: execute-api:Invoke, Resource: '*'}"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (f"Policy: {{Statement: [{_STATEMENT}]}}", "Policy"),
        (
            f"Body: {{openapi: 3.0.1, x-amazon-apigateway-policy: {{Statement: [{_STATEMENT}]}}}}",
            "x-amazon-apigateway-policy",
        ),
        ("Policy: !Ref AWS::NoValue", None),
    ],
)
def test_a_resource_policy(one_api: OneApi, settings: str, name: str | None) -> None:
    """A resource policy is named with its place, as it denies nothing here; the API is served."""
    api = one_api(API.replace("{Name: shop}", f"{{Name: shop, {settings}}}") + method(PROXY))
    assert outline(api) == ["GET /items -> F"]
    said = [(each.message, each.place.line if each.place else 0) for each in api.failures]
    message = f"`{name}` is not applied: requests that it denies in AWS are let in"
    assert said == ([(message, 5)] if name else [])
