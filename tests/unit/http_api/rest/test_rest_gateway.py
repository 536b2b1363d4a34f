"""The gateway of a REST API, with functions that are Python functions."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.errors import EngineError, FunctionNotFoundError, ThrottledError
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.rest.gateway import MAX_BODY_BYTES, RestGateway
from samlocal.invocation import FunctionError
from samlocal.project.apis import (
    FunctionIntegration,
    FunctionTarget,
    GatewayResponse,
    IamAuthorizer,
    IntegrationResponse,
    MockIntegration,
    RateLimit,
    RequestValidation,
    UnsupportedIntegration,
    UsagePlan,
)
from tests.unit.http_api.gateway_fakes import (
    PLACE,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
)
from tests.unit.http_api.requests import RECEIVED, ROOT, function_route, http_request, rest_api

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.exchange import HttpResponse
    from samlocal.project.apis import Api, Route


class Served:
    """A gateway, and what it has said on the terminal."""

    def __init__(
        self,
        api: Api,
        answer: Callable[[Any], object] = lambda _event: {},
        *,
        keys: Mapping[str, str] | None = None,
        verdict: Allowed | Refused | None = None,
        functions: FakeFunctions | None = None,
    ) -> None:
        self.functions = functions or FakeFunctions(answer)
        self.authorizers = FakeAuthorizers(verdict)
        self.said: list[Diagnostic] = []
        self.writer = FakeWriter()
        self.gateway = RestGateway(
            api, self.functions, self.authorizers, api_keys=keys or {}, report=self.said.append
        )

    async def ask(
        self, path: str = "/items/7", method: str = "GET", **changes: object
    ) -> HttpResponse:
        response = await self.gateway.answer(http_request(path, method, **changes), self.writer)
        assert response is not None
        return response


def _streaming(timeout_ms: int = 1000) -> Route:
    integration = FunctionIntegration(
        target=FunctionTarget(function="Items"),
        payload="1.0",
        streams=True,
        timeout_ms=timeout_ms,
    )
    return function_route("/items/{id}", integration=integration)


async def test_whole_response() -> None:
    """A client gets what the function answers, and the ids of the request."""
    served = Served(
        rest_api(function_route("/items/{id}")),
        lambda event: {"statusCode": 201, "body": event["pathParameters"]["id"]},
    )
    response = await served.ask()
    assert (response.status, response.body) == (201, b"7")
    headers = headers_of(response)
    assert len(headers.pop("x-amz-apigw-id")) == 16
    assert headers == {
        "content-type": "application/json",
        "x-amzn-requestid": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "x-amzn-trace-id": f"Root={ROOT};Sampled=1",
    }
    context = served.functions.event["requestContext"]
    assert context["resourcePath"] == "/items/{id}"
    assert context["extendedRequestId"] == headers_of(response)["x-amz-apigw-id"]
    assert served.functions.calls[0].function == "Items"
    assert served.said == []


@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [
        pytest.param("GET", "/items", "/items", id="fixed"),
        pytest.param("POST", "/items", "/items", id="any"),
        pytest.param("OPTIONS", "/items", "/items", id="any has preflights"),
        pytest.param("HEAD", "/items", "/items", id="any has HEAD"),
        pytest.param("TRACE", "/items", None, id="no other methods"),
        pytest.param("HEAD", "/only/get", None, id="HEAD is not GET"),
        pytest.param("OPTIONS", "/only/get", None, id="no preflight"),
        pytest.param("DELETE", "/only/get", None, id="a resource that lacks the method"),
        pytest.param("DELETE", "/only/other", "/only/{proxy+}", id="greedy"),
        pytest.param("GET", "/", None, id="no root"),
        pytest.param("GET", "/only", None, id="not the parent of greedy"),
    ],
)
async def test_routes(method: str, path: str, resource: str | None) -> None:
    """The most specific resource answers, or nothing does."""
    served = Served(
        rest_api(
            function_route("/items"),
            function_route("/items", "ANY"),
            function_route("/only/get"),
            function_route("/only/{proxy+}", "ANY"),
        ),
        lambda event: {"body": event["resource"]},
    )
    response = await served.ask(path, method)
    if resource is not None:
        assert (response.status, response.body) == (200, resource.encode())
        return
    assert response.status == 403
    assert response.body == b'{"message":"Missing Authentication Token"}'
    headers = headers_of(response)
    assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert "x-amzn-trace-id" not in headers
    assert served.said[0].message.startswith(f"{method} {path}: ")


@pytest.mark.parametrize(
    ("answer", "status", "body", "said"),
    [
        pytest.param(
            {"foo": 1},
            502,
            b'{"message": "Internal server error"}',
            "the result of `Items` is not a response: the result has the member `foo`; a response"
            " has only `body`, `headers`, `isBase64Encoded`, `multiValueHeaders`, `statusCode`",
            id="a wrong shape",
        ),
        pytest.param(
            {"body": "?", "isBase64Encoded": True},
            500,
            b'{"message": "Internal server error"}',
            "the result of `Items` is not a response: `isBase64Encoded` is true, but `body` is not"
            " Base64",
            id="broken Base64",
        ),
        pytest.param(
            FunctionError(type="ValueError", message="no"),
            502,
            b'{"message": "Internal server error"}',
            "`Items` has failed: ValueError: no",
            id="an error",
        ),
        pytest.param(
            ThrottledError("busy", reason="ConcurrentInvocationLimitExceeded"),
            500,
            b'{"message": "Internal server error"}',
            "`Items` is throttled: busy",
            id="throttled",
        ),
        pytest.param(
            FunctionNotFoundError("no function `Items`"),
            500,
            b'{"message": "Internal server error"}',
            "`Items` cannot run: no function `Items`",
            id="missing",
        ),
        pytest.param(
            EngineError("it ended"),
            502,
            b'{"message": "Internal server error"}',
            "`Items` cannot run: it ended",
            id="not run",
        ),
    ],
)
async def test_failures(answer: object, status: int, body: bytes, said: str) -> None:
    """A client gets API Gateway's error, and the terminal says what was wrong."""
    api = rest_api(function_route("/items/{id}"), binary_types=("*/*",))
    served = Served(api, lambda _event: answer)
    response = await served.ask()
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["x-amzn-errortype"] == "InternalServerErrorException"
    assert [each.message for each in served.said] == [f"GET /items/7: {said}"]


