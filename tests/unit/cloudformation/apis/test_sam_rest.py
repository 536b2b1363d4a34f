"""REST APIs of SAM templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    FunctionTarget,
    GatewayResponse,
    IamAuthorizer,
    LambdaAuthorizer,
    MockIntegration,
    RequestValidation,
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
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      {settings}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        A:
          Type: Api
          Properties: {{RestApiId: !Ref Api, Path: /a, Method: get{event}}}
  Check: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
"""


def with_api(settings: str = "", event: str = "") -> str:
    return API.format(settings=settings, event=f", {event}" if event else "")


def route(api: Api, name: str) -> Route:
    (found,) = (each for each in api.routes if f"{each.method} {each.path}" == name)
    return found


IMPLICIT = """
Globals:
  Api: {Cors: "'https://example.com'", BinaryMediaTypes: [image~1png]}
Resources:
  Second: {Type: AWS::Serverless::Api, Properties: {StageName: !Ref AWS::Region}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        Any: {Type: Api, Properties: {Path: "/{proxy+}", Method: ANY}}
        Root: {Type: Api, Properties: {Path: /, Method: Post, TimeoutInMillis: 500}}
        Queue: {Type: SQS, Properties: {Queue: arn}}
  G:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      AutoPublishAlias: live
      Events:
        Own: {Type: Api, Properties: {Path: /own/, Method: get, RestApiId: !Ref Second}}
        Other: {Type: Api, Properties: {Path: /other, Method: get, ResponseTransferMode: RESPONSE_STREAM}}
"""


def test_events_make_implicit_and_explicit_apis(read_template: ReadTemplate) -> None:
    """Events without an API belong to the implicit one, which has the settings of `Globals`."""
    found = read_template(IMPLICIT)
    assert found.diagnostics == ()
    second, implicit = found.apis
    assert (second.full_path, second.stage) == ("Second", "us-east-1")
    assert outline(second) == ["GET /own -> G:live", "OPTIONS /own -> mock"]
    assert (implicit.kind, implicit.full_path, implicit.stage) == (
        ApiKind.REST,
        "ServerlessRestApi",
        "Prod",
    )
    assert outline(implicit) == [
        "ANY /{proxy+} -> F",
        "POST / -> F",
        "GET /other -> G:live",
        "OPTIONS /{proxy+} -> mock",
        "OPTIONS / -> mock",
        "OPTIONS /other -> mock",
    ]
    assert implicit.binary_types == ("image/png",)
    integrations = [route(implicit, name).integration for name in ("POST /", "GET /other")]
    assert [getattr(each, "timeout_ms", None) for each in integrations] == [500, 900_000]
    assert [getattr(each, "streams", None) for each in integrations] == [False, True]


@pytest.mark.parametrize(
    ("cors", "headers"),
    [
        ("\"'*'\"", {"Allow-Origin": "*", "Allow-Methods": "GET,OPTIONS"}),
        (
            (
                "{AllowOrigin: \"'https://a.example'\", AllowHeaders: \"'x,y'\", MaxAge: \"'600'\","
                " AllowMethods: \"'PUT'\", AllowCredentials: true}"
            ),
            {
                "Allow-Origin": "https://a.example",
                "Allow-Headers": "x,y",
                "Max-Age": "600",
                "Allow-Methods": "PUT",
                "Allow-Credentials": "true",
            },
        ),
        (
            "{AllowOrigin: \"'https://a.example'\", AllowCredentials: \"'true'\"}",
            {
                "Allow-Origin": "https://a.example",
                "Allow-Methods": "GET,OPTIONS",
                "Allow-Credentials": "true",
            },
        ),
        ("{MaxAge: 5}", {"Allow-Origin": "*", "Max-Age": "5", "Allow-Methods": "GET,OPTIONS"}),
        (
            "!Sub \"'https://${AWS::Region}.example'\"",
            {"Allow-Origin": "https://us-east-1.example", "Allow-Methods": "GET,OPTIONS"},
        ),
    ],
)
def test_cors_makes_routes_for_options(one_api: OneApi, cors: str, headers: dict[str, str]) -> None:
    """`Cors` adds an OPTIONS method with exactly the headers that are written, without their quotes."""
    integration = route(one_api(with_api(f"Cors: {cors}")), "OPTIONS /a").integration
    assert isinstance(integration, MockIntegration)
    (response,) = integration.responses
    assert response.status == 200
    assert response.headers == {f"Access-Control-{name}": text for name, text in headers.items()}


