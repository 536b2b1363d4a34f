"""The APIs of a CDK app, as the CDK writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.project.apis import (
    CognitoAuthorizer,
    Cors,
    FunctionIntegration,
    GatewayResponse,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    MockIntegration,
    RequestValidation,
    RuleCondition,
)
from tests.unit.cloudformation.apis.outlines import outline

if TYPE_CHECKING:
    from samlocal.project.apis import Api, Apis, Route

ASSEMBLY = Path(__file__).parents[3] / "projects" / "cdk-apis" / "cdk.out"


@pytest.fixture(scope="module")
def apis() -> Apis:
    """Return the APIs of the app."""
    return open_project(ASSEMBLY).read_apis()


def find(apis: Apis, path: str) -> Api:
    return next(api for api in apis.apis if api.full_path == path)


def route(api: Api, name: str) -> Route:
    return next(each for each in api.routes if f"{each.method} {each.path}" == name)


def test_all_apis(apis: Apis) -> None:
    """Every API is read with its routes, also those in a nested stack, once for each of its stages."""
    assert [(api.kind.value, api.full_path, api.stage, outline(api)) for api in apis.apis] == [
        (
            "REST API",
            "RestStack/Shop563325D0",
            "dev",
            [
                "OPTIONS / -> mock",
                "OPTIONS /items -> mock",
                "GET /items -> RestStack/Items:live",
                "POST /items -> RestStack/Items",
                "OPTIONS /items/{id} -> mock",
                "DELETE /items/{id} -> RestStack/Items",
                "OPTIONS /stream -> mock",
                "GET /stream -> RestStack/Items",
                "OPTIONS /{proxy+} -> mock",
                "ANY /{proxy+} -> https://example.com/{proxy}",
                "ANY / -> mock",
                "GET /more -> RestStack/MoreMethods/More",
            ],
        ),
        (
            "REST API",
            "RestStack/ProxyCB0DFB71",
            "prod",
            ["ANY /{proxy+} -> RestStack/Items", "ANY / -> RestStack/Items"],
        ),
        ("function URL", "HttpStack/Items", "$default", ["ANY $default -> HttpStack/Items"]),
        *(
            (
                "HTTP API",
                "HttpStack/ApiF70053CD",
                stage,
                [
                    "GET /items -> HttpStack/Items",
                    "POST /items -> HttpStack/Items",
                    "ANY /items/{id} -> HttpStack/Items",
                    "GET /iam -> HttpStack/Items",
                    "ANY /elsewhere/{proxy+} -> https://example.com/",
                ],
            )
            for stage in ("$default", "beta")
        ),
        (
            "WebSocket API",
            "HttpStack/Chat26DEB33F",
            "prod",
            [
                "ANY $connect -> HttpStack/Items",
                "ANY $default -> HttpStack/Items",
                "ANY send -> HttpStack/Items",
            ],
        ),
        (
            "load balancer",
            "HttpStack/BalancerListenerC14308B2",
            "$default",
            [
                "ANY /a* -> HttpStack/Guard",
                "ANY $default -> mock",
                "ANY $default -> HttpStack/Items",
            ],
        ),
    ]
    assert [failure for api in apis.apis for failure in api.failures] == []


def test_rest_api(apis: Apis) -> None:
    """Settings of the API, authorizers, validation, streaming and preflights are those of the app."""
    api = find(apis, "RestStack/Shop563325D0")
    assert (api.name, api.variables, api.binary_types) == ("Shop", {"color": "red"}, ("image/png",))
    assert api.minimum_compression_bytes == 100
    assert api.gateway_responses == {
        "ACCESS_DENIED": GatewayResponse(
            status=418,
            headers={"Access-Control-Allow-Origin": "*"},
            templates={"application/json": '{"m": "$context.error.messageString"}'},
        )
    }
    listed, created = route(api, "GET /items"), route(api, "POST /items")
    assert isinstance(listed.integration, FunctionIntegration)
    assert listed.integration.timeout_ms == 10_000
    assert isinstance(listed.authorizer, LambdaAuthorizer)
    assert (listed.authorizer.kind, listed.authorizer.validation) == ("TOKEN", "Bearer .+")
    assert listed.validation == RequestValidation(parameters=("method.request.querystring.q",))
    assert isinstance(created.authorizer, LambdaAuthorizer)
    assert created.authorizer.identity_sources == (
        "method.request.header.X-A",
        "method.request.querystring.k",
    )
    assert (created.authorizer.kind, created.authorizer.cache_seconds) == ("REQUEST", 10)
    assert (created.needs_api_key, created.operation_name) == (True, "Create")
    assert created.validation is not None
    assert list(created.validation.bodies) == ["application/json"]
    deleted, streamed = route(api, "DELETE /items/{id}"), route(api, "GET /stream")
    assert isinstance(deleted.authorizer, CognitoAuthorizer)
    assert deleted.scopes == ("shop/write",)
    assert isinstance(streamed.authorizer, IamAuthorizer)
    assert isinstance(streamed.integration, FunctionIntegration)
    assert streamed.integration.streams
    preflight = route(api, "OPTIONS /items").integration
    assert isinstance(preflight, MockIntegration)
    assert preflight.responses[0].status == 204
    assert preflight.responses[0].headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_http_api(apis: Apis) -> None:
    """CORS, authorizers and payloads are those of the app."""
    api = find(apis, "HttpStack/ApiF70053CD")
    assert api.cors == Cors(origins=("https://a.example",), methods=("*",), max_age_seconds=300)
    listed, one = route(api, "GET /items"), route(api, "ANY /items/{id}")
    assert listed.authorizer == JwtAuthorizer(
        name="Jwt", issuer="https://issuer.example", audience=("me",)
    )
    assert listed.scopes == ("read",)
    assert isinstance(one.authorizer, LambdaAuthorizer)
    assert (one.authorizer.is_simple, one.authorizer.cache_seconds) == (True, 7)
    assert isinstance(one.integration, FunctionIntegration)
    assert (one.integration.payload, one.integration.timeout_ms) == ("1.0", 5_000)


def test_websocket_api_and_load_balancer(apis: Apis) -> None:
    """A route that answers, the authorizer of `$connect`, and conditions of rules are those of the app."""
    chat = find(apis, "HttpStack/Chat26DEB33F")
    assert chat.route_selection == "$request.body.action"
    assert [each.path for each in chat.routes if each.answers] == ["$default"]
    authorizer = chat.routes[0].authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    assert authorizer.identity_sources == ("route.request.querystring.token",)
    rule, _, default = find(apis, "HttpStack/BalancerListenerC14308B2").routes
    assert (rule.priority, rule.conditions) == (
        10,
        (
            RuleCondition(field="path-pattern", values=("/a*",)),
            RuleCondition(field="http-header", values=("1",), name="x-a"),
        ),
    )
    assert isinstance(default.integration, FunctionIntegration)
    assert default.integration.multi_value_headers
