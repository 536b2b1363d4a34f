"""An HTTP API's responses: results of functions, errors, CORS and authorizers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError, ThrottledError
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.http.gateway import MAX_BODY_BYTES, HttpGateway
from samlocal.invocation import MAX_PAYLOAD_BYTES, FunctionError
from samlocal.project.apis import (
    Api,
    ApiKind,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    IamAuthorizer,
    RateLimit,
    Route,
    UnsupportedIntegration,
)
from tests.unit.http_api.gateway_fakes import (
    ACCOUNT_ID,
    PLACE,
    REQUEST_ID,
    TRACE_HEADER,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
    http_request,
)

if TYPE_CHECKING:
    from samlocal.http_api.authorization import RefusalType
    from samlocal.http_api.exchange import HttpRequest, HttpResponse
    from samlocal.project.apis import PayloadVersion

# That of `REQUEST_ID` in HTTP APIs.
SHORT_ID: Final = "HhK3xfC1EGoo+ZM="
ERROR: Final = (500, b'{"message":"Internal Server Error"}')
ORIGIN: Final = ("Origin", "https://example.com")
PREFLIGHT: Final = (ORIGIN, ("Access-Control-Request-Method", "PUT"))


class Setting:
    """A gateway with one function, and what it said."""

    def __init__(
        self,
        functions: FakeFunctions | None = None,
        *,
        payload: PayloadVersion = "2.0",
        timeout_ms: int = 30_000,
        authorizers: FakeAuthorizers | None = None,
        **api: Any,  # noqa: ANN401  # members of an API
    ) -> None:
        self.functions = functions or FakeFunctions(lambda _: {"statusCode": 200})
        self.authorizers = authorizers or FakeAuthorizers()
        self.said: list[Diagnostic] = []
        integration = FunctionIntegration(
            target=FunctionTarget(function="Items", qualifier="live"),
            payload=payload,
            timeout_ms=timeout_ms,
        )
        authorizer = IamAuthorizer() if authorizers else None
        routes = tuple(
            Route(method=method, path=path, integration=integration, authorizer=authorizer)
            for method, path in (("GET", "/items/{id}"), ("ANY", "/echo"))
        )
        given = {"stage": "$default", "routes": routes} | api
        self.api = Api(kind=ApiKind.HTTP, full_path="Api", identifier="abcdefghij", **given)
        self.gateway = HttpGateway(
            self.api, self.functions, self.authorizers, report=self.said.append
        )

    async def answer(self, request: HttpRequest) -> HttpResponse:
        return await self.gateway.answer(request, FakeWriter())


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        pytest.param({"statusCode": 200}, 200, "text/plain; charset=utf-8", b"", id="status"),
        pytest.param({"statusCode": "201"}, 201, "text/plain; charset=utf-8", b"", id="text"),
        pytest.param({"statusCode": 404.0}, 404, "text/plain; charset=utf-8", b"", id="float"),
        pytest.param(
            {"statusCode": 200, "body": None, "headers": None, "cookies": None},
            200,
            "text/plain; charset=utf-8",
            b"",
            id="null members",
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"Content-Type": "text/css"}, "body": "ü"},
            200,
            "text/css",
            "ü".encode(),
            id="type",
        ),
        pytest.param(
            {"statusCode": 200, "isBase64Encoded": True, "body": "iVBORw=="},
            200,
            "text/plain; charset=utf-8",
            b"\x89PNG",
            id="base64",
        ),
        pytest.param({"a": 1}, 200, "application/json", b'{"a": 1}', id="object"),
        pytest.param({}, 200, "application/json", b"{}", id="empty object"),
        pytest.param(["a", True], 200, "application/json", b'["a", true]', id="list"),
        pytest.param("Hello", 200, "application/json", b"Hello", id="text result"),
        pytest.param(7, 200, "application/json", b"7", id="number"),
        pytest.param(False, 200, "application/json", b"false", id="boolean"),
        pytest.param(None, 200, "application/json", b"null", id="null"),
    ],
)
async def test_results(result: object, status: int, content_type: str, body: bytes) -> None:
    """A result with `statusCode` says what the response is, any other one is its body."""
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == (status, body)
    headers = headers_of(response)
    assert headers["content-type"] == content_type
    assert headers["apigw-requestid"] == SHORT_ID
    assert not setting.said


async def test_headers_and_cookies() -> None:
    """Each cookie is a header of its own; numbers and booleans are text; the framing is not the function's."""
    headers = {"X-A": 7, "x-b": True, "x-c": 1.5, "Content-Length": "9", "x-d": None}
    cookies = ["a=1; Secure", "b=2"]
    result = {"statusCode": 200, "headers": headers, "cookies": cookies, "body": "x"}
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request("GET", "/echo"))
    assert list(response.headers) == [
        ("X-A", "7"),
        ("x-b", "true"),
        ("x-c", "1.5"),
        ("Set-Cookie", "a=1; Secure"),
        ("Set-Cookie", "b=2"),
        ("content-type", "text/plain; charset=utf-8"),
        ("apigw-requestid", SHORT_ID),
    ]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        pytest.param(b"not JSON", "the result is not JSON", id="no JSON"),
        pytest.param(b"", "the result is not JSON", id="empty"),
        pytest.param(b"NaN", "NaN is not a value of JSON", id="NaN"),
        pytest.param(b"[" * 100_000, "the result is not JSON", id="too deep"),
        pytest.param({"statusCode": None}, "`statusCode` is not a number", id="null"),
        pytest.param({"statusCode": "ok"}, "`statusCode` is not a number", id="word"),
        pytest.param({"statusCode": True}, "`statusCode` is not a number", id="boolean"),
        pytest.param({"statusCode": 99}, "from 200 to 599: `99`", id="too low"),
        pytest.param({"statusCode": 600}, "from 200 to 599: `600`", id="too high"),
        pytest.param({"statusCode": [200]}, "`statusCode` is not a number", id="list"),
        pytest.param({"statusCode": 200, "body": {}}, "`body` is not text: an object", id="body"),
        pytest.param({"statusCode": 200, "body": 7}, "`body` is not text: `7`", id="number"),
        pytest.param(
            {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
            "`body` is not Base64",
            id="no base64",
        ),
        pytest.param(
            {"statusCode": 200, "isBase64Encoded": "yes"}, "`isBase64Encoded` is not", id="flag"
        ),
        pytest.param({"statusCode": 200, "headers": []}, "`headers` is not an object", id="list"),
        pytest.param(
            {"statusCode": 200, "headers": {"x": []}}, "`headers.x` is not text", id="header list"
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
            "`headers.x` has a control character",
            id="split response",
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"a b": "c"}}, "not one of a header", id="header name"
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"": "c"}}, "not one of a header", id="no name"
        ),
        pytest.param(
            {"statusCode": 200, "cookies": "a=1"}, "`cookies` is not a list", id="cookies"
        ),
        pytest.param({"statusCode": 200, "cookies": [1]}, "`cookies` is not a list", id="cookie"),
        pytest.param(
            {"statusCode": 200, "cookies": ["a\n"]}, "control character", id="split by a cookie"
        ),
    ],
)
async def test_wrong_results(result: object, said: str) -> None:
    """The client gets a 500 without the reason, which the terminal gets."""
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == ERROR
    assert headers_of(response)["content-type"] == "application/json"
    (diagnostic,) = setting.said
    assert diagnostic.message.startswith("GET /items/7: the result of `Items` is not a response: ")
    assert said in diagnostic.message