async def test_timeout() -> None:
    """A client gets a 504 in time, and the function goes on."""
    route = function_route(
        "/items/{id}",
        integration=FunctionIntegration(
            target=FunctionTarget(function="Items"), payload="1.0", timeout_ms=10
        ),
    )
    functions = FakeFunctions(lambda _event: {}, delay_seconds=0.05)
    response = await Served(rest_api(route), functions=functions).ask()
    assert response.status == 504
    assert response.body == b'{"message": "Endpoint request timed out"}'
    assert not functions.has_ended.is_set()
    await functions.has_ended.wait()


async def test_request_sizes() -> None:
    """Bodies end at 10 MiB, events at Lambda's limit, and headers at 10,240 bytes."""
    served = Served(rest_api(function_route("/items/{id}", "ANY")))
    response = await served.ask(method="POST", body=bytes(MAX_BODY_BYTES + 1))
    assert response.status == 413
    assert response.body == b"HTTP content length exceeded 10485760 bytes."
    assert headers_of(response) == {"content-type": "text; charset=utf-8"}
    assert await served.gateway.refuse_body(http_request()) == response

    response = await served.ask(method="POST", body=b"x" * 7_000_000)
    assert (response.status, response.body) == (413, b'{"message": "Request Too Long"}')
    assert headers_of(response)["x-amzn-errortype"] == "BadRequestException"

    response = await served.ask(headers=(("Host", "h"), ("a", "x" * 10_240)))
    assert response.status == 431
    assert response.body == b"HTTP header is larger than 10240 bytes."
    assert headers_of(response) == {"content-type": "text; charset=utf-8"}
    assert served.functions.calls == []


@pytest.mark.parametrize(
    ("accept", "types", "expected"),
    [
        pytest.param("image/png", ("image/png",), b"\x89PNG", id="accepted"),
        pytest.param("*/*", ("image/png",), b"iVBORw==", id="a wildcard is no type"),
        pytest.param("text/html,image/png", ("image/png",), b"iVBORw==", id="not the first"),
        pytest.param("text/html,*/*", ("*/*",), b"\x89PNG", id="all types"),
        pytest.param("image/png", (), b"iVBORw==", id="no binary types"),
    ],
)
async def test_binary_responses(accept: str, types: tuple[str, ...], expected: bytes) -> None:
    """Base64 is decoded if the first type that the client accepts is binary."""
    served = Served(
        rest_api(function_route("/items/{id}"), binary_types=types),
        lambda _event: {"body": "iVBORw==", "isBase64Encoded": True},
    )
    assert (await served.ask(headers=(("Host", "h"), ("accept", accept)))).body == expected


