"""APIs that Serverless makes of the events of functions."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    HttpIntegration,
    IamAuthorizer,
    IntegrationResponse,
    JwtAuthorizer,
    LambdaAuthorizer,
    MockIntegration,
    RequestValidation,
    RuleCondition,
    UnsupportedIntegration,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline
from tests.unit.serverless.services import write_service

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.apis import Api, Apis, Route

SERVICE = """\
service: shop
provider:
  name: aws
  runtime: python3.13
{provider}
functions:
  guard: {{handler: app.guard}}
  own:
    handler: app.own
{function}
"""
OTHER = """
# a function whose events are not a list
  other: {handler: app.other, events: 5}
"""
GUARD = FunctionTarget(function="guard")
OWN = FunctionTarget(function="own")
HEADERS = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent,X-Amzn-Trace-Id"


def read(tmp_path: Path, function: str, provider: str = "", more: str = "") -> Apis:
    parts = {
        name: indent(dedent(text), "    " if name == "function" else "  ")
        for name, text in (("provider", provider), ("function", function))
    }
    return write_service(tmp_path, SERVICE.format(**parts) + dedent(more)).read_apis()


def read_one(tmp_path: Path, function: str, provider: str = "", more: str = "") -> Api:
    found = read(tmp_path, function, provider, more)
    assert found.diagnostics == ()
    (api,) = found.apis
    assert api.failures == ()
    return api


def route_of(tmp_path: Path, event: str, provider: str = "") -> Route:
    return read_one(tmp_path, f"events: [{{{event}}}]", provider).routes[0]


def test_rest_api(tmp_path: Path) -> None:
    """Events `http` are methods of one REST API, whose stage is that of the service."""
    api = read_one(
        tmp_path,
        """
        events:
          - http: GET /items
          - http: {method: any, path: 'items/{id}/'}
          - http: {method: '*', path: '/{proxy+}'}
          - http: post /
        """,
        "apiGateway: {binaryMediaTypes: [image/png], minimumCompressionSize: 9, apiKeySourceType: authorizer}",
    )
    assert outline(api) == [
        "GET /items -> own",
        "ANY /items/{id} -> own",
        "ANY /{proxy+} -> own",
        "POST / -> own",
    ]
    assert (api.kind, api.full_path, api.name, api.stage) == (
        ApiKind.REST,
        "ApiGatewayRestApi",
        "dev-shop",
        "dev",
    )
    assert (api.binary_types, api.minimum_compression_bytes, api.api_key_source) == (
        ("image/png",),
        9,
        "AUTHORIZER",
    )
    assert api.place is not None
    assert api.routes[0].integration == FunctionIntegration(
        target=OWN, payload="1.0", timeout_ms=29_000
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            "response: {transferMode: STREAM}",
            FunctionIntegration(target=OWN, payload="1.0", timeout_ms=900_000, streams=True),
            id="stream",
        ),
        pytest.param(
            "integration: http-proxy, request: {uri: 'https://e.example', parameters: {querystrings: {q: true}}}",
            HttpIntegration(
                url="https://e.example",
                method="GET",
                timeout_ms=29_000,
                parameters={"integration.request.querystring.q": "method.request.querystring.q"},
            ),
            id="HTTP proxy",
        ),
        pytest.param(
            "integration: mock, request: {template: {application/json: '{\"statusCode\": 200}'}},"
            " response: {headers: {X: \"'y'\"}, template: hello}",
            MockIntegration(
                request_templates={"application/json": '{"statusCode": 200}'},
                responses=(
                    IntegrationResponse(
                        status=200, headers={"X": "y"}, templates={"application/json": "hello"}
                    ),
                ),
            ),
            id="mock",
        ),
    ],
)
def test_integrations_of_rest_apis(tmp_path: Path, settings: str, expected: object) -> None:
    """Functions, other servers and mocks answer."""
    route = route_of(tmp_path, f"http: {{method: get, path: a, {settings}}}")
    assert route.integration == expected


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ("integration: lambda", "`GET /a` has an integration", "`integration: lambda-proxy`"),
        ("async: true", "`GET /a` calls its function asynchronously", "no `async: true`"),
        ("integration: aws, async: true", "asynchronously", "no `async: true`"),
    ],
)
def test_integrations_with_mapping_templates(
    tmp_path: Path, settings: str, message: str, hint: str
) -> None:
    """They are named with their remedy, and refuse requests."""
    route = route_of(tmp_path, f"http: {{method: get, path: a, {settings}}}")
    assert isinstance(route.integration, UnsupportedIntegration)
    diagnostic = route.integration.diagnostic
    assert message in diagnostic.message
    assert "not emulated" in diagnostic.message
    assert hint in (diagnostic.hint or "")


def rest_lambda(name: str, **changed: object) -> LambdaAuthorizer:
    settings: dict[str, object] = {
        "name": name,
        "target": GUARD,
        "kind": "TOKEN",
        "payload": "1.0",
        "identity_sources": ("method.request.header.Authorization",),
        "cache_seconds": 300,
    }
    return LambdaAuthorizer(**(settings | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("authorizer", "expected"),
    [
        ("aws_iam", IamAuthorizer()),
        ("{type: AWS_IAM}", IamAuthorizer()),
        ("guard", rest_lambda("guard")),
        (
            "{name: guard, type: request, resultTtlInSeconds: 0}",
            rest_lambda("guard", kind="REQUEST", cache_seconds=0, identity_sources=()),
        ),
        (
            (
                "{name: mine, arn: !GetAtt GuardLambdaFunction.Arn, identitySource: method.request.header.X,"
                " identityValidationExpression: a+}"
            ),
            rest_lambda("mine", identity_sources=("method.request.header.X",), validation="a+"),
        ),
        (
            "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_ZZZ",
            CognitoAuthorizer(
                name="1_ZZZ",
                user_pools=("arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_ZZZ",),
            ),
        ),
        (
            "{name: pool, type: COGNITO_USER_POOLS, arn: arn:pool}",
            CognitoAuthorizer(name="pool", user_pools=("arn:pool",)),
        ),
    ],
)
def test_authorizers_of_rest_apis(tmp_path: Path, authorizer: str, expected: object) -> None:
    """An authorizer is a function of the service, an ARN, a user pool, or IAM."""
    route = route_of(tmp_path, f"http: {{method: get, path: a, authorizer: {authorizer}}}")
    assert route.authorizer == expected


def test_validation(tmp_path: Path) -> None:
    """Required parameters and schemas are checked, those of the provider by their names."""
    function = """
    events:
      - http:
          method: post
          path: a
          private: true
          operationId: Create
          request:
            parameters: {querystrings: {q: true, r: {required: false}}, headers: {h: {required: true}}}
            schemas: {application/json: item, text/json: {name: own, schema: {type: array}}}
    """
    provider = "apiGateway: {request: {schemas: {item: {name: Item, schema: {type: object}}}}}"
    route = read_one(tmp_path, function, provider).routes[0]
    assert route.validation == RequestValidation(
        parameters=("method.request.querystring.q", "method.request.header.h"),
        bodies={"application/json": {"type": "object"}, "text/json": {"type": "array"}},
    )
    assert (route.needs_api_key, route.operation_name) == (True, "Create")


def test_preflights_of_rest_apis(tmp_path: Path) -> None:
    """A path with `cors` has a mock that answers preflights with the settings of all its methods."""
    function = """
    events:
      - http: {method: get, path: a, cors: true}
      - http: {method: any, path: b, cors: {origin: 'https://a.example', headers: [X], allowCredentials: true, maxAge: 5}}
      - http: {method: put, path: a, cors: true}
    """
    api = read_one(tmp_path, function)
    mocks = {each.path: each.integration for each in api.routes if each.method == "OPTIONS"}
    headers = {
        path: each.responses[0].headers
        for path, each in mocks.items()
        if isinstance(each, MockIntegration)
    }
    assert headers == {
        "/a": {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Headers": HEADERS,
            "Access-Control-Allow-Methods": "OPTIONS,GET,PUT",
        },
        "/b": {
            "Access-Control-Allow-Origin": "https://a.example",
            "Access-Control-Allow-Headers": "X",
            "Access-Control-Allow-Methods": "OPTIONS,DELETE,GET,HEAD,PATCH,POST,PUT",
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Max-Age": "5",
        },
    }


def test_resource_policies(tmp_path: Path) -> None:
    """A resource policy is named, as it denies nothing here."""
    statement = "{Effect: Deny, Principal: '*', Action: execute-api:Invoke, Resource: '*'}"
    policy = f"apiGateway: {{resourcePolicy: [{statement}]}}"
    (api,) = read(tmp_path, "events: [{http: GET /items}]", policy).apis
    (failure,) = api.failures
    assert failure.message.startswith("`Policy` is not applied")


def test_http_api(tmp_path: Path) -> None:
    """Events `httpApi` are routes of one HTTP API; payload 2.0 is the default."""
    api = read_one(
        tmp_path,
        """
        events:
          - httpApi: GET /items
          - httpApi: {method: '*', path: '/items/{id}'}
          - httpApi: '*'
        """,
        "httpApi: {cors: true}",
    )
    assert outline(api) == ["GET /items -> own", "ANY /items/{id} -> own", "ANY $default -> own"]
    assert (api.kind, api.full_path, api.name, api.stage) == (
        ApiKind.HTTP,
        "HttpApi",
        "dev-shop",
        "$default",
    )
    assert api.routes[0].integration == FunctionIntegration(
        target=OWN, payload="2.0", timeout_ms=30_000
    )
    assert api.cors == Cors(
        origins=("*",),
        headers=tuple(HEADERS.split(",")),
        methods=("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
    )


def test_payload_1(tmp_path: Path) -> None:
    """The function's own payload overrides that of the provider."""
    function = "httpApi: {payload: '1.0'}\nevents: [{httpApi: GET /a}]"
    integration = read_one(tmp_path, function, "httpApi: {payload: '2.0'}").routes[0].integration
    assert isinstance(integration, FunctionIntegration)
    assert integration.payload == "1.0"