@pytest.mark.parametrize("origin", ["", "AllowOrigin: \"'*'\", "])
def test_credentials_for_any_origin(read_template: ReadTemplate, origin: str) -> None:
    """SAM refuses them, which is said."""
    found = read_template(with_api(f"Cors: {{{origin}AllowCredentials: true}}"))
    (said,) = found.diagnostics
    assert said.message.startswith("`AllowCredentials` of `Cors` applies here, but SAM refuses it")
    assert said.place is not None


def test_a_function_that_answers_options_keeps_them(one_api: OneApi) -> None:
    """`Cors` adds no OPTIONS method to a path that has one."""
    text = with_api("Cors: \"'*'\"").replace("Method: get", "Method: options")
    assert outline(one_api(text)) == ["OPTIONS /a -> F"]


AUTHORIZERS = """
      Auth:
        DefaultAuthorizer: Token
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Token:
            FunctionArn: !GetAtt Check.Arn
            Identity: {Header: X-Token, ValidationExpression: "^a$", ReauthorizeEvery: 0}
          Request:
            FunctionArn: !GetAtt Check.Arn
            FunctionPayloadType: REQUEST
            AuthorizationScopes: [default]
            Identity:
              Headers: [A]
              QueryStrings: [b]
              StageVariables: [c]
              Context: [d]
          Pool: {UserPoolArn: "arn:aws:cognito-idp:eu-west-1:1:userpool/p", AuthorizationScopes: [x]}
          Broken: {FunctionArn: !GetAtt Queue.Arn}
      Cors: "'*'"
""".strip()
CHECK = FunctionTarget(function="Check")


@pytest.mark.parametrize(
    ("event", "expected", "scopes"),
    [
        (
            "",
            LambdaAuthorizer(
                name="Token",
                target=CHECK,
                kind="TOKEN",
                payload="1.0",
                identity_sources=("method.request.header.X-Token",),
                cache_seconds=0,
                validation="^a$",
            ),
            (),
        ),
        (
            "Auth: {Authorizer: Request}",
            LambdaAuthorizer(
                name="Request",
                target=CHECK,
                kind="REQUEST",
                payload="1.0",
                identity_sources=(
                    "method.request.header.A",
                    "method.request.querystring.b",
                    "stageVariables.c",
                    "context.d",
                ),
                cache_seconds=300,
            ),
            ("default",),
        ),
        (
            "Auth: {Authorizer: Pool, AuthorizationScopes: [own]}",
            CognitoAuthorizer(
                name="Pool", user_pools=("arn:aws:cognito-idp:eu-west-1:1:userpool/p",)
            ),
            ("own",),
        ),
        (
            "Auth: {Authorizer: Pool, AuthorizationScopes: []}",
            CognitoAuthorizer(
                name="Pool", user_pools=("arn:aws:cognito-idp:eu-west-1:1:userpool/p",)
            ),
            (),
        ),
        ("Auth: {Authorizer: AWS_IAM}", IamAuthorizer(), ()),
        ("Auth: {Authorizer: NONE}", None, ()),
    ],
    ids=["default", "request", "cognito", "no scopes", "iam", "none"],
)
def test_authorizers(
    one_api: OneApi, event: str, expected: object, scopes: tuple[str, ...]
) -> None:
    """An event has the default authorizer, its own, or none; preflight requests need none here."""
    api = one_api(with_api(AUTHORIZERS, event))
    assert route(api, "GET /a").authorizer == expected
    assert route(api, "GET /a").scopes == scopes
    assert route(api, "OPTIONS /a").authorizer is None