@pytest.mark.parametrize(
    ("failure", "expected", "said"),
    [
        pytest.param(
            FunctionError(type="ValueError", message="bad"),
            ERROR,
            "`Items` has failed: ValueError: bad",
            id="error",
        ),
        pytest.param(
            FunctionError(type="Sandbox.Timedout", message="Task timed out"),
            ERROR,
            "Sandbox.Timedout",
            id="timeout of the function",
        ),
        pytest.param(
            SamlocalError("no engine"), ERROR, "`Items` cannot run: no engine", id="no sandbox"
        ),
        pytest.param(
            ThrottledError("Rate Exceeded.", reason="X"),
            (503, b'{"message":"Service Unavailable"}'),
            "`Items` is throttled: Rate Exceeded.",
            id="throttled",
        ),
    ],
)
async def test_failures(failure: object, expected: tuple[int, bytes], said: str) -> None:
    """A function without a result is a 500, one that is throttled a 503."""
    setting = Setting(FakeFunctions(lambda _: failure))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == expected
    assert said in setting.said[0].message


async def test_handler_that_streams() -> None:
    """An HTTP API does not take what a streaming handler writes, and the terminal says what to do."""
    setting = Setting(FakeFunctions(chunks=[b'{"statusCode": 200}' + bytes(8), b"body"]))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == ERROR
    assert setting.said[0].hint is not None
    assert "its handler streams" in setting.said[0].hint


