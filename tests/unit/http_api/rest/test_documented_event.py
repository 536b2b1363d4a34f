"""Events and responses of REST APIs as AWS documents them, each from a whole request to a gateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

Where the documentation leaves something open, answers that were recorded on AWS decide:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.errors import ThrottledError
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.rest.gateway import MAX_BODY_BYTES, RestGateway
from samlocal.invocation import FunctionError, InvocationResult, Report
from samlocal.project.apis import (
    FunctionIntegration,
    FunctionTarget,
    IamAuthorizer,
    LambdaAuthorizer,
    RequestValidation,
)
from tests.unit.http_api.gateway_fakes import ACCOUNT_ID, FakeFunctions, FakeWriter, headers_of
from tests.unit.http_api.requests import function_route, http_request, rest_api

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest, HttpResponse
    from samlocal.invocation import ResponseSink
    from samlocal.project.apis import Api, Authorizer
    from samlocal.serving.function_call import FunctionCall

HOST: Final = "gy415nuibc.execute-api.us-east-2.amazonaws.com"
ROOT: Final = "1-5e6722a7-cc56d7c246db7ae02d4da47e"
REQUEST_ID: Final = "deef4878-7910-11e6-8f14-25afc3e9ae33"
TOKEN: Final = LambdaAuthorizer(
    name="Guard",
    target=FunctionTarget(function="Guard"),
    kind="TOKEN",
    payload="1.0",
    identity_sources=("method.request.header.Authorization",),
    cache_seconds=300,
    validation="allow|deny|unauthorized|broken|nested",
)
REQUEST: Final = LambdaAuthorizer(
    name="Guard",
    target=FunctionTarget(function="Guard"),
    kind="REQUEST",
    payload="1.0",
    identity_sources=(
        "method.request.header.HeaderAuth1",
        "method.request.querystring.QueryString1",
        "stageVariables.StageVar1",
        "context.accountId",
    ),
    cache_seconds=0,
)
JSON: Final = {"content-type": "application/json"}
BASE64: Final = {"body": "iVBORw==", "isBase64Encoded": True}
# The example of the documentation.
ALLOW: Final = {
    "principalId": "yyyyyyyy",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": "arn:aws:execute-api:us-east-1:123456789012:*/test/GET/request",
            }
        ],
    },
    "context": {"stringKey": "value", "numberKey": 1, "booleanKey": True},
    "usageIdentifierKey": "api-key",
}


def _with_effect(effect: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:*", "Effect": effect, "Resource": "*"}
    return ALLOW | {"policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


class Functions(FakeFunctions):
    """`Items`, which answers as it is told, and the authorizer `Guard`, which obeys its token."""

    def __init__(self, answer: object = None) -> None:
        super().__init__(lambda _event: {} if answer is None else answer)
        self.guarded: list[dict[str, Any]] = []

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        if call.function != "Guard":
            return await super().invoke(call, response=response)
        event = json.loads(call.payload)
        self.guarded.append(event)
        token = event.get("authorizationToken", "allow")
        error = None
        if token in {"unauthorized", "broken"}:
            message = "Unauthorized" if token == "unauthorized" else "no database"
            error = FunctionError(type="Exception", message=message)
        answers = {
            "deny": _with_effect("Deny"),
            "other": ALLOW,
            "nested": ALLOW | {"context": {"object": {}}},
        }
        return InvocationResult(
            outcome="error" if error else "success",
            payload=json.dumps(answers.get(token, _with_effect("Allow"))).encode(),
            report=Report(
                request_id="", duration_ms=1.0, memory_size_mb=128, max_memory_used_mb=None
            ),
            error=error,
        )


async def _ask(api: Api, request: HttpRequest, functions: FakeFunctions) -> HttpResponse:
    """Return the answer of an API with real authorizers, for which the key `api-key` is known."""
    async with RouteAuthorizers(functions, report=lambda _: None) as authorizers:
        gateway = RestGateway(
            api, functions, authorizers, api_keys={"id": "api-key"}, report=lambda _: None
        )
        response = await gateway.answer(request, FakeWriter())
    assert response is not None
    return response


def _documented_request() -> HttpRequest:
    """Return the request of the example: `POST /testStage/hello/world?…`."""
    return http_request(
        "/hello/world",
        "POST",
        query="name=me&multivalueName=you&multivalueName=me",
        headers=(
            ("Host", HOST),
            ("User-Agent", "PostmanRuntime/2.4.5"),
            ("Content-Type", "application/json"),
            ("headerName", "headerValue"),
            ("multiValue", "first"),
            ("multiValue", "last"),
        ),
        body=b'{\r\n\t"a": 1\r\n}',
        source_ip="192.168.196.186",
        host=HOST,
        port=443,
        scheme="https",
        request_id=REQUEST_ID,
        trace_header=f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1",
    )


def _documented_api(**changes: object) -> Api:
    fields: dict[str, Any] = {
        "identifier": "gy415nuibc",
        "stage": "testStage",
        "variables": {"stageVariableName": "stageVariableValue"},
    }
    return rest_api(function_route("/{proxy+}", "ANY"), **fields | changes)


async def _event_of(request: HttpRequest, api: Api | None = None) -> dict[str, Any]:
    functions = Functions()
    response = await _ask(api or _documented_api(), request, functions)
    assert response.status == 200
    event: dict[str, Any] = functions.event
    return event


async def test_whole_documented_event() -> None:
    """The function gets the documented event, with each of its members and no others."""
    event = await _event_of(_documented_request())
    single = {
        "Host": HOST,
        "User-Agent": "PostmanRuntime/2.4.5",
        "Content-Type": "application/json",
        "headerName": "headerValue",
        "multiValue": "last",
        "X-Amzn-Trace-Id": f"Root={ROOT}",
        "X-Forwarded-For": "192.168.196.186",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    context = event["requestContext"]
    for name in ("extendedRequestId", "resourceId", "deploymentId"):
        assert isinstance(context.pop(name), str)
    assert event == {
        "resource": "/{proxy+}",
        "path": "/hello/world",
        "httpMethod": "POST",
        "headers": single,
        "multiValueHeaders": {name: [value] for name, value in single.items()}
        | {"multiValue": ["first", "last"]},
        "queryStringParameters": {"name": "me", "multivalueName": "me"},
        "multiValueQueryStringParameters": {"name": ["me"], "multivalueName": ["you", "me"]},
        "pathParameters": {"proxy": "hello/world"},
        "stageVariables": {"stageVariableName": "stageVariableValue"},
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "gy415nuibc",
            "domainName": HOST,
            "domainPrefix": "gy415nuibc",
            "httpMethod": "POST",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": "192.168.196.186",
                "user": None,
                "userAgent": "PostmanRuntime/2.4.5",
                "userArn": None,
            },
            "path": "/testStage/hello/world",
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "requestTime": "26/Nov/2026:10:11:12 +0000",
            "requestTimeEpoch": 1795687872250,
            "resourcePath": "/{proxy+}",
            "stage": "testStage",
        },
        "body": '{\r\n\t"a": 1\r\n}',
        "isBase64Encoded": False,
    }


async def test_event_without_anything() -> None:
    """What a request does not have is null, and never missing."""
    api = rest_api(function_route("/"))
    event = await _event_of(http_request("/"), api)
    assert {name for name, value in event.items() if value is None} == {
        *("queryStringParameters", "multiValueQueryStringParameters", "pathParameters"),
        *("stageVariables", "body"),
    }
    assert "version" not in event
    assert "authorizer" not in event["requestContext"]
    assert "operationName" not in event["requestContext"]


def _at(event: dict[str, Any], name: str) -> object:
    value: Any = event
    for member in name.split("."):
        value = value.get(member)
    return value


@pytest.mark.parametrize(
    ("request_changes", "api_changes", "member", "value"),
    [
        pytest.param({"path": "/a%2Fb"}, {}, "path", "/a%2Fb", id="path is not decoded"),
        pytest.param({"path": "/a/"}, {}, "path", "/a/", id="path keeps its trailing slash"),
        pytest.param({"path": "/a//b"}, {}, "path", "/a//b", id="path keeps slashes inside"),
        pytest.param({"path": "///a"}, {}, "path", "/a", id="path has one slash at its start"),
        pytest.param({"path": "/a"}, {}, "requestContext.path", "/testStage/a", id="stage"),
        pytest.param(
            {"path": "/a", "prefix": "/v1"},
            {"base_paths": ("a", "v1")},
            "requestContext.path",
            "/v1/a",
            id="base path",
        ),
        pytest.param({"path": "/a/b/"}, {}, "pathParameters", {"proxy": "a/b"}, id="greedy"),
        pytest.param({"path": "/a%2Bb"}, {}, "pathParameters", {"proxy": "a%2Bb"}, id="encoded"),
        pytest.param(
            {"query": "a=%20+b"}, {}, "queryStringParameters", {"a": "  b"}, id="query is decoded"
        ),
        pytest.param({"query": "a"}, {}, "queryStringParameters", {"a": ""}, id="name only"),
        pytest.param(
            {"headers": (("Host", HOST), ("x-LOWER", "1"))},
            {},
            "multiValueHeaders.x-LOWER",
            ["1"],
            id="names of headers as written",
        ),
        pytest.param(
            {"headers": (("Host", HOST), ("Connection", "close"))},
            {},
            "headers.Connection",
            None,
            id="headers of the connection",
        ),
        pytest.param(
            {"headers": (("Host", HOST), ("Authorization", "AWS4-HMAC-SHA256 Credential=a"))},
            {},
            "headers.Authorization",
            None,
            id="signature",
        ),
        pytest.param({"body": b""}, {}, "body", None, id="no body"),
        pytest.param(
            {"body": b"{}"}, {"binary_types": ("*/*",)}, "body", "e30=", id="all types binary"
        ),
        pytest.param(
            {"body": b"{}"},
            {"binary_types": ("application/*",)},
            "isBase64Encoded",
            True,
            id="flag",
        ),
        pytest.param(
            {"body": b"{}"}, {"binary_types": ("image/png",)}, "body", "{}", id="another type"
        ),
        pytest.param({}, {"variables": {}}, "stageVariables", None, id="no stage variables"),
    ],
)
async def test_members(
    request_changes: dict[str, Any], api_changes: dict[str, Any], member: str, value: object
) -> None:
    """Each member of an event has the documented form."""
    request = replace(_documented_request(), **request_changes)
    assert _at(await _event_of(request, _documented_api(**api_changes)), member) == value


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        pytest.param({"statusCode": 200}, 200, JSON, b"", id="status only"),
        pytest.param({}, 200, JSON, b"", id="nothing"),
        pytest.param({"headers": {"a": "b"}}, 200, JSON | {"a": "b"}, b"", id="headers only"),
        pytest.param({"statusCode": "201"}, 201, JSON, b"", id="status as text"),
        pytest.param({"statusCode": "test"}, 502, JSON, None, id="status that is no number"),
        pytest.param({"body": None}, 200, JSON, b"", id="null body"),
        pytest.param({"body": "text"}, 200, JSON, b"text", id="body"),
        pytest.param({"body": {"a": 1}}, 502, JSON, None, id="body that is an object"),
        pytest.param({"body": 7}, 502, JSON, None, id="body that is a number"),
        pytest.param({"foo": 1}, 502, JSON, None, id="unknown member"),
        pytest.param({"cookies": ["a=b"]}, 502, JSON, None, id="cookies of version 2.0"),
        pytest.param("text", 502, JSON, None, id="text"),
        pytest.param([], 502, JSON, None, id="list"),
        pytest.param(7, 502, JSON, None, id="number"),
        pytest.param(b"null", 502, JSON, None, id="null"),
        pytest.param(b"", 502, JSON, None, id="empty"),
        pytest.param(
            {"headers": {"n": 7, "t": True}}, 200, JSON | {"n": "7", "t": "true"}, b"", id="as text"
        ),
        pytest.param({"headers": None}, 200, JSON, b"", id="null headers"),
        pytest.param({"multiValueHeaders": {"a": [1]}}, 502, JSON, None, id="list of numbers"),
        pytest.param({"multiValueHeaders": {"a": "1"}}, 502, JSON, None, id="no list"),
        pytest.param(
            {"multiValueHeaders": {"a": ["1"]}, "headers": {"a": "1", "b": "2"}},
            200,
            JSON | {"a": "1", "b": "2"},
            b"",
            id="merged, the same value once",
        ),
        pytest.param(
            {"headers": {"Content-Type": "text/html"}},
            200,
            {"content-type": "text/html"},
            b"",
            id="own type",
        ),
        pytest.param(
            {"headers": {"Date": "x", "Server": "y"}},
            200,
            JSON | {"x-amzn-remapped-date": "x", "x-amzn-remapped-server": "y"},
            b"",
            id="remapped",
        ),
        pytest.param(
            BASE64 | {"headers": {"Content-Type": "image/png"}},
            200,
            {"content-type": "image/png"},
            b"\x89PNG",
            id="Base64",
        ),
        pytest.param(FunctionError(type="E", message="no"), 502, JSON, None, id="error"),
    ],
)
async def test_responses(
    result: object, status: int, headers: dict[str, str], body: bytes | None
) -> None:
    """Each result has its response; the headers of API Gateway are always there."""
    api = rest_api(function_route("/items/{id}"), binary_types=("image/png",))
    accepting = (("Host", HOST), ("Accept", "image/png,*/*"))
    response = await _ask(api, http_request(headers=accepting), Functions(result))
    assert response.status == status
    assert response.body == (b'{"message": "Internal server error"}' if body is None else body)
    found = headers_of(response)
    own = {"x-amzn-requestid", "x-amz-apigw-id"}
    own.add("x-amzn-errortype" if body is None else "x-amzn-trace-id")
    assert {name: found.pop(name) for name in own}.keys() == own
    assert found == headers


@pytest.mark.parametrize(
    ("accept", "decoded"),
    [
        pytest.param("image/png", True, id="the type"),
        pytest.param("image/png;q=0.1,text/html", True, id="the first type"),
        pytest.param("text/html,image/png", False, id="not the second"),
        pytest.param("*/*", False, id="a wildcard is literal"),
        pytest.param(None, False, id="none"),
    ],
)
async def test_base64_by_accept(accept: str | None, *, decoded: bool) -> None:
    """A body in Base64 is decoded if the first type of `Accept` is a binary one."""
    api = rest_api(function_route("/items/{id}"), binary_types=("image/png",))
    headers = (("Host", HOST), *([("Accept", accept)] if accept else []))
    response = await _ask(api, http_request(headers=headers), Functions(BASE64))
    assert response.body == (b"\x89PNG" if decoded else b"iVBORw==")


async def test_documented_token_authorizer() -> None:
    """The event of a TOKEN authorizer has three members, and its context becomes text."""
    functions = Functions()
    route = function_route("/request", authorizer=TOKEN)
    request = http_request("/request", headers=(("Host", HOST), ("authorization", "allow")))
    api = rest_api(route, identifier="abcdef123", stage="test")
    assert (await _ask(api, request, functions)).status == 200
    assert functions.guarded == [
        {
            "type": "TOKEN",
            "authorizationToken": "allow",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request",
        }
    ]
    authorizer = functions.event["requestContext"]["authorizer"]
    assert isinstance(authorizer.pop("integrationLatency"), int)
    assert authorizer == {
        "principalId": "yyyyyyyy",
        "stringKey": "value",
        "numberKey": "1",
        "booleanKey": "true",
    }


async def test_documented_request_authorizer() -> None:
    """The event of a REQUEST authorizer is that of the function without its body."""
    functions = Functions()
    route = function_route("/request", "ANY", authorizer=REQUEST)
    api = rest_api(
        route, identifier="abcdef123", stage="test", variables={"StageVar1": "stageValue1"}
    )
    request = http_request(
        "/request",
        query="QueryString1=queryValue1",
        headers=(("Host", HOST), ("HeaderAuth1", "headerValue1")),
        body=b"{}",
    )
    assert (await _ask(api, request, functions)).status == 200
    expected = functions.event
    del expected["body"], expected["isBase64Encoded"], expected["requestContext"]["authorizer"]
    assert functions.guarded == [
        {
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request",
            **expected,
        }
    ]
    (event,) = functions.guarded
    assert event["resource"] == event["path"] == "/request"
    assert event["headers"]["HeaderAuth1"] == "headerValue1"
    assert event["queryStringParameters"] == {"QueryString1": "queryValue1"}
    assert event["stageVariables"] == {"StageVar1": "stageValue1"}
    assert event["requestContext"]["resourcePath"] == "/request"
    assert event["requestContext"]["path"] == "/test/request"


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param({"headers": (("Host", HOST),)}, id="header"),
        pytest.param({"query": ""}, id="query"),
    ],
)
async def test_request_authorizer_without_an_identity(lacking: dict[str, Any]) -> None:
    """Without one of its identity sources a request is refused, and the authorizer does not run."""
    functions = Functions()
    route = function_route("/request", authorizer=REQUEST)
    fields: dict[str, Any] = {
        "query": "QueryString1=1",
        "headers": (("Host", HOST), ("HeaderAuth1", "1")),
    }
    api = rest_api(route, variables={"StageVar1": "1"})
    response = await _ask(api, http_request("/request", **fields | lacking), functions)
    assert (response.status, response.body) == (401, b'{"message":"Unauthorized"}')
    assert functions.guarded == []


def _headers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"headers": (("Host", HOST), *pairs)}


@pytest.mark.parametrize(
    ("token", "status", "error_type", "body"),
    [
        pytest.param(None, 401, "Unauthorized", b'{"message":"Unauthorized"}', id="no token"),
        pytest.param("x", 401, "Unauthorized", b'{"message":"Unauthorized"}', id="not valid"),
        pytest.param(
            "unauthorized", 401, "Unauthorized", b'{"message":"Unauthorized"}', id="raised"
        ),
        pytest.param(
            "broken", 500, "AuthorizerConfiguration", b'{"message":null}', id="another error"
        ),
        pytest.param(
            "nested", 500, "AuthorizerConfiguration", b'{"message":null}', id="nested context"
        ),
        pytest.param(
            "deny",
            403,
            "AccessDenied",
            b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
            id="denied",
        ),
    ],
)
async def test_refusals_of_authorizers(
    token: str | None, status: int, error_type: str, body: bytes
) -> None:
    """Each refusal of an authorizer has its status, its type and its body."""
    route = function_route("/items/{id}", authorizer=TOKEN)
    request = http_request(**_headers(*([("Authorization", token)] if token else [])))
    response = await _ask(rest_api(route), request, Functions())
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["x-amzn-errortype"] == f"{error_type}Exception"


async def test_a_policy_for_another_method() -> None:
    """What no statement allows is denied, with another message than that of a `Deny`."""
    authorizer: Authorizer = LambdaAuthorizer(
        name="Guard",
        target=FunctionTarget(function="Guard"),
        kind="TOKEN",
        payload="1.0",
        identity_sources=("method.request.header.Authorization",),
        cache_seconds=0,
    )
    request = http_request(**_headers(("Authorization", "other")))
    route = function_route("/items/{id}", authorizer=authorizer)
    response = await _ask(rest_api(route), request, Functions())
    assert response.status == 403
    assert response.body == b'{"Message":"User is not authorized to access this resource"}'


@pytest.mark.parametrize(
    ("route_changes", "request_changes", "answer", "status", "error_type", "body"),
    [
        pytest.param(
            {},
            {"path": "/missing"},
            None,
            403,
            "MissingAuthenticationToken",
            b'{"message":"Missing Authentication Token"}',
            id="no resource",
        ),
        pytest.param(
            {},
            {"method": "PUT"},
            None,
            403,
            "MissingAuthenticationToken",
            b'{"message":"Missing Authentication Token"}',
            id="no method",
        ),
        pytest.param(
            {"needs_api_key": True},
            {},
            None,
            403,
            "Forbidden",
            b'{"message":"Forbidden"}',
            id="no API key",
        ),
        pytest.param(
            {"needs_api_key": True},
            _headers(("x-api-key", "other")),
            None,
            403,
            "Forbidden",
            b'{"message":"Forbidden"}',
            id="unknown API key",
        ),
        pytest.param(
            {"validation": RequestValidation(parameters=("method.request.querystring.q",))},
            {},
            None,
            400,
            "BadRequest",
            b'{"message": "Missing required request parameters: [q]"}',
            id="missing parameter",
        ),
        pytest.param(
            {"validation": RequestValidation(bodies={"application/json": {"type": "object"}})},
            {"body": b"[]"},
            None,
            400,
            "BadRequest",
            b'{"message": "Invalid request body"}',
            id="wrong body",
        ),
        pytest.param(
            {}, {"body": bytes(7_000_000)}, None, 413, "BadRequest", None, id="large for Lambda"
        ),
        pytest.param(
            {},
            {},
            ThrottledError("busy", reason="ConcurrentInvocationLimitExceeded"),
            500,
            "InternalServerError",
            b'{"message": "Internal server error"}',
            id="throttled by Lambda",
        ),
        pytest.param(
            {
                "integration": FunctionIntegration(
                    target=FunctionTarget(function="Items"), payload="1.0", timeout_ms=0
                )
            },
            {},
            None,
            504,
            "InternalServerError",
            b'{"message": "Endpoint request timed out"}',
            id="time out",
        ),
    ],
)
async def test_errors(  # a table
    route_changes: dict[str, Any],
    request_changes: dict[str, Any],
    answer: object,
    status: int,
    error_type: str,
    body: bytes | None,
) -> None:
    """Each error of the gateway has its status, its type and its body."""
    api = rest_api(function_route("/items/{id}", **route_changes))
    response = await _ask(api, http_request(**request_changes), Functions(answer))
    assert response.status == status
    assert body is None or response.body == body
    assert headers_of(response)["x-amzn-errortype"] == f"{error_type}Exception"


async def test_limits() -> None:
    """A body of more than 10 MiB is refused before all else."""
    api = rest_api(function_route("/items/{id}"))
    response = await _ask(api, http_request(body=bytes(MAX_BODY_BYTES + 1)), Functions())
    assert response.status == 413


async def test_signed_requests() -> None:
    """A method with `AWS_IAM` sees its caller in `identity`."""
    functions = Functions()
    signature = "AWS4-HMAC-SHA256 Credential=AKIAI/20260101/us-east-1/execute-api/aws4_request"
    route = function_route("/items/{id}", authorizer=IamAuthorizer())
    await _ask(rest_api(route), http_request(**_headers(("Authorization", signature))), functions)
    context = functions.event["requestContext"]
    assert context["identity"]["accessKey"] == "AKIAI"
    assert "authorizer" not in context