async def test_binary_requests() -> None:
    """A body of a binary type is Base64 in the event."""
    served = Served(rest_api(function_route("/items/{id}", "POST"), binary_types=("image/*",)))
    headers = (("Host", "h"), ("content-type", "image/png"))
    await served.ask(method="POST", headers=headers, body=b"\x89PNG")
    event = served.functions.event
    assert (event["body"], event["isBase64Encoded"]) == ("iVBORw==", True)


async def test_authorizer() -> None:
    """An authorizer sees the event without a context, and the function the context."""
    route = function_route("/items/{id}", authorizer=IamAuthorizer())
    verdict = Allowed(context={"principalId": "user", "n": "7"})
    served = Served(rest_api(route), verdict=verdict)
    await served.ask("//items/a%2Bb", prefix="/dev")
    (checked_route, event, arn) = served.authorizers.checked[0]
    assert checked_route == route
    assert "authorizer" not in event["requestContext"]
    assert arn == "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/items/a%2Bb"
    context = served.functions.event["requestContext"]
    assert context["authorizer"] == {"principalId": "user", "n": "7"}


@pytest.mark.parametrize(
    ("refused", "status", "body", "error_type"),
    [
        pytest.param(
            Refused(kind="UNAUTHORIZED"),
            401,
            b'{"message":"Unauthorized"}',
            "UnauthorizedException",
            id="unauthorized",
        ),
        pytest.param(
            Refused(kind="ACCESS_DENIED"),
            403,
            b'{"Message":"User is not authorized to access this resource"}',
            "AccessDeniedException",
            id="denied",
        ),
        pytest.param(
            Refused(kind="ACCESS_DENIED", is_explicit_deny=True),
            403,
            b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
            "AccessDeniedException",
            id="explicitly denied",
        ),
        pytest.param(
            Refused(kind="AUTHORIZER_CONFIGURATION_ERROR", reason="it raised ValueError"),
            500,
            b'{"message":null}',
            "AuthorizerConfigurationException",
            id="failed",
        ),
        pytest.param(
            Refused(kind="MISSING_AUTHENTICATION_TOKEN"),
            403,
            b'{"message":"Missing Authentication Token"}',
            "MissingAuthenticationTokenException",
            id="not signed",
        ),
        pytest.param(
            Refused(kind="UNAUTHORIZED", message="The token has expired"),
            401,
            b'{"message":"The token has expired"}',
            "UnauthorizedException",
            id="a message",
        ),
    ],
)
async def test_refusals(refused: Refused, status: int, body: bytes, error_type: str) -> None:
    """Each refusal has its status, its body and its type; no function runs."""
    served = Served(
        rest_api(function_route("/items/{id}", authorizer=IamAuthorizer())), verdict=refused
    )
    response = await served.ask()
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["x-amzn-errortype"] == error_type
    assert served.functions.calls == []
    assert [each.message for each in served.said] == (
        [f"GET /items/7: {refused.reason}"] if refused.reason else []
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param("secret", 200, id="the key"),
        pytest.param("wrong", 403, id="another key"),
        pytest.param(None, 403, id="no key"),
    ],
)
async def test_api_keys(sent: str | None, status: int) -> None:
    """A method that needs a key has one of those that are given, and the function sees it."""
    served = Served(
        rest_api(function_route("/items/{id}", needs_api_key=True)), keys={"k1": "secret"}
    )
    key = [("x-api-key", sent)] if sent else []
    response = await served.ask(headers=(("Host", "h"), *key))
    assert response.status == status
    if status == 403:
        assert response.body == b'{"message":"Forbidden"}'
        assert headers_of(response)["x-amzn-errortype"] == "ForbiddenException"
        return
    identity = served.functions.event["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == ("secret", "k1")


async def test_api_keys_of_authorizers() -> None:
    """The key may come from an authorizer; that of the header does not count then."""
    route = function_route("/items/{id}", needs_api_key=True, authorizer=IamAuthorizer())
    api = rest_api(route, api_key_source="AUTHORIZER")
    headers = (("Host", "h"), ("X-Api-Key", "secret"))
    allowed = Served(api, keys={"k1": "secret"}, verdict=Allowed(api_key="secret"))
    assert (await allowed.ask()).status == 200
    refused = Served(api, keys={"k1": "secret"}, verdict=Allowed())
    assert (await refused.ask(headers=headers)).status == 403


@pytest.mark.parametrize(
    ("plan", "times", "statuses"),
    [
        pytest.param(
            {"rate": RateLimit(rate=1, burst=2)},
            (0, 0, 0, 0.5, 1),
            (200, 200, 429, 429, 200),
            id="rate",
        ),
        pytest.param(
            {"rate": RateLimit(rate=2)}, (0, 0, 0, 0.5), (200, 200, 429, 200), id="without a burst"
        ),
        pytest.param({"rate": RateLimit(rate=0, burst=0)}, (0,), (429,), id="nothing"),
        pytest.param(
            {
                "rate": RateLimit(rate=0, burst=0),
                "methods": {"/items/{id}/GET": RateLimit(rate=1)},
            },
            (0, 0, 1),
            (200, 429, 200),
            id="method",
        ),
        pytest.param({"quota": 1}, (0, 1, 86_400), (200, 429, 200), id="day"),
        pytest.param(
            {"quota": 1, "quota_period": "WEEK"},
            (0, 86_400, 3 * 86_400),
            (200, 429, 200),
            id="week",
        ),
        pytest.param(
            {"quota": 2, "quota_period": "MONTH"},
            (0, 86_400, 2 * 86_400, 5 * 86_400),
            (200, 200, 429, 200),
            id="month",
        ),
        pytest.param({}, (0, 0, 0), (200, 200, 200), id="no limits"),
    ],
)
async def test_usage_plans(
    plan: dict[str, Any], times: tuple[float, ...], statuses: tuple[int, ...]
) -> None:
    """A key has the rate and the quota of its plan: the requests of 26 November 2026, a Thursday."""
    api = rest_api(
        function_route("/items/{id}", needs_api_key=True),
        usage_plans=(
            UsagePlan(name="Other", keys=("k2",), quota=0),
            UsagePlan(name="Plan", keys=("k1",), **plan),
        ),
    )
    served = Served(api, keys={"k1": "secret"})
    headers = (("Host", "h"), ("x-api-key", "secret"))
    answers = [await served.ask(headers=headers, received=RECEIVED + each) for each in times]
    assert tuple(each.status for each in answers) == statuses
    refused = {
        (each.body, headers_of(each)["x-amzn-errortype"]) for each in answers if each.status == 429
    }
    assert refused <= {
        (b'{"message":"Too Many Requests"}', "TooManyRequestsException"),
        (b'{"message":"Limit Exceeded"}', "LimitExceededException"),
    }
    assert all("`Plan`" in each.message for each in served.said)


@pytest.mark.parametrize(
    ("limit", "times", "statuses"),
    [
        pytest.param(RateLimit(rate=0), (0, 9), (429, 429), id="none"),
        pytest.param(RateLimit(rate=0, burst=5), (0, 9), (429, 429), id="none with a burst"),
        pytest.param(RateLimit(rate=1), (0, 0.5, 1), (200, 429, 200), id="rate"),
        pytest.param(RateLimit(rate=1, burst=2), (0, 0, 0), (200, 200, 429), id="burst"),
    ],
)
async def test_limits_of_a_stage(
    limit: RateLimit, times: tuple[float, ...], statuses: tuple[int, ...]
) -> None:
    """Each method has a limit of its own, for all clients; who comes too early does not reach an authorizer."""
    route = function_route(
        "/items/{id}", "ANY", authorizer=IamAuthorizer(), limits={"GET": limit}, place=PLACE
    )
    served = Served(rest_api(route))
    answers = [await served.ask(received=RECEIVED + each) for each in times]
    assert tuple(each.status for each in answers) == statuses
    assert len(served.authorizers.checked) == statuses.count(200)
    refused = [each for each in answers if each.status == 429]
    assert {(each.body, headers_of(each)["x-amzn-errortype"]) for each in refused} == {
        (b'{"message":"Too Many Requests"}', "TooManyRequestsException")
    }
    assert all(f"takes {limit.rate:g} requests a second" in each.message for each in served.said)
    assert {each.place for each in served.said} == {PLACE}
    assert (await served.ask(method="PUT")).status == 200


async def test_the_gateway_response_of_a_limit() -> None:
    """`THROTTLED` is the type of the response to a request that comes too early."""
    api = rest_api(
        function_route("/items/{id}", limits={"GET": RateLimit(rate=0)}),
        gateway_responses={"THROTTLED": GatewayResponse(status=503)},
    )
    assert (await Served(api).ask()).status == 503


async def test_a_key_that_the_template_does_not_have() -> None:
    """It has the first usage plan, as its name is one of the user only."""
    api = rest_api(
        function_route("/items/{id}", needs_api_key=True),
        usage_plans=(UsagePlan(name="Plan", keys=("k1",), quota=0),),
    )
    response = await Served(api, keys={"mine": "secret"}).ask(
        headers=(("Host", "h"), ("x-api-key", "secret"))
    )
    assert (response.status, response.body) == (429, b'{"message":"Limit Exceeded"}')


async def test_a_key_of_other_usage_plans() -> None:
    """A key that the template gives to other APIs only is not one of this API."""
    api = rest_api(
        function_route("/items/{id}", needs_api_key=True),
        usage_plans=(UsagePlan(name="Plan", keys=("k1",)),),
        foreign_keys=("k2",),
    )
    served = Served(api, keys={"k1": "mine", "k2": "theirs"})
    answers = [
        await served.ask(headers=(("Host", "h"), ("x-api-key", each)))
        for each in ("mine", "theirs")
    ]
    assert [each.status for each in answers] == [200, 403]
    assert "its API key `k2` is in no usage plan of `Shop`" in served.said[0].message


async def test_no_api_keys() -> None:
    """Without any key that is given, methods are open, which is said once."""
    served = Served(rest_api(function_route("/items/{id}", needs_api_key=True)))
    assert (await served.ask()).status == 200
    assert (await served.ask()).status == 200
    assert [each.message for each in served.said] == [
        "API keys of `Shop` are not checked: none is given"
    ]


SCHEMA = {
    "type": "object",
    "properties": {"price": {"type": "number", "maximum": 500, "exclusiveMaximum": True}},
    "required": ["price"],
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({}, "Missing required request parameters: [h1, q1]", id="none"),
        pytest.param({"query": "q1="}, "Missing required request parameters: [h1, q1]", id="blank"),
        pytest.param(
            {"query": "q1=x", "headers": (("Host", "h"), ("H1", "v"))},
            "Missing required request parameters: [h1]",
            id="case",
        ),
        pytest.param(
            {"query": "q1=x", "headers": (("Host", "h"), ("h1", "v"))},
            "Invalid request body",
            id="no body",
        ),
        *(
            pytest.param(
                {"query": "q1=x", "headers": (("Host", "h"), ("h1", "v")), "body": body},
                message,
                id=body.decode(),
            )
            for body, message in (
                (b"{", "Invalid request body"),
                (b"[]", "Invalid request body"),
                (b'{"price": 500}', "Invalid request body"),
                (b'{"price": "1"}', "Invalid request body"),
                (b'{"price": 499}', None),
            )
        ),
        pytest.param(
            {
                "query": "q1=x",
                "headers": (("Host", "h"), ("h1", "v"), ("content-type", "text/xml")),
                "body": b"<a/>",
            },
            None,
            id="another type",
        ),
    ],
)
async def test_request_validators(changes: dict[str, Any], message: str | None) -> None:
    """Parameters must be there and not blank, and bodies must be of the schema for their type."""
    validation = RequestValidation(
        parameters=(
            "method.request.querystring.q1",
            "method.request.header.h1",
            "method.request.path.id",
        ),
        bodies={"application/json": SCHEMA},
    )
    served = Served(rest_api(function_route("/items/{id}", "POST", validation=validation)))
    response = await served.ask(method="POST", **changes)
    if message is None:
        assert response.status == 200
        return
    assert response.status == 400
    assert response.body == json.dumps({"message": message}).encode()
    assert headers_of(response)["x-amzn-errortype"] == "BadRequestException"
    assert served.said


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        pytest.param({"type": "nonsense"}, "", id="type"),
        pytest.param({"$ref": "https://example.com/x"}, "leads out of it", id="remote reference"),
        pytest.param({"$ref": "file:///etc/passwd"}, "leads out of it", id="file"),
        pytest.param([], "it is not an object", id="list"),
        pytest.param("{", "", id="broken JSON"),
    ],
)
async def test_schemas_that_cannot_be_used(schema: object, problem: str) -> None:
    """A schema that cannot be used lets requests through, which is said once."""
    validation = RequestValidation(bodies={"$default": schema})
    route = function_route("/items/{id}", "POST", validation=validation, place=PLACE)
    served = Served(rest_api(route))
    for _ in range(2):
        assert (await served.ask(method="POST", body=b"{}")).status == 200
    (said,) = served.said
    assert said.message.startswith("bodies of `POST /items/{id}` are not checked")
    assert problem in said.message
    assert said.place == PLACE


