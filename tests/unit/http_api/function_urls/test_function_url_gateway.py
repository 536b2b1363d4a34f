"""A function URL: its events, the responses for results of all kinds, CORS, callers and streams."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError, ThrottledError
from samlocal.http_api.function_urls.gateway import MAX_BODY_BYTES, FunctionUrlGateway
from samlocal.http_prelude import HTTP_INTEGRATION_RESPONSE
from samlocal.invocation import MAX_PAYLOAD_BYTES, FunctionError
from samlocal.project.apis import (
    Api,
    ApiKind,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    Route,
    UnsupportedIntegration,
)
from tests.unit.http_api.gateway_fakes import (
    ACCOUNT_ID,
    PLACE,
    REQUEST_ID,
    TRACE_HEADER,
    FakeFunctions,
    FakeWriter,
    headers_of,
    http_request,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.http_api.exchange import HttpRequest, HttpResponse
    from samlocal.project.apis import Integration

HOST: Final = "abcdefghij.lambda-url.us-west-2.on.aws"
FAILED: Final = (502, b"Internal Server Error")
ORIGIN: Final = ("Origin", "https://example.com")
NULS: Final = bytes(8)


class Setting:
    """The gateway of a URL, and what it said."""

    def __init__(
        self,
        functions: FakeFunctions | None = None,
        *,
        streams: bool = False,
        integration: Integration | None = None,
        **api: Any,  # noqa: ANN401  # members of an API
    ) -> None:
        self.functions = functions or FakeFunctions(lambda _: {"statusCode": 200})
        self.said: list[Diagnostic] = []
        target = FunctionTarget(function="Pages")
        integration = integration or FunctionIntegration(
            target=target, payload="2.0", timeout_ms=900_000, streams=streams
        )
        self.gateway = FunctionUrlGateway(
            Api(
                kind=ApiKind.FUNCTION_URL,
                full_path="Pages",
                identifier="abcdefghij",
                stage="$default",
                routes=(Route(method="ANY", path="$default", integration=integration),),
                **api,
            ),
            self.functions,
            report=self.said.append,
        )
        self.writer = FakeWriter()

    async def answer(self, request: HttpRequest) -> HttpResponse:
        response = await self.gateway.answer(request, self.writer)
        assert response is not None
        assert not self.writer.status
        return response

    async def stream(self, request: HttpRequest | None = None) -> FakeWriter:
        assert await self.gateway.answer(request or http_request(), self.writer) is None
        return self.writer


async def test_event_as_recorded() -> None:
    """The event has the values of one that AWS sent for the same request.

    https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/functionurl-request.json
    """
    setting = Setting()
    body = '{"message":"hello from the public internet","unicode":"lambda-λ"}'
    query = (
        "repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b"
        "&encodedPlus=a%2Bb&empty="
    )
    request = http_request(
        "POST",
        f"/capture/space%20value?{query}",
        ("User-Agent", "curl/8.7.1"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Cookie", "session=abc123; theme=dark"),
        ("X-Voker-Probe", "first"),
        ("X-Voker-Probe", "second"),
        ("X-Forwarded-For", "198.51.100.7"),
        body=body.encode(),
        host=HOST,
    )
    await setting.answer(request)
    assert setting.functions.event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/capture/space%20value",
        "rawQueryString": query,
        "cookies": ["session=abc123", "theme=dark"],
        "headers": {
            "accept": "*/*",
            "content-length": "66",
            "content-type": "application/json",
            "cookie": "session=abc123; theme=dark",
            "host": HOST,
            "user-agent": "curl/8.7.1",
            "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
            "x-amzn-tls-version": "TLSv1.3",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-voker-probe": "first,second",
        },
        "queryStringParameters": {
            "empty": "",
            "encodedPlus": "a+b",
            "literalPlus": "a b",
            "redirect": "https://example.com/a/b",
            "repeat": "one,two",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghij",
            "domainName": HOST,
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/capture/space value",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "curl/8.7.1",
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1584039838390,
        },
        "body": body,
        "isBase64Encoded": False,
    }


async def test_invocation() -> None:
    """The request's id is the invocation's, and the client gets it."""
    setting = Setting()
    headers = headers_of(await setting.answer(http_request()))
    assert setting.functions.calls[0].request_id == headers["x-amzn-requestid"] == REQUEST_ID
    assert setting.functions.calls[0].trace_id == headers["x-amzn-trace-id"] == TRACE_HEADER
    assert "content-length" not in setting.functions.event["headers"]


SIGNATURE: Final = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request,"
    " SignedHeaders=host;x-amz-date, Signature=5d672d79"
)


@pytest.mark.parametrize(
    ("request_", "access_key"),
    [
        (http_request("GET", "/", ("Authorization", SIGNATURE)), "AKIDEXAMPLE"),
        (
            http_request("GET", "/?X-Amz-Credential=ASIDEXAMPLE%2F20150830%2Fus-east-1&a=b"),
            "ASIDEXAMPLE",
        ),
        (http_request(), None),
    ],
)
async def test_caller(request_: HttpRequest, access_key: str | None) -> None:
    """With `AWS_IAM` the event says who has signed; all are let in, and the signature is not passed on."""
    setting = Setting(takes_any_caller=False)
    await setting.answer(request_)
    context = setting.functions.event["requestContext"]
    assert context["accountId"] == ACCOUNT_ID
    assert context["authorizer"]["iam"] == {
        "accessKey": access_key,
        "accountId": ACCOUNT_ID,
        "callerId": ACCOUNT_ID,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{ACCOUNT_ID}:root",
        "userId": ACCOUNT_ID,
    }
    assert "authorization" not in setting.functions.event["headers"]


async def test_tokens_are_passed_on() -> None:
    """An `Authorization` that is no signature is the function's."""
    for takes_any_caller in (True, False):
        setting = Setting(takes_any_caller=takes_any_caller)
        await setting.answer(http_request("GET", "/", ("Authorization", "Bearer x")))
        assert setting.functions.event["headers"]["authorization"] == "Bearer x"