async def test_timeout_of_the_integration() -> None:
    """After the integration's time the client gets a 503, and the function runs to its end."""
    setting = Setting(
        FakeFunctions(lambda _: {"statusCode": 200}, delay_seconds=0.1), timeout_ms=50
    )
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == (503, b'{"message":"Service Unavailable"}')
    assert "within 50 ms" in setting.said[0].message
    await asyncio.wait_for(setting.functions.has_ended.wait(), timeout=5)


async def test_call() -> None:
    """The function is called by its qualifier, with the request's trace and an id of the invocation's own."""
    setting = Setting()
    await setting.answer(http_request("GET", "/items/7"))
    (call,) = setting.functions.calls
    assert (call.function, call.qualifier, call.trace_id) == ("Items", "live", TRACE_HEADER)
    assert call.request_id != REQUEST_ID


async def test_event() -> None:
    """The event has the route's key and variables, the stage, and what the API is."""
    setting = Setting(stage="dev", variables={"table": "t"})
    await setting.answer(http_request("GET", "/items/a%20b"))
    event = setting.functions.event
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "GET /items/{id}"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/dev/items/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["stageVariables"] == {"table": "t"}
    assert event["headers"]["content-length"] == "0"
    context = event["requestContext"]
    assert context["stage"] == "dev"
    assert context["apiId"] == "abcdefghij"
    assert context["accountId"] == ACCOUNT_ID
    assert context["requestId"] == SHORT_ID
    assert "authorizer" not in context


async def test_base_path() -> None:
    """Behind a custom domain, the raw path has neither stage nor base path."""
    setting = Setting(stage="dev", base_paths=("v0", "v1"))
    await setting.answer(http_request("GET", "/items/7", prefix="/v1"))
    assert setting.functions.event["rawPath"] == "/items/7"


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/nothing", 404, "Not Found"),
        ("POST", "/items/7", 404, "Not Found"),
        ("GET", "/items/a%2Fb", 404, "Not Found"),
        ("GET", "/items/50%25", 400, "Bad Request"),
    ],
)
async def test_no_route(method: str, path: str, status: int, message: str) -> None:
    """A request without a route is a 404 of the service."""
    response = await Setting().answer(http_request(method, path))
    assert (response.status, json.loads(response.body)) == (status, {"message": message})
    assert headers_of(response) == {
        "content-type": "application/json",
        "apigw-requestid": SHORT_ID,
    }


async def test_large_bodies() -> None:
    """More than 10 MiB is refused by the API, and an event that Lambda does not take, too."""
    setting = Setting()
    for size in (MAX_BODY_BYTES + 1, MAX_PAYLOAD_BYTES):
        response = await setting.answer(http_request("POST", "/echo", body=b"x" * size))
        assert response.status == 413
    assert not setting.functions.calls
    assert (await setting.gateway.refuse_body(http_request())).status == 413


async def test_unsupported_integration() -> None:
    """A route that samlocal does not serve says so with its place."""
    diagnostic = Diagnostic(message="`SQS-SendMessage` is not supported", place=PLACE)
    route = Route(
        method="GET", path="/q", integration=UnsupportedIntegration(diagnostic=diagnostic)
    )
    setting = Setting(routes=(route,))
    response = await setting.answer(http_request("GET", "/q"))
    assert response.status == 501
    assert json.loads(response.body) == {"message": diagnostic.message}
    assert setting.said == [diagnostic]