@pytest.mark.parametrize(
    ("responses", "status", "body", "extra"),
    [
        pytest.param(
            {"MISSING_AUTHENTICATION_TOKEN": GatewayResponse(status=404)},
            404,
            b'{"message":"Missing Authentication Token"}',
            {},
            id="status",
        ),
        pytest.param(
            {
                "DEFAULT_4XX": GatewayResponse(
                    headers={
                        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
                        "gatewayresponse.header.X-Id": "context.requestId",
                        "gatewayresponse.header.X-Origin": "method.request.header.origin",
                        "gatewayresponse.header.X-Table": "stageVariables.table",
                        "gatewayresponse.header.X-None": "context.authorizer.principalId",
                        "X-Plain": "'plain'",
                    }
                )
            },
            403,
            b'{"message":"Missing Authentication Token"}',
            {
                "access-control-allow-origin": "*",
                "x-id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "x-origin": "http://a.example",
                "x-table": "t",
                "x-plain": "plain",
            },
            id="headers of the default",
        ),
        pytest.param(
            {
                "DEFAULT_4XX": GatewayResponse(status=400),
                "MISSING_AUTHENTICATION_TOKEN": GatewayResponse(
                    templates={
                        "application/json": '{"m": $context.error.messageString, "t":'
                        ' "$context.error.responseType", "s": "${context.stage}",'
                        ' "v": "$context.error.validationErrorString", "$x": "$stageVariables.table"}'
                    }
                ),
            },
            403,
            b'{"m": "Missing Authentication Token", "t": "MISSING_AUTHENTICATION_TOKEN",'
            b' "s": "dev", "v": "", "$x": "t"}',
            {},
            id="template of the type",
        ),
        pytest.param(
            {
                "MISSING_AUTHENTICATION_TOKEN": GatewayResponse(
                    templates={"text/html": "<p>$context.error.message</p>", "a/b": "x"}
                )
            },
            403,
            b"<p>Missing Authentication Token</p>",
            {"content-type": "text/html"},
            id="type of the template",
        ),
        pytest.param(
            {"DEFAULT_5XX": GatewayResponse(status=503)},
            403,
            b'{"message":"Missing Authentication Token"}',
            {},
            id="another default",
        ),
    ],
)
async def test_gateway_responses(
    responses: dict[str, GatewayResponse], status: int, body: bytes, extra: dict[str, str]
) -> None:
    """A template customises status, headers and bodies of errors by their types."""
    api = rest_api(function_route("/items"), gateway_responses=responses, variables={"table": "t"})
    response = await Served(api).ask(
        "/missing", headers=(("Host", "h"), ("Origin", "http://a.example"))
    )
    assert (response.status, response.body) == (status, body)
    headers = headers_of(response)
    assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert {name: headers.get(name) for name in extra} == extra
    assert "x-none" not in headers