# Most of them recorded at AWS, in tests/aws/services/lambda_/test_lambda.snapshot.json of
# https://github.com/localstack/localstack
@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        pytest.param({"statusCode": 200, "body": "body123"}, 200, b"body123", id="http-response"),
        pytest.param({"statusCode": "418"}, 418, b"", id="text status"),
        pytest.param(
            {"statusCode": 200, "body": '{"hello": "world"}'},
            200,
            b'{"hello": "world"}',
            id="http-response-json",
        ),
        pytest.param({"hello": "world"}, 200, b'{"hello":"world"}', id="dict"),
        pytest.param(["hello", 3, True], 200, b'["hello",3,true]', id="list-mixed"),
        pytest.param("hello", 200, b"hello", id="string"),
        pytest.param("", 200, b"", id="empty string"),
        pytest.param("ü", 200, "ü".encode(), id="text that is not ASCII"),
        pytest.param(3, 200, b"3", id="integer"),
        pytest.param(3.1, 200, b"3.1", id="float"),
        pytest.param(True, 200, b"true", id="boolean"),
        pytest.param(None, 200, b"null", id="null"),
        pytest.param(
            {"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": True},
            200,
            b"\x89PNG",
            id="base64",
        ),
        pytest.param(
            {"headers": {"a": "b"}, "body": "x"},
            200,
            b'{"headers":{"a":"b"},"body":"x"}',
            id="no status",
        ),
    ],
)
async def test_results(result: object, status: int, body: bytes) -> None:
    """A result with `statusCode` is a response, any other one the body, written anew."""
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["content-type"] == "application/json"
    assert not setting.said


async def test_headers_and_cookies() -> None:
    """The function's headers and cookies are sent as they are."""
    result = {
        "statusCode": 200,
        "headers": {"content-type": "text/html", "X-A": "b"},
        "cookies": ["a=1", "b=2; Secure"],
    }
    response = await Setting(FakeFunctions(lambda _: result)).answer(http_request())
    assert list(response.headers) == [
        ("content-type", "text/html"),
        ("X-A", "b"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2; Secure"),
        ("x-amzn-RequestId", REQUEST_ID),
        ("X-Amzn-Trace-Id", TRACE_HEADER),
    ]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        pytest.param(b"no JSON", "the result is not JSON", id="no JSON"),
        pytest.param({"statusCode": "x"}, "`statusCode` is not a number", id="status"),
        pytest.param({"statusCode": 200, "body": {"a": 1}}, "`body` is not text", id="body"),
        pytest.param({"statusCode": 200, "headers": "x"}, "`headers` is not", id="headers"),
        pytest.param({"statusCode": 200, "cookies": {}}, "`cookies` is not", id="cookies"),
    ],
)
async def test_wrong_results(result: object, said: str) -> None:
    """The client gets a 502, and the terminal the reason."""
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request())
    assert (response.status, response.body) == FAILED
    assert setting.said[0].message.startswith("GET /: the result of `Pages` is not a response: ")
    assert said in setting.said[0].message


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("failure", "status", "body", "said"),
    [
        pytest.param(
            FunctionError(type="KeyError", message="'a'"), *FAILED, "KeyError: 'a'", id="error"
        ),
        pytest.param(
            FunctionError(type="Sandbox.Timedout", message=""), *FAILED, "Timedout", id="timeout"
        ),
        pytest.param(SamlocalError("no image"), *FAILED, "cannot run: no image", id="no sandbox"),
        pytest.param(
            ThrottledError("Rate Exceeded.", reason="R"),
            429,
            b'{"Message":"Rate Exceeded."}',
            "is throttled",
            id="throttled",
        ),
    ],
)
async def test_failures(
    failure: object, status: int, body: bytes, said: str, *, streams: bool
) -> None:
    """A function without a result is a 502, and one without concurrency a 429, before a stream has begun."""
    setting = Setting(FakeFunctions(lambda _: failure, chunks=[]), streams=streams)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["x-amzn-requestid"] == REQUEST_ID
    assert said in setting.said[0].message