AUTHORIZERS = """
httpApi:
  authorizers:
    jwt: {type: jwt, identitySource: $request.header.T, issuerUrl: 'https://i.example', audience: me}
    mine: {type: request, functionName: guard, identitySource: [$request.header.X], resultTtlInSeconds: 5, enableSimpleResponses: true}
"""


@pytest.mark.parametrize(
    ("authorizer", "expected", "scopes"),
    [
        ("{type: aws_iam}", IamAuthorizer(), ()),
        (
            "{name: jwt, scopes: [read]}",
            JwtAuthorizer(
                name="jwt",
                issuer="https://i.example",
                audience=("me",),
                identity_source="$request.header.T",
            ),
            ("read",),
        ),
        (
            "mine",
            LambdaAuthorizer(
                name="mine",
                target=GUARD,
                kind="REQUEST",
                payload="2.0",
                identity_sources=("$request.header.X",),
                cache_seconds=5,
                is_simple=True,
            ),
            (),
        ),
    ],
)
def test_authorizers_of_http_apis(
    tmp_path: Path, authorizer: str, expected: object, scopes: tuple[str, ...]
) -> None:
    """A route has the provider's authorizer that it names, or IAM."""
    event = f"httpApi: {{method: get, path: /a, authorizer: {authorizer}}}"
    route = route_of(tmp_path, event, AUTHORIZERS)
    assert (route.authorizer, route.scopes) == (expected, scopes)