async def test_payload_1_needs_a_status() -> None:
    """In format 1.0, a result without `statusCode` is wrong."""
    setting = Setting(FakeFunctions(lambda _: {"a": 1}), payload="1.0")
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, response.body) == ERROR
    assert "`statusCode` is missing" in setting.said[0].message


async def test_payload_1_has_headers_with_several_values() -> None:
    """In format 1.0, both kinds of headers are sent, each value once."""
    result = {
        "statusCode": 200,
        "headers": {"x-a": "1", "content-type": "text/html"},
        "multiValueHeaders": {"x-a": ["1", "2"], "x-b": [True]},
        "cookies": ["a=1"],
    }
    setting = Setting(FakeFunctions(lambda _: result), payload="1.0")
    response = await setting.answer(http_request("GET", "/items/7"))
    assert list(response.headers)[:-1] == [
        ("x-a", "1"),
        ("x-a", "2"),
        ("x-b", "true"),
        ("content-type", "text/html"),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        ("UNAUTHORIZED", 401, "Unauthorized"),
        ("ACCESS_DENIED", 403, "Forbidden"),
        ("MISSING_AUTHENTICATION_TOKEN", 403, "Forbidden"),
        ("AUTHORIZER_FAILURE", 500, "Internal Server Error"),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500, "Internal Server Error"),
    ],
)
async def test_refusals(kind: RefusalType, status: int, message: str) -> None:
    """A request that its authorizer refuses does not reach the function."""
    refused = Refused(
        kind=kind, headers={"www-authenticate": "Bearer"}, reason="no token", place=PLACE
    )
    setting = Setting(authorizers=FakeAuthorizers(refused))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert (response.status, json.loads(response.body)) == (status, {"message": message})
    assert headers_of(response)["www-authenticate"] == "Bearer"
    assert [(each.message, each.place) for each in setting.said] == [
        ("GET /items/7: no token", PLACE)
    ]
    assert not setting.functions.calls