async def test_large_bodies() -> None:
    """A body or an event that Lambda does not take is a 413."""
    setting = Setting()
    for size in (MAX_BODY_BYTES + 1, MAX_BODY_BYTES):
        response = await setting.answer(http_request("PUT", "/", body=b"x" * size))
        assert response.status == 413
        assert headers_of(response)["x-amzn-errortype"] == "RequestEntityTooLargeException"
    assert not setting.functions.calls


async def test_unsupported_integration() -> None:
    """A URL whose function cannot be found says so."""
    diagnostic = Diagnostic(message="`TargetFunctionArn` cannot be resolved", place=PLACE)
    setting = Setting(integration=UnsupportedIntegration(diagnostic=diagnostic))
    response = await setting.answer(http_request())
    assert (response.status, json.loads(response.body)) == (501, {"Message": diagnostic.message})
    assert setting.said == [diagnostic]


CORS: Final = Cors(
    origins=("https://example.com", "*"),
    methods=("GET",),
    headers=("x-a",),
    exposed_headers=("x-b",),
    allows_credentials=True,
    max_age_seconds=60,
)


async def test_preflight() -> None:
    """The URL answers a preflight, and the function does not run."""
    setting = Setting(cors=CORS)
    request = http_request("OPTIONS", "/", ORIGIN, ("Access-Control-Request-Method", "GET"))
    response = await setting.answer(request)
    found = headers_of(response)
    assert (response.status, response.body) == (200, b"")
    assert {name: value for name, value in found.items() if name.startswith("access")} == {
        "access-control-allow-origin": "https://example.com",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
    }
    assert not setting.functions.calls


async def test_cors_headers_come_besides_those_of_the_function() -> None:
    """Both arrive, as in AWS, where browsers then refuse the response."""
    result = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}
    setting = Setting(FakeFunctions(lambda _: result), cors=CORS)
    response = await setting.answer(http_request("GET", "/", ORIGIN))
    origins = [
        value for name, value in response.headers if name.lower() == "access-control-allow-origin"
    ]
    assert origins == ["*", "https://example.com"]


async def test_no_cors_configuration() -> None:
    """Without a configuration, the function answers preflights."""
    setting = Setting()
    request = http_request("OPTIONS", "/", ORIGIN, ("Access-Control-Request-Method", "GET"))
    await setting.answer(request)
    assert setting.functions.event["requestContext"]["http"]["method"] == "OPTIONS"


def streaming(
    *chunks: bytes,
    content_type: str = HTTP_INTEGRATION_RESPONSE,
    error: FunctionError | None = None,
) -> FakeFunctions:
    """Return a function that streams."""
    return FakeFunctions(chunks=chunks, content_type=content_type, error=error)


def prelude(**metadata: object) -> bytes:
    """Return the metadata of a streamed response, with its end."""
    return json.dumps(metadata).encode() + NULS


async def test_stream_without_prelude() -> None:
    """The response begins at once, with the function's content type, and each part is sent as it comes."""
    setting = Setting(streaming(b"a", b"b", content_type="text/event-stream"), streams=True)
    writer = await setting.stream()
    assert (writer.status, writer.seen, writer.end_of_body) == (200, [b"a", b"b"], "complete")
    assert headers_of(writer) == {
        "content-type": "text/event-stream",
        "x-amzn-requestid": REQUEST_ID,
        "x-amzn-trace-id": TRACE_HEADER,
    }
    assert not setting.said


@pytest.mark.parametrize(
    "cut", [1, 30, 60, None], ids=["first byte", "in the middle", "later", "with the body"]
)
async def test_stream_with_prelude(cut: int | None) -> None:
    """Status, headers and cookies are those of the prelude, however it is cut."""
    metadata = prelude(statusCode=201, headers={"Content-Type": "text/html"}, cookies=["a=b", "c"])
    whole = metadata + b"first"
    chunks = [whole] if cut is None else [whole[:cut], whole[cut:]]
    setting = Setting(streaming(*chunks, b"second"), streams=True, cors=CORS)
    writer = await setting.stream(http_request("GET", "/", ORIGIN))
    assert (writer.status, b"".join(writer.seen)) == (201, b"firstsecond")
    assert writer.headers[:3] == [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "a=b"),
        ("Set-Cookie", "c"),
    ]
    assert ("access-control-allow-origin", "https://example.com") in writer.headers
    assert writer.end_of_body == "complete"