def test_the_default_authorizer_guards_options_too(one_api: OneApi) -> None:
    """Without `AddDefaultAuthorizerToCorsPreflight: false`, preflight requests need the default authorizer."""
    text = with_api(AUTHORIZERS.replace("AddDefaultAuthorizerToCorsPreflight: false", ""))
    authorizer = route(one_api(text), "OPTIONS /a").authorizer
    assert authorizer is not None
    assert authorizer.name == "Token"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Broken", "no resource `Queue`"),
        ("Requset", "`GET /a` needs the authorizer `Requset`, which the API does not have"),
    ],
)
def test_an_authorizer_that_cannot_be_resolved_refuses(
    one_api: OneApi, name: str, message: str
) -> None:
    """A route never becomes open because its authorizer is missing."""
    authorizer = route(
        one_api(with_api(AUTHORIZERS, f"Auth: {{Authorizer: {name}}}")), "GET /a"
    ).authorizer
    assert isinstance(authorizer, UnsupportedAuthorizer)
    assert authorizer.diagnostic.message == message
    assert authorizer.diagnostic.place is not None


@pytest.mark.parametrize(
    ("settings", "event", "of_route", "of_options"),
    [
        ("Auth: {ApiKeyRequired: true}", "", True, True),
        ("Auth: {ApiKeyRequired: true}", "Auth: {ApiKeyRequired: false}", False, True),
        ("Auth: {ApiKeyRequired: true, AddApiKeyRequiredToCorsPreflight: false}", "", True, False),
        ("", "Auth: {ApiKeyRequired: true}", True, False),
    ],
)
def test_api_keys(
    one_api: OneApi, settings: str, event: str, *, of_route: bool, of_options: bool
) -> None:
    """`ApiKeyRequired` of an event wins over that of the API."""
    api = one_api(with_api(f"{settings}\n      Cors: \"'*'\"", event))
    assert route(api, "GET /a").needs_api_key is of_route
    assert route(api, "OPTIONS /a").needs_api_key is of_options


def test_settings_of_the_whole_api(one_api: OneApi) -> None:
    """Name, variables, media types, base path and gateway responses are as they are written."""
    api = one_api(
        with_api("""
      Name: shop
      Variables: {COLOR: !Ref AWS::Region, Size: 4}
      BinaryMediaTypes: [image~1png, "*~1*"]
      MinimumCompressionSize: 0
      ApiKeySourceType: AUTHORIZER
      Domain: {DomainName: a.example, CertificateArn: arn, BasePath: [v-1, v2]}
      GatewayResponses:
        DEFAULT_4XX:
          StatusCode: 418
          ResponseParameters: {Headers: {X-A: "'b'", X-C: method.request.header.Origin}}
          ResponseTemplates: {application/json: "{}"}
""")
    )
    assert api.name == "shop"
    assert api.variables == {"COLOR": "us-east-1", "Size": "4"}
    assert api.binary_types == ("image/png", "*/*")
    assert (api.minimum_compression_bytes, api.api_key_source) == (0, "AUTHORIZER")
    assert api.base_paths == ("v1", "v2")
    assert api.gateway_responses == {
        "DEFAULT_4XX": GatewayResponse(
            status=418,
            headers={"X-A": "b", "X-C": "method.request.header.Origin"},
            templates={"application/json": "{}"},
        )
    }
    assert len(api.identifier) == 10
    assert api.identifier.isalnum()