@pytest.mark.parametrize("query", ["q=a%0d%0aX-Evil:1", "q=%00", "q=%7f"])
async def test_headers_that_clients_break(query: str) -> None:
    """A value of a client that is none of a header does not become one, in errors and in mocks, which are sent without it."""
    mapped = {"X-Query": "method.request.querystring.q"}
    responses = {"DEFAULT_4XX": GatewayResponse(headers=mapped)}
    mock = MockIntegration(
        request_templates={"application/json": '{"statusCode": 200}'},
        responses=(IntegrationResponse(status=200, headers=mapped),),
    )
    served = Served(
        rest_api(function_route("/items/{id}", integration=mock), gateway_responses=responses)
    )
    for path, status in (("/missing", 403), ("/items/7", 200)):
        response = await served.ask(path, query=query)
        assert response.status == status
        assert not {"x-query", "x-evil"} & headers_of(response).keys()


async def test_validation_details() -> None:
    """`validationErrorString` says what is wrong with a body."""
    validation = RequestValidation(bodies={"application/json": SCHEMA})
    template = "$context.error.validationErrorString"
    api = rest_api(
        function_route("/items/{id}", validation=validation),
        gateway_responses={"BAD_REQUEST_BODY": GatewayResponse(templates={"text/plain": template})},
    )
    response = await Served(api).ask(body=b"{}")
    assert response.body == b"[data must contain ['price'] properties]"