def test_websocket_api(tmp_path: Path) -> None:
    """Events `websocket` are routes of one WebSocket API."""
    api = read_one(
        tmp_path,
        """
        events:
          - websocket: {route: $connect, authorizer: guard}
          - websocket: $default
          - websocket: {route: say.it, routeResponseSelectionExpression: $default}
        """,
        "websocketsApiRouteSelectionExpression: $request.body.kind",
    )
    assert outline(api) == ["ANY $connect -> own", "ANY $default -> own", "ANY say.it -> own"]
    assert (api.kind, api.name, api.stage, api.route_selection) == (
        ApiKind.WEBSOCKET,
        "dev-shop-websockets",
        "dev",
        "$request.body.kind",
    )
    assert [each.answers for each in api.routes] == [False, False, True]
    authorizer = api.routes[0].authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    assert (authorizer.target, authorizer.identity_sources) == (
        GUARD,
        ("route.request.header.Auth",),
    )


def test_load_balancer(tmp_path: Path) -> None:
    """Events `alb` are rules of a listener, which is elsewhere."""
    listener = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/main/50dc/f2f7"
    event = f"alb: {{listenerArn: '{listener}', priority: 5, multiValueHeaders: true, conditions: {{path: /a*, method: [GET, POST], header: [{{name: X, values: ['1']}}], query: {{q: '1'}}, host: h, ip: 10.0.0.0/8}}}}"
    route = route_of(tmp_path, event)
    assert isinstance(route.integration, FunctionIntegration)
    assert (route.integration.target, route.integration.multi_value_headers) == (OWN, True)
    assert route.priority == 5
    assert set(route.conditions) == {
        RuleCondition(field="path-pattern", values=("/a*",)),
        RuleCondition(field="host-header", values=("h",)),
        RuleCondition(field="http-request-method", values=("GET", "POST")),
        RuleCondition(field="http-header", values=("1",), name="X"),
        RuleCondition(field="query-string", values=("1",), name="q"),
        RuleCondition(field="source-ip", values=("10.0.0.0/8",)),
    }