MODELS = "Models: {User: {type: object, required: [name]}}"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("RequestModel: {Model: User}", None),
        (
            "RequestModel: {Model: User, ValidateBody: true}",
            RequestValidation(
                bodies={
                    "application/json": {
                        "type": "object",
                        "required": ["name"],
                        "definitions": {"user": {"type": "object", "required": ["name"]}},
                    }
                }
            ),
        ),
        (
            (
                "RequestModel: {Model: User, ValidateParameters: true},"
                " RequestParameters: [method.request.querystring.a,"
                " {method.request.header.B: {Required: true}}]"
            ),
            RequestValidation(parameters=("method.request.header.B",)),
        ),
        ("RequestParameters: [{method.request.header.B: {Required: true}}]", None),
    ],
)
def test_validation(one_api: OneApi, event: str, expected: object) -> None:
    """Only what `ValidateBody` and `ValidateParameters` switch on is validated."""
    assert route(one_api(with_api(MODELS, event)), "GET /a").validation == expected


@pytest.mark.parametrize(
    ("settings", "event", "message"),
    [
        ("", "TimeoutInMillis: 1", "`TimeoutInMillis` must be a whole number from 50 to 900000"),
        (MODELS, "RequestModel: {Model: Usr}", "the API has no model `Usr`"),
        ("", "RequestParameters: [a]", "`a` is not a parameter of a request"),
    ],
)
def test_an_event_with_an_error_refuses_requests(
    one_api: OneApi, settings: str, event: str, message: str
) -> None:
    """No other route gets its requests, and the failure says where."""
    api = one_api(with_api(settings, event))
    assert closed_routes(api) == ["GET /a"]
    (failure,) = api.failures
    assert failure.message.startswith(f"requests to `GET /a` of `F` are refused: {message}")
    assert failure.place is not None


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("{Type: Api}", "an event of the type Api needs `Path`"),
        ("{Type: api, Properties: {Path: /b, Method: get}}", "SAM has no events of the type `api`"),
        ("{Type: Api, Properties: {Path: /a}}", "an event of the type Api needs `Method`"),
        (
            "{Type: Api, Properties: {Path: /a, Method: gte}}",
            "`Method` must be a method of HTTP or `any`, not `gte`",
        ),
        (
            "{Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Ap}}",
            "`RestApiId` must be `!Ref` of an API in the same template",
        ),
        (
            "{Type: Api, Properties: {Path: b, Method: get}}",
            "a path must begin with `/`, not `b`",
        ),
        (
            "{Type: Api, Properties: {Path: !ImportValue p, Method: get}}",
            "a value cannot be resolved locally: the export `p` is available only in AWS",
        ),
    ],
)
def test_an_event_that_cannot_be_read(
    read_template: ReadTemplate, event: str, message: str
) -> None:
    """It is named with its place, and other events make their routes."""
    text = with_api().replace("        A:\n", f"        B: {event}\n        A:\n")
    found = read_template(text)
    assert open_routes(found.apis[0]) == ["GET /a -> F"]
    (diagnostic,) = found.diagnostics
    assert re.fullmatch(
        f"(skipping|requests to) the event `B` of `F`( are refused)?: {re.escape(message)}.*",
        diagnostic.message,
    )
    assert diagnostic.place is not None


BODY = """
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /a:
            get:
              security: [{Token: []}]
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Check.Arn}/invocations"
""".strip()


@pytest.mark.parametrize(
    ("settings", "event", "routes", "failures"),
    [
        (BODY, "", ["GET /a -> Check"], []),
        (f"{BODY}\n      MergeDefinitions: true", "", ["GET /a -> F"], []),
        (
            BODY.replace("/a:", "/b:"),
            "",
            ["GET /b -> Check"],
            ["skipping `GET /a`: the definition of `Api` does not have it"],
        ),
        (
            BODY.replace("/a:", "/b:") + "\n      MergeDefinitions: true",
            "",
            ["GET /b -> Check", "GET /a -> F"],
            [],
        ),
    ],
)
def test_events_beside_a_definition(
    one_api: OneApi, settings: str, event: str, routes: list[str], failures: list[str]
) -> None:
    """As in SAM, a definition is complete, unless `MergeDefinitions` adds the events."""
    api = one_api(with_api(settings, event))
    assert outline(api) == routes
    assert [each.message for each in api.failures] == failures


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("Auth: {Authorizer: Request}", "Token"),
        ("Auth: {Authorizer: Request, OverrideApiAuth: true}", "Request"),
        ("Auth: {Authorizer: NONE, OverrideApiAuth: true}", None),
    ],
)
def test_override_api_auth(one_api: OneApi, event: str, name: str | None) -> None:
    """`OverrideApiAuth` puts the authorizer of an event in place of that of the definition."""
    authorizer = route(
        one_api(with_api(f"{BODY}\n      {AUTHORIZERS}", event)), "GET /a"
    ).authorizer
    assert (authorizer.name if authorizer else None) == name