@pytest.mark.parametrize(
    ("verdict", "kind", "status"),
    [
        pytest.param(
            Refused(kind="ACCESS_DENIED", context={"why": "no plan"}),
            "ACCESS_DENIED",
            403,
            id="denied",
        ),
        pytest.param(Allowed(context={"why": "no plan"}), "DEFAULT_5XX", 502, id="failed later"),
    ],
)
async def test_context_of_authorizers(verdict: Allowed | Refused, kind: str, status: int) -> None:
    """A gateway response has what the authorizer has said about the request."""
    response = GatewayResponse(
        headers={"X-Why": "context.authorizer.why"},
        templates={"text/plain": "$context.authorizer.why"},
    )
    served = Served(
        rest_api(
            function_route("/items/{id}", authorizer=IamAuthorizer()),
            gateway_responses={kind: response},
        ),
        lambda _event: "broken",
        verdict=verdict,
    )
    answer = await served.ask()
    assert (answer.status, answer.body) == (status, b"no plan")
    assert headers_of(answer)["x-why"] == "no plan"


async def test_unsupported_integration() -> None:
    """What samlocal does not have is a 501 with the words of the diagnostic."""
    diagnostic = Diagnostic(message="AWS integrations are not supported", place=PLACE, hint="h")
    integration = UnsupportedIntegration(diagnostic=diagnostic)
    api = rest_api(
        function_route("/items/{id}", integration=integration),
        gateway_responses={"DEFAULT_5XX": GatewayResponse(status=500)},
    )
    served = Served(api)
    response = await served.ask()
    assert response.status == 501
    assert json.loads(response.body) == {"message": "AWS integrations are not supported"}
    message = "GET /items/7: AWS integrations are not supported"
    assert served.said == [replace(diagnostic, message=message)]