ALB = "alb: {listenerArn: 'arn:one', priority: 5, conditions: {path: /a}, authorizer: users}"


@pytest.mark.parametrize("kind", ["cognito", "oidc"])
def test_load_balancer_that_authenticates(tmp_path: Path, kind: str) -> None:
    """An authorizer refuses requests, which nobody can authenticate here, unless it lets others in as well."""
    provider = f"alb: {{authorizers: {{users: {{type: {kind}}}}}}}"
    (api,) = read(tmp_path, f"events: [{{{ALB}}}]", provider).apis
    assert closed_routes(api) == ["ANY /a"]
    allowing = f"alb: {{authorizers: {{users: {{type: {kind}, onUnauthenticatedRequest: allow}}}}}}"
    (api,) = read(tmp_path, f"events: [{{{ALB}}}]", allowing).apis
    assert open_routes(api) == ["ANY /a -> own"]
    assert f"`authenticate-{kind}`" in api.failures[0].message


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ("alb: {}", "`provider.alb.authorizers` has no `users`"),
        (
            "alb: {authorizers: {users: {type: jwt}}}",
            "`type` must be cognito or oidc, not `jwt`",
        ),
    ],
)
def test_wrong_authorizers_of_load_balancers(tmp_path: Path, provider: str, message: str) -> None:
    """An event whose authorizer is not known is told, and not served without one."""
    found = read(tmp_path, f"events: [{{{ALB}}}]", provider)
    assert [each.message for each in found.diagnostics] == [
        f"skipping an event `alb` of `own`: {message}"
    ]
    assert not any(open_routes(api) for api in found.apis)


@pytest.mark.parametrize(
    ("url", "cors"),
    [
        ("true", None),
        ("{authorizer: aws_iam, invokeMode: RESPONSE_STREAM}", None),
        (
            "{cors: {allowedOrigins: ['https://a.example'], allowedHeaders: null, allowCredentials: true, maxAge: 5}}",
            Cors(
                origins=("https://a.example",),
                methods=("*",),
                allows_credentials=True,
                max_age_seconds=5,
            ),
        ),
    ],
)
def test_function_urls(tmp_path: Path, url: str, cors: Cors | None) -> None:
    """The setting `url` is a function URL, named as the function."""
    api = read_one(tmp_path, f"url: {url}")
    (route,) = api.routes
    assert (api.kind, api.full_path, api.cors) == (ApiKind.FUNCTION_URL, "own", cors)
    assert isinstance(route.integration, FunctionIntegration)
    assert route.integration.streams is ("STREAM" in url)
    assert api.takes_any_caller is ("aws_iam" not in url)


def test_an_alias(tmp_path: Path) -> None:
    """Events call the alias that Serverless makes for provisioned concurrency."""
    api = read_one(tmp_path, "provisionedConcurrency: 1\nevents: [{http: GET a}]")
    assert outline(api) == ["GET /a -> own:provisioned"]


def test_apis_of_other_stacks(tmp_path: Path) -> None:
    """Routes that a service adds to an API of another stack are served without it."""
    function = "events: [{http: GET /a}, {httpApi: GET /b}, {websocket: $default}]"
    provider = """
    apiGateway: {restApiId: abc, restApiRootResourceId: def, websocketApiId: !ImportValue x}
    httpApi: {id: !ImportValue y}
    """
    found = read(tmp_path, function, provider)
    assert [outline(api) for api in found.apis] == [
        ["GET /a -> own"],
        ["GET /b -> own"],
        ["ANY $default -> own"],
    ]


def test_an_api_of_the_resources(tmp_path: Path) -> None:
    """Routes join an API that the service declares itself, and extensions change what events make."""
    api = read_one(
        tmp_path,
        "events: [{httpApi: GET /a}]",
        "httpApi: {id: !Ref Mine}",
        """
        resources:
          Resources:
            Mine: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: mine, ProtocolType: HTTP}}
          extensions:
            HttpApiIntegrationOwn: {Properties: {TimeoutInMillis: 500}}
        """,
    )
    assert (api.full_path, api.name) == ("Mine", "mine")
    integration = api.routes[0].integration
    assert isinstance(integration, FunctionIntegration)
    assert integration.timeout_ms == 500


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            "http: {path: a}",
            "skipping an event `http` of `own`: the event needs a `path` and a `method`",
        ),
        (
            "http: {method: get, path: a, authorizer: nobody}",
            "skipping an event `http` of `own`: the service has no function `nobody`",
        ),
        ("httpApi: items", "skipping an event `httpApi` of `own`: `items` is not a route"),
        (
            "httpApi: {method: brew, path: /a}",
            "skipping an event `httpApi` of `own`: `brew /a` is not a route",
        ),
        (
            "httpApi: {method: get, path: /a, authorizer: jwt}",
            "skipping an event `httpApi` of `own`: `provider.httpApi.authorizers` has no `jwt`",
        ),
        ("websocket: {}", "skipping an event `websocket` of `own`: the event needs a `route`"),
        (
            "alb: {priority: 1}",
            "skipping an event `alb` of `own`: the event needs `listenerArn` and `priority`",
        ),
    ],
)
def test_an_event_that_has_an_error(tmp_path: Path, event: str, message: str) -> None:
    """It is told with its place, and the other events are served."""
    found = read(tmp_path, f"events: [{{{event}}}, {{httpApi: GET /b}}]")
    assert [each.message for each in found.diagnostics] == [message]
    assert found.diagnostics[0].place is not None
    assert ["GET /b -> own"] in [open_routes(api) for api in found.apis]