def test_a_definition_in_a_file(one_api: OneApi, tmp_path: Path) -> None:
    """`DefinitionUri` is a path beside the template; SAM would refuse `Cors` beside it, which is said."""
    body = "\n".join(line.removeprefix("        ") for line in BODY.splitlines()[1:])
    (tmp_path / "api.yaml").write_text(body)
    api = one_api(with_api("DefinitionUri: api.yaml\n      Cors: \"'*'\""))
    assert outline(api) == ["GET /a -> Check", "OPTIONS /a -> mock"]
    (failure,) = api.failures
    assert failure.message.startswith("`Cors` of `Api` applies here, but AWS refuses it")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("DefinitionUri: none.yaml", "no file at `none.yaml`"),
        ("DefinitionUri: ../api.yaml", "`../api.yaml` is outside the project"),
        ("DefinitionUri: s3://bucket/api.yaml", "a value cannot be resolved locally"),
        ("DefinitionUri: {Bucket: b}", "`DefinitionUri` needs a `Bucket` and a `Key`"),
        ("DefinitionBody: [a]", "the properties must be a mapping, not a list"),
        ("DefinitionBody: {paths: []}", "`paths` must be a mapping, not a list"),
        (
            "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: a.yaml}}}",
            "no file at `a.yaml`",
        ),
    ],
)
def test_a_definition_that_cannot_be_read(one_api: OneApi, settings: str, message: str) -> None:
    """The API stays without routes, and the failure says where."""
    api = one_api(with_api(settings))
    assert api.routes == ()
    first = api.failures[0]
    assert first.message.startswith(f"skipping the definition of `Api`: {message}")
    assert first.place is not None


def test_the_same_route_twice(one_api: OneApi) -> None:
    """The second one is left out, as SAM refuses it."""
    text = with_api().replace(
        "        A:\n",
        "        First: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a/, Method: GET}}\n        A:\n",
    )
    api = one_api(text)
    assert outline(api) == ["GET /a -> F"]
    assert [each.message for each in api.failures] == ["skipping the second `GET /a`, of `F`"]


def test_conditions_leave_out_functions_and_apis(read_template: ReadTemplate) -> None:
    """What is not part of the stack has no routes."""
    text = "Conditions: {Never: !Equals [a, b]}" + with_api().replace(
        "  F:\n", "  F:\n    Condition: Never\n"
    )
    (api,) = read_template(text).apis
    assert api.routes == ()
    text = "Conditions: {Never: !Equals [a, b]}" + with_api().replace(
        "  Api:\n", "  Api:\n    Condition: Never\n"
    )
    assert read_template(text).apis == ()


def test_a_state_machine_is_not_emulated(read_template: ReadTemplate) -> None:
    """Its route refuses requests and says why."""
    text = """
    Resources:
      Orders:
        Type: AWS::Serverless::StateMachine
        Properties:
          Events: {Start: {Type: Api, Properties: {Path: /start, Method: post}}}
    """
    (api,) = read_template(text).apis
    assert outline(api) == [
        "POST /start -> unsupported: `POST /start` starts the state machine `Orders`, which is not emulated"
    ]