NULS = bytes(8)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param((b'{"statusCode": 201}' + NULS, b"a", b"b"), id="metadata first"),
        pytest.param((b'{"status', b'Code": 201}\0\0', NULS[2:] + b"ab"), id="in pieces"),
    ],
)
async def test_streamed_response(chunks: tuple[bytes, ...]) -> None:
    """Status and headers are those of the metadata, and the body comes as the function writes it."""
    functions = FakeFunctions(chunks=chunks, content_type="application/octet-stream")
    served = Served(rest_api(_streaming()), functions=functions)
    assert await served.gateway.answer(http_request(), served.writer) is None
    assert served.writer.status == 201
    assert b"".join(served.writer.seen) == b"ab"
    assert served.writer.end_of_body == "complete"
    headers = headers_of(served.writer)
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-requestid"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@pytest.mark.parametrize(
    ("functions", "status", "said"),
    [
        pytest.param(FakeFunctions(lambda _event: {}), 502, "does not stream", id="buffered"),
        pytest.param(FakeFunctions(chunks=(b"{}",)), 502, "ends before", id="no delimiter"),
        pytest.param(FakeFunctions(chunks=(b"x" + NULS,)), 502, "not JSON", id="no JSON"),
        pytest.param(
            FakeFunctions(chunks=(b'{"body": ""}' + NULS,)), 502, "member `body`", id="a body"
        ),
        pytest.param(
            FakeFunctions(lambda _event: FunctionError(type="ValueError", message="no")),
            502,
            "ValueError: no",
            id="an error",
        ),
        pytest.param(FakeFunctions(delay_seconds=0.2), 504, "within 100 ms", id="late"),
    ],
)
async def test_streams_that_fail_at_once(functions: FakeFunctions, status: int, said: str) -> None:
    """Before the metadata a failure has a status."""
    served = Served(rest_api(_streaming(timeout_ms=100)), functions=functions)
    response = await served.ask()
    assert response.status == status
    assert said in served.said[0].message
    assert served.writer.status == 0