async def test_prelude_alone() -> None:
    """A response may have no body, and its metadata may be empty."""
    writer = await Setting(streaming(prelude()), streams=True).stream()
    assert (writer.status, writer.seen, writer.end_of_body) == (200, [], "complete")
    assert headers_of(writer)["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        pytest.param([b"no metadata"], "ends before the eight NUL bytes", id="no end"),
        pytest.param([b"x" * 20_000, b"y"], "longer than 16 KB", id="too long"),
        pytest.param([b"[]" + NULS, b"x"], "not a JSON object", id="list"),
        pytest.param([prelude(statusCode="x"), b"x"], "`statusCode` is not", id="status"),
        pytest.param([prelude(headers=7)], "`headers` is not an object", id="headers"),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
async def test_wrong_preludes(chunks: Sequence[bytes], said: str, *, streams: bool) -> None:
    """A promised prelude that cannot be read is a 502."""
    setting = Setting(streaming(*chunks), streams=streams)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == FAILED
    assert said in setting.said[0].message


async def test_error_in_the_middle_of_a_stream() -> None:
    """The client sees an incomplete body, and the terminal why."""
    error = FunctionError(type="Error", message="broken")
    functions = streaming(prelude(statusCode=200), b"begun", error=error)
    setting = Setting(functions, streams=True)
    writer = await setting.stream()
    assert (writer.status, writer.seen, writer.end_of_body) == (200, [b"begun"], "broken off")
    assert setting.said[0].message == (
        "GET /: `Pages` has failed: Error: broken; the response is incomplete"
    )


async def test_error_before_the_end_of_the_prelude() -> None:
    """Nothing has been sent, so it is a 502."""
    setting = Setting(streaming(b"{", error=FunctionError(type="E", message="m")), streams=True)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == FAILED


async def test_error_before_the_first_part() -> None:
    """A runtime may begin a stream before its handler fails; it is a 502 then, too."""
    error = FunctionError(type="E", message="m")
    setting = Setting(streaming(content_type="text/plain", error=error), streams=True)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == FAILED


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/plain", "text/plain"),
        (HTTP_INTEGRATION_RESPONSE, "application/octet-stream"),
    ],
)
async def test_empty_stream(content_type: str, expected: str) -> None:
    """A handler may end its stream without a part, and then without the prelude that it would begin with.

    https://github.com/middyjs/middy/issues/1189
    """
    writer = await Setting(streaming(content_type=content_type), streams=True).stream()
    assert (writer.status, writer.seen, writer.end_of_body) == (200, [], "complete")
    assert headers_of(writer)["content-type"] == expected
    whole = await Setting(streaming(content_type=content_type)).answer(http_request())
    assert (whole.status, whole.body) == (200, b"")
    assert headers_of(whole)["content-type"] == expected


async def test_handler_that_does_not_stream() -> None:
    """With `RESPONSE_STREAM` the result of an ordinary handler is the body, and the terminal warns of that."""
    setting = Setting(FakeFunctions(lambda _: {"statusCode": 404, "body": "x"}), streams=True)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (200, b'{"statusCode": 404, "body": "x"}')
    assert "does not stream" in setting.said[0].message
    assert setting.said[0].hint is not None


async def test_streaming_handler_behind_a_buffered_url() -> None:
    """It is one response, with the status of the prelude."""
    functions = streaming(prelude(statusCode=418, cookies=["a=b"]), b"tea", b"pot")
    response = await Setting(functions).answer(http_request())
    assert (response.status, response.body) == (418, b"teapot")
    assert ("Set-Cookie", "a=b") in response.headers
    plain = await Setting(streaming(b"a", b"b", content_type="text/plain")).answer(http_request())
    assert (plain.status, plain.body) == (200, b"ab")
    assert headers_of(plain)["content-type"] == "text/plain"


async def test_size_of_a_buffered_response() -> None:
    """A streaming handler may send no more than others behind a buffered URL."""
    functions = streaming(b"x" * (MAX_PAYLOAD_BYTES + 1), content_type="text/plain")
    setting = Setting(functions)
    assert (await setting.answer(http_request())).status == 502
    assert "Function.ResponseSizeTooLarge" in setting.said[0].message


class SlowClient(FakeWriter):
    """A client that reads nothing."""

    async def write(self, chunk: bytes) -> None:
        await asyncio.sleep(60)
        await super().write(chunk)


async def test_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the function's timeout nobody waits for its client."""
    monkeypatch.setattr("samlocal.http_api.function_urls.gateway._GRACE_SECONDS", -2.99)
    setting = Setting(streaming(b"a", content_type="text/plain"), streams=True)
    setting.writer = SlowClient()
    writer = await setting.stream()
    assert writer.end_of_body == "broken off"
    assert "the client does not read the response" in setting.said[0].message