@pytest.mark.parametrize(
    ("security", "name"), [("", "Token"), ("security: [{Request: []}]", "Request")]
)
def test_the_default_authorizer_wins_over_the_security_of_the_document(
    one_api: OneApi, security: str, name: str
) -> None:
    """It guards methods that have no security of their own, as in SAM."""
    body = BODY.replace("security: [{Token: []}]", security).replace(
        "        paths:", "        security: [{Pool: []}]\n        paths:"
    )
    authorizer = route(one_api(with_api(f"{body}\n      {AUTHORIZERS}")), "GET /a").authorizer
    assert authorizer is not None
    assert authorizer.name == name


def test_merged_events_keep_the_security_of_the_definition(one_api: OneApi) -> None:
    """`MergeDefinitions` takes from the event what it says, and the rest from the definition."""
    body = f"{BODY}\n      MergeDefinitions: true\n      {AUTHORIZERS}"
    merged = route(one_api(with_api(body.replace("{Token: []}", "{Request: [a]}"))), "GET /a")
    assert (merged.authorizer and merged.authorizer.name, merged.scopes) == ("Request", ("a",))


def test_an_api_named_like_the_implicit_one(read_template: ReadTemplate) -> None:
    """Events without an API replace it; without such events it is read as it is declared."""
    declared = with_api().replace("Api:\n    Type", "ServerlessRestApi:\n    Type")
    found = read_template(declared.replace("!Ref Api", "!Ref ServerlessRestApi"))
    assert [(api.full_path, api.stage) for api in found.apis] == [("ServerlessRestApi", "Prod")]
    without = declared.partition("  F:")[0]
    (api,) = read_template(without).apis
    assert (api.full_path, api.stage) == ("ServerlessRestApi", "dev")


@pytest.mark.parametrize(
    "cors",
    ["'*'", "{AllowOrigin: '*'}", "{AllowHeaders: '*'}", "{AllowMethods: '*'}"],
)
def test_cors_without_inner_quotes(read_template: ReadTemplate, cors: str) -> None:
    """API Gateway refuses the value, so that it is said although it works here."""
    found = read_template(with_api(f"Cors: {cors}"))
    integration = route(found.apis[0], "OPTIONS /a").integration
    assert isinstance(integration, MockIntegration)
    assert "*" in integration.responses[0].headers.values()
    (diagnostic,) = found.diagnostics
    assert "API Gateway wants quotes" in diagnostic.message
    assert diagnostic.hint is not None
    assert diagnostic.hint.endswith(""": "'*'\"""")


def test_a_stage_name_without_a_value(read_template: ReadTemplate) -> None:
    """The default name stands for it, which is said."""
    text = "Parameters: {Stage: {Type: String}}" + with_api().replace("dev", "!Ref Stage")
    found = read_template(text)
    assert found.apis[0].stage == "Prod"
    (diagnostic,) = found.diagnostics
    assert diagnostic.message.startswith("using the default Prod for `StageName`")
    assert diagnostic.hint == "give it one: --parameter-overrides Stage=…"
    assert read_template(text, Stage="test").apis[0].stage == "test"


@pytest.mark.parametrize(
    ("settings", "event"),
    [
        ("Auth: !Ref Missing", ""),
        ("Auth: !Ref None", ""),
        ("Auth: {DefaultAuthorizer: !Ref Missing}", ""),
        ("Auth: {DefaultAuthorizer: !ImportValue a}", ""),
        ("Auth: {ApiKeyRequired: !Ref Missing}", ""),
        ("Name: a", "Auth: !Ref Missing"),
        ("Name: a", "Auth: {Authorizer: !ImportValue a}"),
        ("Name: a", "Auth: {Authorizer: AWS_IAM, AuthorizationScopes: [!Ref Missing]}"),
        ("Name: a", "Auth: {ApiKeyRequired: !Ref Missing}"),
        (BODY.replace("[{Token: []}]", "!Ref Missing"), ""),
        (BODY.replace("[{Token: []}]", "!Ref Missing") + "\n      MergeDefinitions: true", ""),
        (f"{BODY}\n      MergeDefinitions: true", "Auth: {Authorizer: !ImportValue a}"),
        (BODY.replace("[{Token: []}]", "[!ImportValue a]"), ""),
    ],
)
def test_what_guards_a_route_is_known(
    read_template: ReadTemplate, settings: str, event: str
) -> None:
    """A route never becomes open because what guards it cannot be resolved: it refuses requests."""
    text = "Parameters: {Missing: {Type: String}}" + with_api(settings, event)
    found = read_template(text)
    (api,) = found.apis
    assert (open_routes(api), closed_routes(api)) == ([], ["GET /a"])
    assert [*found.diagnostics, *(each for api in found.apis for each in api.failures)]