async def test_stream_that_fails_later() -> None:
    """After the metadata the client sees an incomplete body."""
    functions = FakeFunctions(
        chunks=(b"{}" + NULS, b"a"), error=FunctionError(type="ValueError", message="no")
    )
    served = Served(rest_api(_streaming()), functions=functions)
    assert await served.gateway.answer(http_request(), served.writer) is None
    assert (served.writer.status, served.writer.end_of_body) == (200, "broken off")
    assert "ValueError: no" in served.said[0].message


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", gzip.compress(b"text"), id="gzip"),
        pytest.param("GZIP", gzip.compress(b"text"), id="case"),
        pytest.param("deflate", zlib.compress(b"text"), id="deflate"),
        pytest.param("identity", b"text", id="identity"),
        pytest.param("gzip", gzip.compress(bytes(100_000) + b"text"), id="large"),
    ],
)
async def test_compressed_requests(coding: str, body: bytes) -> None:
    """A function gets a body that is not compressed any more."""
    served = Served(rest_api(function_route("/items/{id}", "POST")))
    headers = (("Host", "h"), ("Content-Encoding", coding))
    await served.ask(method="POST", headers=headers, body=body)
    assert served.functions.event["body"].endswith("text")


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        pytest.param("br", b"text", 415, id="unknown"),
        pytest.param("gzip", b"text", 415, id="not compressed"),
        pytest.param("gzip", gzip.compress(b"text")[:-4], 415, id="incomplete"),
        pytest.param("gzip", gzip.compress(bytes(MAX_BODY_BYTES + 1)), 413, id="a bomb"),
        pytest.param("br", b"", 200, id="no body"),
    ],
)
async def test_wrong_codings(coding: str, body: bytes, status: int) -> None:
    """A body that cannot be decompressed, or becomes too large, is refused."""
    served = Served(rest_api(function_route("/items/{id}", "POST")))
    headers = (("Host", "h"), ("Content-Encoding", coding))
    assert (await served.ask(method="POST", headers=headers, body=body)).status == status


@pytest.mark.parametrize(
    ("accept", "size", "coding"),
    [
        pytest.param("gzip", 100, "gzip", id="gzip"),
        pytest.param("gzip", 99, None, id="small"),
        pytest.param("gzip, deflate, br", 100_000, "gzip", id="a browser"),
        pytest.param("deflate;q=0.5,gzip;q=1.0", 100, "gzip", id="quality"),
        pytest.param("deflate,gzip", 100, "deflate", id="the first"),
        pytest.param("br;q=1,gzip;q=0.5", 100, None, id="an unknown one is preferred"),
        pytest.param("gzip;q=0", 100, None, id="not wanted"),
        pytest.param("gzip;q=x", 100, None, id="broken quality"),
        pytest.param("identity", 100, None, id="identity"),
        pytest.param("*", 100, None, id="any"),
        pytest.param(None, 100, None, id="no header"),
    ],
)
async def test_compressed_responses(accept: str | None, size: int, coding: str | None) -> None:
    """An API with a least size compresses what its clients explicitly accept."""
    route = function_route("/items/{id}")
    served = Served(
        rest_api(route, minimum_compression_bytes=100), lambda _event: {"body": "x" * size}
    )
    headers = (("Host", "h"), *([("Accept-Encoding", accept)] if accept else []))
    response = await served.ask(headers=headers)
    assert headers_of(response).get("content-encoding") == coding
    body = zlib.decompress(response.body, wbits=47) if coding else response.body
    assert body == b"x" * size


async def test_responses_that_are_not_compressed() -> None:
    """A response that has a coding, and one of an API without a least size, stay as they are."""
    headers = (("Host", "h"), ("Accept-Encoding", "gzip"))
    coded = {"body": "x", "headers": {"content-encoding": "br"}}
    route = function_route("/items/{id}")
    served = Served(rest_api(route, minimum_compression_bytes=0), lambda _event: coded)
    assert (await served.ask(headers=headers)).body == b"x"
    served = Served(rest_api(route), lambda _event: {"body": "x"})
    assert (await served.ask(headers=headers)).body == b"x"