@pytest.mark.parametrize(
    ("kind", "event", "closed"),
    [
        ("http", "{method: get, path: a, authorizer: nobody}", ["GET /a"]),
        ("http", "{path: a}", ["ANY /{proxy+}"]),
        ("httpApi", "{method: get, path: /a, authorizer: nobody}", ["GET /a"]),
        ("httpApi", "items", ["ANY /{proxy+}"]),
        ("websocket", "{route: $connect, authorizer: nobody}", ["ANY $connect"]),
        ("websocket", "{route: a, authorizer: nobody}", ["ANY a"]),
        ("websocket", "{authorizer: nobody}", ["ANY $default", "ANY $connect"]),
    ],
)
def test_an_event_with_an_error_beside_an_open_one(
    tmp_path: Path, kind: str, event: str, closed: list[str]
) -> None:
    """Its requests are refused, and so are those of an open catch-all that it may be part of."""
    catch_all = {"http": "'ANY {proxy+}'", "httpApi": "'* /{proxy+}'", "websocket": "$default"}[
        kind
    ]
    found = read(tmp_path, f"events: [{{{kind}: {event}}}, {{{kind}: {catch_all}}}]")
    (api,) = found.apis
    assert closed_routes(api) == closed
    assert api.failures[0].place is not None


@pytest.mark.parametrize(
    ("event", "closed"),
    [
        ("http: 'ANY {proxy+}'", ["ANY /{proxy+}"]),
        ("httpApi: '*'", ["ANY $default"]),
        ("websocket: $default", ["ANY $default", "ANY $connect"]),
    ],
)
def test_events_that_cannot_be_read(tmp_path: Path, event: str, closed: list[str]) -> None:
    """They may be any route, so that no catch-all is open."""
    found = read(tmp_path, f"events: [{{{event}}}]", more=OTHER)
    assert [closed_routes(api) for api in found.apis] == [closed]
    assert found.diagnostics[0].message.startswith("skipping the events of `other`")


def test_several_origins(tmp_path: Path) -> None:
    """Preflights know only the first of several origins, which is told."""
    found = read(tmp_path, "events: [{http: {method: get, path: a, cors: {origins: [x, y]}}}]")
    assert [each.message.partition(":")[0] for each in found.diagnostics] == [
        "preflights of `/a` are answered for the origin `x` only"
    ]


def test_a_service_without_such_events(tmp_path: Path) -> None:
    """A service whose functions answer no requests has no APIs."""
    assert (
        read(tmp_path, "events: [{schedule: rate(1 day)}, {sqs: 'arn:aws:sqs:r:1:q'}]").apis == ()
    )


def test_settings_of_the_provider_that_have_an_error(tmp_path: Path) -> None:
    """They are told, and the routes are served without them."""
    function = "events: [{http: GET a}, {httpApi: GET /b}]"
    found = read(tmp_path, function, "apiGateway: {apiKeySourceType: [header]}")
    assert [outline(api) for api in found.apis] == [["GET /a -> own"], ["GET /b -> own"]]
    assert found.diagnostics[0].message == "`apiKeySourceType` must be a string, not a list"


@pytest.mark.parametrize(
    ("provider", "is_edge_optimized"), [("", True), ("endpointType: regional", False)]
)
def test_endpoint_type(tmp_path: Path, provider: str, *, is_edge_optimized: bool) -> None:
    """Serverless makes edge-optimized endpoints unless `endpointType` says another type."""
    api = read_one(tmp_path, "events: [{http: GET a}]", provider)
    assert api.is_edge_optimized == is_edge_optimized