@pytest.mark.parametrize("implicit", [False, True])
def test_resources_of_cloudformation_for_an_api_of_sam(one_api: OneApi, *, implicit: bool) -> None:
    """Gateway responses and base paths may be resources beside the API."""
    text = (
        with_api()
        + """
  Denied:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: UNAUTHORIZED
      ResponseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}
  Mapping:
    Type: AWS::ApiGateway::BasePathMapping
    Properties: {DomainName: a.example, RestApiId: !Ref Api, Stage: !Ref Api.Stage, BasePath: v1}
  Second:
    Type: AWS::ApiGateway::BasePathMapping
    Properties: {DomainName: b.example, RestApiId: !Ref Api, Stage: !Ref Api.Stage, BasePath: v2}
  Root:
    Type: AWS::ApiGateway::BasePathMapping
    Properties: {DomainName: c.example, RestApiId: !Ref Api, Stage: !Ref Api.Stage}
"""
    )
    if implicit:
        before, _, after = text.partition("  Api:")
        text = (
            before
            + "  F:"
            + after.partition("  F:")[2].replace("RestApiId: !Ref Api, Path", "Path")
        )
        text = text.replace("!Ref Api", "!Ref ServerlessRestApi")
    api = one_api(text)
    assert api.gateway_responses == {
        "UNAUTHORIZED": GatewayResponse(headers={"Access-Control-Allow-Origin": "*"})
    }
    assert api.base_paths == ("v1", "v2")


@pytest.mark.parametrize(
    ("endpoint", "is_edge_optimized"),
    [
        ("Name: a", True),
        ("EndpointConfiguration: EDGE", True),
        ("EndpointConfiguration: REGIONAL", False),
        ("EndpointConfiguration: {Type: REGIONAL}", False),
        ("EndpointConfiguration: {Type: EDGE}", True),
    ],
)
def test_endpoints(one_api: OneApi, endpoint: str, *, is_edge_optimized: bool) -> None:
    """`EndpointConfiguration` is a type, or a mapping with one."""
    assert one_api(with_api(endpoint)).is_edge_optimized == is_edge_optimized


def test_an_event_of_an_api_that_does_not_exist(read_template: ReadTemplate) -> None:
    """An event whose API has a false condition is named with its place, and makes no route."""
    found = read_template("""
        Transform: AWS::Serverless-2016-10-31
        Conditions: {Never: !Equals [a, b]}
        Resources:
          Api: {Type: AWS::Serverless::Api, Condition: Never, Properties: {StageName: dev}}
          F:
            Type: AWS::Serverless::Function
            Properties:
              Events:
                A: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Api}}
                B: {Type: Api, Properties: {Path: /b, Method: get}}
        """)
    assert [outline(api) for api in found.apis] == [["GET /b -> F"]]
    (said,) = found.diagnostics
    assert said.message == "skipping the event `A` of `F`: the condition of `Api` is false"
    assert said.place is not None


def test_a_resource_policy(one_api: OneApi) -> None:
    """A resource policy is named with its place, as it denies nothing here; the API is served."""
    policy = "ResourcePolicy: {IpRangeDenylist: [203.0.113.0/24]}"
    api = one_api(with_api(f"Auth: {{{policy}}}"))
    assert outline(api) == ["GET /a -> F"]
    (failure,) = api.failures
    assert failure.message.startswith("`ResourcePolicy` is not applied")
    assert failure.place
    assert failure.place.line == 7