async def test_message_of_a_refusal() -> None:
    """The authorizer may have a message of its own."""
    setting = Setting(authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED", message="No")))
    response = await setting.answer(http_request("GET", "/items/7"))
    assert json.loads(response.body) == {"message": "No"}
    assert not setting.said


async def test_context_of_an_authorizer() -> None:
    """The authorizer sees the event without a context, and the function with it."""
    context = {"lambda": {"n": 1, "b": True}}
    authorizers = FakeAuthorizers(Allowed(context=context))
    setting = Setting(authorizers=authorizers, stage="dev")
    await setting.answer(http_request("GET", "/items/7"))
    (checked,) = authorizers.checked
    assert checked[2] == f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:abcdefghij/dev/GET/items/7"
    assert "authorizer" not in checked[1]["requestContext"]
    assert setting.functions.event["requestContext"]["authorizer"] == context


@pytest.mark.parametrize("payload", ["1.0", "2.0"])
async def test_parameter_mapping(payload: PayloadVersion) -> None:
    """A function gets the changed request, and the client the changed response."""
    integration = FunctionIntegration(
        target=FunctionTarget(function="Items"),
        payload=payload,
        timeout_ms=30_000,
        parameters={
            "append:header.x-user": "$context.authorizer.user",
            "remove:header.x-secret": "''",
            "overwrite:querystring.q": "new value",
            "overwrite:path": "/v2/${request.path.id}",
        },
        response_parameters={"200": {"overwrite:statuscode": "201", "append:header.x-b": "c"}},
    )
    route = Route(
        method="GET", path="/items/{id}", integration=integration, authorizer=IamAuthorizer()
    )
    authorizers = FakeAuthorizers(Allowed(context={"lambda": {"user": "ann"}}))
    setting = Setting(authorizers=authorizers, routes=(route,))
    response = await setting.answer(http_request("GET", "/items/7?q=old", ("X-Secret", "s")))
    assert response.status == 201
    assert headers_of(response)["x-b"] == "c"
    event = setting.functions.event
    names = {name.lower(): value for name, value in event["headers"].items()}
    assert names["x-user"] == "ann"
    assert "x-secret" not in names
    assert event["queryStringParameters"] == {"q": "new value"}
    assert event["pathParameters"] == {"id": "7"}
    context = event["requestContext"]
    if payload == "1.0":
        assert (event["path"], context["authorizer"]) == ("/v2/7", {"user": "ann"})
    else:
        assert event["rawPath"] == context["http"]["path"] == "/v2/7"
        assert event["rawQueryString"] == "q=new+value"
        assert context["authorizer"] == {"lambda": {"user": "ann"}}
    (checked,) = authorizers.checked
    assert checked[1]["headers"]["x-secret"] == "s"


FULL_CORS: Final = Cors(
    origins=("https://example.com", "http://*"),
    methods=("GET", "PUT"),
    headers=("x-a", "authorization"),
    exposed_headers=("x-b", "date"),
    allows_credentials=True,
    max_age_seconds=300,
)


async def test_preflight() -> None:
    """The API answers a preflight for any path, without function, and without the authorizer of other methods."""
    setting = Setting(cors=FULL_CORS, authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED")))
    for path in ("/items/7", "/nothing"):
        response = await setting.answer(http_request("OPTIONS", path, *PREFLIGHT))
        assert (response.status, response.body) == (204, b"")
        assert headers_of(response) == {
            "access-control-allow-origin": "https://example.com",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET,PUT",
            "access-control-allow-headers": "x-a,authorization",
            "access-control-max-age": "300",
            "vary": "Origin",
            "apigw-requestid": SHORT_ID,
        }
    assert not setting.functions.calls
    assert not setting.authorizers.checked


@pytest.mark.parametrize("path", ["/echo", "/%65cho"])
async def test_preflight_of_a_route_with_an_authorizer(path: str) -> None:
    """A route that takes OPTIONS, too, has its authorizer asked, which no preflight has a token for."""
    setting = Setting(cors=FULL_CORS, authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED")))
    response = await setting.answer(http_request("OPTIONS", path, *PREFLIGHT))
    assert (response.status, response.body) == (401, b'{"message":"Unauthorized"}')
    assert headers_of(response)["access-control-allow-origin"] == "https://example.com"
    (said,) = setting.said
    assert said.message == (
        f"OPTIONS {path}: the preflight is refused by the authorizer of `ANY /echo`"
    )
    assert "OPTIONS /{proxy+}" in (said.hint or "")
    allowing = Setting(cors=FULL_CORS, authorizers=FakeAuthorizers(Allowed()))
    response = await allowing.answer(http_request("OPTIONS", path, *PREFLIGHT))
    assert response.status == 204
    assert not allowing.functions.calls


async def test_preflight_beside_a_default_route_with_an_authorizer() -> None:
    """The documented route `OPTIONS /{proxy+}` without an authorizer lets preflights pass."""
    setting = Setting(cors=FULL_CORS, authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED")))
    integration = setting.api.routes[0].integration
    guarded = Route(
        method="ANY", path="$default", integration=integration, authorizer=IamAuthorizer()
    )
    free = Route(method="OPTIONS", path="/{proxy+}", integration=integration)
    for routes, status in (((guarded,), 401), ((guarded, free), 204)):
        setting = Setting(
            cors=FULL_CORS,
            authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED")),
            routes=routes,
        )
        response = await setting.answer(http_request("OPTIONS", "/any/path", *PREFLIGHT))
        assert response.status == status


async def test_preflight_for_a_broken_path() -> None:
    """A path that cannot be decoded has no route, and a preflight needs none."""
    setting = Setting(cors=FULL_CORS, authorizers=FakeAuthorizers(Refused(kind="UNAUTHORIZED")))
    response = await setting.answer(http_request("OPTIONS", "/items/50%25", *PREFLIGHT))
    assert response.status == 204


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        (("*",), "https://a.example", "*"),
        (("https://*",), "https://a.example", "https://a.example"),
        (("https://*",), "http://a.example", None),
        (("http://localhost:3000", "https://a.example"), "https://a.example", "https://a.example"),
        (("https://a.example",), "https://b.example", None),
        (("https://a.example",), "https://a.example.evil", None),
        ((), "https://a.example", None),
    ],
)
async def test_allowed_origins(origins: tuple[str, ...], origin: str, expected: str | None) -> None:
    """Both preflights and responses have the headers for allowed origins only."""
    setting = Setting(cors=Cors(origins=origins, methods=("*",)))
    for method in ("OPTIONS", "GET"):
        request = http_request(
            method, "/echo", ("origin", origin), ("access-control-request-method", "GET")
        )
        headers = headers_of(await setting.answer(request))
        assert headers.get("access-control-allow-origin") == expected
        is_told_methods = method == "OPTIONS" and expected is not None
        assert ("access-control-allow-methods" in headers) is is_told_methods


@pytest.mark.parametrize("missing", [0, 1])
async def test_options_that_are_no_preflight(missing: int) -> None:
    """Without an origin or a method, OPTIONS is a request like others."""
    setting = Setting(cors=FULL_CORS)
    headers = [each for index, each in enumerate(PREFLIGHT) if index != missing]
    assert (await setting.answer(http_request("OPTIONS", "/items/7", *headers))).status == 404
    assert (await setting.answer(http_request("OPTIONS", "/echo", *headers))).status == 200
    assert len(setting.functions.calls) == 1


async def test_cors_headers_of_the_function_are_ignored() -> None:
    """With a configuration only its headers are sent, also on errors."""
    own = {"Access-Control-Allow-Origin": "https://own.example", "access-control-max-age": "1"}
    setting = Setting(FakeFunctions(lambda _: {"statusCode": 200, "headers": own}), cors=FULL_CORS)
    found = headers_of(await setting.answer(http_request("GET", "/echo", ORIGIN)))
    assert found["access-control-allow-origin"] == "https://example.com"
    assert found["access-control-expose-headers"] == "x-b,date"
    assert found["access-control-allow-credentials"] == "true"
    assert "access-control-max-age" not in found
    without_origin = headers_of(await setting.answer(http_request("GET", "/echo")))
    assert not any(name.startswith("access-control-") for name in without_origin)
    not_found = headers_of(await setting.answer(http_request("GET", "/nothing", ORIGIN)))
    assert not_found["access-control-allow-origin"] == "https://example.com"


async def test_no_cors_configuration() -> None:
    """Without a configuration all is up to the function."""
    result = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request("OPTIONS", "/echo", *PREFLIGHT))
    assert response.status == 200
    assert headers_of(response)["access-control-allow-origin"] == "*"
    assert (await setting.answer(http_request("OPTIONS", "/nothing", *PREFLIGHT))).status == 404


async def test_headers_that_are_too_large() -> None:
    """More than 10,240 bytes of headers are a 431, and no function runs."""
    setting = Setting(cors=FULL_CORS)
    response = await setting.answer(http_request("GET", "/items/7", ("x", "y" * 10_000), ORIGIN))
    assert response.status == 200
    response = await setting.answer(http_request("GET", "/items/7", ("x", "y" * 10_240), ORIGIN))
    assert response.status == 431
    assert json.loads(response.body) == {"message": "Request Header Fields Too Large"}
    assert headers_of(response)["access-control-allow-origin"] == "https://example.com"
    assert len(setting.functions.calls) == 1


async def test_limits_of_a_stage() -> None:
    """A route with a limit refuses who comes too early before its authorizer is asked; other routes go on."""
    own = Setting().api.routes[1]
    limited = replace(own, authorizer=IamAuthorizer(), limits={"ANY": RateLimit(rate=1)})
    other = replace(own, path="/other")
    setting = Setting(authorizers=FakeAuthorizers(), routes=(limited, other))
    request = http_request("GET", "/echo")
    answers = [
        await setting.answer(replace(request, received=request.received + seconds, method=method))
        for seconds, method in ((0, "GET"), (0.5, "PUT"), (1, "GET"))
    ]
    assert [each.status for each in answers] == [200, 429, 200]
    assert answers[1].body == b'{"message":"Too Many Requests"}'
    assert headers_of(answers[1])["apigw-requestid"] == SHORT_ID
    assert len(setting.authorizers.checked) == 2
    assert [each.message for each in setting.said] == [
        "PUT /echo: its route takes 1 requests a second (`ThrottlingRateLimit`)"
    ]
    assert (await setting.answer(replace(request, path="/other"))).status == 200
