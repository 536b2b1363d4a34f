"""The Runtime API from a runtime's side, over real connections."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from samlocal.invocation import MAX_PAYLOAD_BYTES, MAX_STREAMED_PAYLOAD_BYTES, FunctionError
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.runtime import RuntimeApi
from samlocal.runtime_api.runtime_routes import runtime_routes
from tests.functional.execution.fakes import configuration, invocation
from tests.functional.runtime_api.client import API, DEADLINE_MS, Api, served

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from samlocal.runtime_api.http_messages import Request, Response

NEXT = f"{API}/runtime/invocation/next"
RESPONSE = f"{API}/runtime/invocation/id-1/response"
ERROR = f"{API}/runtime/invocation/id-1/error"
INIT_ERROR = f"{API}/runtime/init/error"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
STREAMING = {"Lambda-Runtime-Function-Response-Mode": "streaming"}


async def test_next_waits_for_an_invocation(api: Api) -> None:
    """`next` is answered when there is work, and not before."""
    asking = asyncio.create_task(api.call("GET", NEXT))
    await api.runtime.initialised
    assert not asking.done()

    api.deliver(payload=b'{"message": "hey"}')

    assert (await asking).body == b'{"message": "hey"}'


async def test_next_has_the_headers_of_the_invocation(api: Api) -> None:
    """The headers of `next` are those of the Runtime API's documentation."""
    api.deliver()

    headers = (await api.call("GET", NEXT)).headers

    assert headers["lambda-runtime-aws-request-id"] == "id-1"
    assert headers["lambda-runtime-deadline-ms"] == str(DEADLINE_MS)
    assert headers["lambda-runtime-invoked-function-arn"].endswith(":function:Ratings")
    assert headers["lambda-runtime-trace-id"].startswith("Root=1-")
    assert headers["content-type"] == "application/json"
    assert "lambda-runtime-client-context" not in headers
    assert "lambda-runtime-cognito-identity" not in headers
    assert "lambda-runtime-aws-tenant-id" not in headers


async def test_next_has_client_context_and_identity(api: Api) -> None:
    """A mobile app's context and identity are in headers of their own."""
    wanted = replace(invocation(), client_context='{"a": 1}', cognito_identity='{"b": 2}')
    api.runtime.deliver(wanted, deadline_ms=DEADLINE_MS)

    headers = (await api.call("GET", NEXT)).headers

    assert headers["lambda-runtime-client-context"] == '{"a": 1}'
    assert headers["lambda-runtime-cognito-identity"] == '{"b": 2}'


async def test_next_has_the_tenant(api: Api) -> None:
    """The tenant of a function with tenant isolation is in a header of its own."""
    api.runtime.deliver(replace(invocation(), tenant_id="blue"), deadline_ms=DEADLINE_MS)
    headers = (await api.call("GET", NEXT)).headers
    assert headers["lambda-runtime-aws-tenant-id"] == "blue"


async def test_names_may_have_any_letters(api: Api) -> None:
    """A name that Lambda would refuse at deployment reaches the runtime."""
    wanted = replace(invocation(), function_arn="arn:aws:lambda:::function:süß")
    api.runtime.deliver(wanted, deadline_ms=DEADLINE_MS)

    arn = (await api.call("GET", NEXT)).headers["lambda-runtime-invoked-function-arn"]

    assert arn.encode("latin-1").decode() == wanted.function_arn


async def test_response_is_kept_byte_for_byte(api: Api) -> None:
    """What the runtime posts is the result, whatever bytes it has."""
    exchange = await api.fetch()
    payload = bytes(range(256)) + b' {"not":   "touched"}\r\n'

    reply = await api.call("POST", RESPONSE, payload)

    assert (reply.status, json.loads(reply.body)) == (202, {"status": "OK"})
    assert exchange.answer.result().payload == payload
    assert exchange.answer.result().error is None


async def test_invocation_is_finished_when_the_runtime_asks_for_the_next(api: Api) -> None:
    """An invocation is finished when the runtime calls `next` again, not with its response."""
    exchange = await api.fetch()
    await api.call("POST", RESPONSE, b"1")
    assert not exchange.finished.done()

    following = asyncio.create_task(api.call("GET", NEXT))
    await exchange.finished
    api.deliver("id-2")

    assert (await following).headers["lambda-runtime-aws-request-id"] == "id-2"


async def test_next_is_repeatable_until_the_event_is_answered(api: Api) -> None:
    """A runtime that lost the response to `next` gets the same event again."""
    await api.fetch()

    again = await api.call("GET", NEXT)

    assert again.headers["lambda-runtime-aws-request-id"] == "id-1"


async def test_invocation_begins_when_the_runtime_has_it(api: Api) -> None:
    """An invocation begins when the runtime receives it, and not again with a repeated `next`."""
    exchange = api.deliver()
    delivered = time.monotonic()
    await api.call("GET", NEXT)
    begun = exchange.begun
    assert begun >= delivered

    await api.call("GET", NEXT)

    assert exchange.begun == begun


async def test_runtime_waits_until_it_has_an_invocation(api: Api) -> None:
    """A runtime is waiting from its call of `next` until it gets an invocation."""
    waits = [api.runtime.is_waiting]
    following = asyncio.create_task(api.call("GET", NEXT))
    await api.runtime.initialised
    waits.append(api.runtime.is_waiting)
    api.deliver()
    await following
    waits.append(api.runtime.is_waiting)
    assert waits == [False, True, False]


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [
        pytest.param({}, "application/octet-stream", id="none"),
        pytest.param({"Content-Type": "text/html"}, "text/html", id="its own"),
    ],
)
async def test_content_type_of_a_response(
    api: Api, headers: dict[str, str], content_type: str
) -> None:
    """The content type is the runtime's, by default that of binary data."""
    exchange = await api.fetch()

    await api.call("POST", RESPONSE, b"1", headers)

    assert exchange.answer.result().content_type == content_type


async def test_a_waiting_client_that_disconnects_loses_nothing(api: Api) -> None:
    """An invocation goes to the connected runtime, not to a closed connection."""
    await api.hang_up_after(f"GET {NEXT} HTTP/1.1\r\nHost: api\r\n\r\n".encode())

    await api.fetch()


async def test_call_that_is_late_gets_the_invocation_after(api: Api) -> None:
    """A second call of `next`, which goes on after the first one's invocation is answered, gets another one."""
    request = cast("Request", None)  # it reads none
    late: Coroutine[Any, None, Response] = api.runtime.next_invocation(request)
    late.send(None)  # until it waits
    exchange = await api.fetch("id-1")
    await api.call("POST", RESPONSE, b"1")
    following = asyncio.create_task(api.call("GET", NEXT))
    await exchange.finished

    waking = asyncio.create_task(late)
    api.deliver("id-2")
    assert (await following).headers["lambda-runtime-aws-request-id"] == "id-2"
    assert (await waking).headers["Lambda-Runtime-Aws-Request-Id"] == "id-2"


async def test_error_is_the_answer(api: Api) -> None:
    """An error of the function is the answer as it was posted, and its fields are read."""
    exchange = await api.fetch()
    body = b'{"errorMessage": "no stars", "errorType": "ValueError", "stackTrace": []}'

    reply = await api.call("POST", ERROR, body)

    assert reply.status == 202
    assert exchange.answer.result().payload == body
    assert exchange.answer.result().error == FunctionError(type="ValueError", message="no stars")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"", "Function.Odd", id="empty"),
        pytest.param(b"no JSON", "Function.Odd", id="text"),
        pytest.param(b"[1]", "Function.Odd", id="not an object"),
        pytest.param(b"\xff", "Function.Odd", id="not text"),
        pytest.param(b"[" * 200_000, "Function.Odd", id="nested without end"),
        pytest.param(b'{"errorType": "Mine"}', "Mine", id="type in the body"),
    ],
)
async def test_error_of_any_shape_is_an_error(api: Api, body: bytes, kind: str) -> None:
    """A body that is not an error object is accepted, with the error type of the header."""
    exchange = await api.fetch()

    await api.call("POST", ERROR, body, {"Lambda-Runtime-Function-Error-Type": "Function.Odd"})

    error = exchange.answer.result().error
    assert error is not None
    assert error.type == kind
    assert exchange.answer.result().payload


async def test_empty_error(api: Api) -> None:
    """An empty error has a default type and no message."""
    exchange = await api.fetch()

    await api.call("POST", ERROR, b"{}")

    assert exchange.answer.result().error == FunctionError(type="Runtime.Unknown", message="")


async def test_error_over_the_limit(api: Api) -> None:
    """The part of an error over the payload limit is read and dropped, so that the runtime goes on."""
    exchange = await api.fetch()

    reply = await api.call("POST", ERROR, b"x" * (3 * MAX_PAYLOAD_BYTES))

    assert reply.status == 202
    assert MAX_PAYLOAD_BYTES < len(exchange.answer.result().payload) < 2 * MAX_PAYLOAD_BYTES


async def test_init_error_ends_the_runtime(api: Api) -> None:
    """After `init/error` the runtime may not call `next`."""
    body = b'{"errorMessage": "No module named app", "errorType": "Runtime.ImportModuleError"}'

    reply = await api.call("POST", INIT_ERROR, body)

    assert reply.status == 202
    failure = api.runtime.initialised.result().failure
    assert failure is not None
    assert failure.payload == body
    assert (await api.call("GET", NEXT)).status == 403


async def test_init_error_after_init_is_refused(api: Api) -> None:
    """`init/error` is refused after a call of `next`."""
    await api.fetch()

    reply = await api.call("POST", INIT_ERROR, b"{}")

    assert reply.status == 403
    assert json.loads(reply.body) == {
        "errorMessage": "State transition from Running to InitError failed for runtime."
        " Error: State transition is not allowed",
        "errorType": "InvalidStateTransition",
    }


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
async def test_second_answer_is_refused(api: Api, path: str) -> None:
    """A second answer to an invocation is refused."""
    exchange = await api.fetch()
    await api.call("POST", RESPONSE, b"first")

    reply = await api.call("POST", path, b"second")

    assert (reply.status, json.loads(reply.body)["errorType"]) == (403, "InvalidStateTransition")
    assert exchange.answer.result().payload == b"first"


async def test_empty_response_mode_is_buffered(api: Api) -> None:
    """A response mode without a value is none."""
    exchange = await api.fetch()

    reply = await api.call("POST", RESPONSE, b"1", {"Lambda-Runtime-Function-Response-Mode": ""})

    assert (reply.status, exchange.mode) == (202, "buffered")


@pytest.mark.parametrize("action", ["response", "error"])
async def test_unknown_request_id_is_refused(api: Api, action: str) -> None:
    """An answer must name the current invocation."""
    exchange = await api.fetch()

    reply = await api.call("POST", f"{API}/runtime/invocation/id-2/{action}", b"{}")

    assert (reply.status, json.loads(reply.body)["errorType"]) == (400, "InvalidRequestID")
    assert not exchange.answer.done()


async def test_response_before_any_invocation_is_refused(api: Api) -> None:
    """An answer before any invocation is refused."""
    assert (await api.call("POST", RESPONSE, b"{}")).status == 400


async def test_largest_response_is_taken(api: Api) -> None:
    """A response of exactly the limit is a result."""
    exchange = await api.fetch()

    reply = await api.call("POST", RESPONSE, b"x" * MAX_PAYLOAD_BYTES)

    assert reply.status == 202
    assert len(exchange.answer.result().payload) == MAX_PAYLOAD_BYTES


async def test_response_over_the_limit_is_an_error(api: Api) -> None:
    """A response one byte over the limit is `Function.ResponseSizeTooLarge`, and the runtime gets an error."""
    exchange = await api.fetch()

    reply = await api.call("POST", RESPONSE, b"x" * (MAX_PAYLOAD_BYTES + 1))

    assert (reply.status, json.loads(reply.body)["errorType"]) == (413, "RequestEntityTooLarge")
    assert json.loads(exchange.answer.result().payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size"
        " (6291556 bytes).",
    }


async def test_streamed_response_may_be_larger(api: Api) -> None:
    """A streamed response has a separate limit of 200 MB."""
    exchange = await api.fetch()

    await api.call("POST", RESPONSE, b"x" * (MAX_PAYLOAD_BYTES + 1), STREAMING)

    assert len(exchange.answer.result().payload) == MAX_PAYLOAD_BYTES + 1
    assert MAX_STREAMED_PAYLOAD_BYTES == 200 * 1024 * 1024


async def test_error_midstream_comes_in_the_trailers(api: Api) -> None:
    """A streamed response that ends in an error is an error, whatever was sent before."""
    exchange = await api.fetch()
    error = json.dumps({"errorType": "Midstream", "errorMessage": "broke"}).encode()
    head = (
        f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
    )
    trailers = (
        "Lambda-Runtime-Function-Error-Type: Midstream\r\n"
        f"Lambda-Runtime-Function-Error-Body: {base64.b64encode(error).decode()}\r\n\r\n"
    )

    received = await api.raw(head.encode(), b"4\r\nhalf\r\n", b"0\r\n" + trailers.encode())

    assert received.startswith(b"HTTP/1.1 202")
    assert exchange.answer.result().payload == error
    assert exchange.answer.result().error == FunctionError(type="Midstream", message="broke")


@pytest.mark.parametrize(
    ("trailer", "payload"),
    [
        pytest.param("", b'{"errorType": "Midstream", "errorMessage": ""}', id="none"),
        pytest.param(f"{_ERROR_BODY}: caf\xe9\r\n", b"caf\xe9", id="not base64"),
        pytest.param(f"{_ERROR_BODY}: YWJj*\r\n", b"YWJj*", id="not base64 as a whole"),
    ],
)
async def test_error_midstream_of_any_shape(api: Api, trailer: str, payload: bytes) -> None:
    """A midstream error keeps a missing or malformed body as it is, with its type."""
    exchange = await api.fetch()
    head = f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    trailers = f"Lambda-Runtime-Function-Error-Type: Midstream\r\n{trailer}\r\n"

    received = await api.raw(f"{head}\r\n0\r\n{trailers}".encode("latin-1"))

    assert received.startswith(b"HTTP/1.1 202")
    answer = exchange.answer.result()
    assert answer.payload == payload
    assert answer.error == FunctionError(type="Midstream", message="")


async def test_long_trailer_in_pieces_is_read(api: Api) -> None:
    """A stack trace in a trailer may be long, and arrive bit by bit."""
    exchange = await api.fetch()
    error = json.dumps({"errorType": "Deep", "errorMessage": "x" * 100_000}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
        "0\r\nLambda-Runtime-Function-Error-Type: Deep\r\n"
        "Lambda-Runtime-Function-Error-Body: ".encode()
    )
    encoded = base64.b64encode(error) + b"\r\n\r\n"
    for start in range(0, len(encoded), 8192):
        writer.write(encoded[start : start + 8192])
        await writer.drain()
        await asyncio.sleep(0.001)

    assert (await reader.read()).startswith(b"HTTP/1.1 202")
    assert exchange.answer.result().payload == error
    writer.close()
    await writer.wait_closed()


async def test_body_that_is_not_http_is_an_error(api: Api) -> None:
    """A response that becomes invalid HTTP ends the invocation, not only the connection."""
    exchange = await api.fetch()
    head = f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n"

    received = await api.raw(head.encode(), b"4\r\nhalf\r\n", b"no chunk\r\n")

    assert received.startswith(b"HTTP/1.1 400")
    error = (await exchange.answer).error
    assert error is not None
    assert error.type == "Runtime.TruncatedResponse"


async def test_unknown_response_mode_is_refused(api: Api) -> None:
    """An unknown response mode is the runtime's error."""
    exchange = await api.fetch()

    reply = await api.call(
        "POST", RESPONSE, b"{}", {"Lambda-Runtime-Function-Response-Mode": "fast"}
    )

    assert (reply.status, json.loads(reply.body)["errorType"]) == (
        400,
        "InvalidFunctionResponseMode",
    )
    error = exchange.answer.result().error
    assert error is not None
    assert error.type == "Runtime.InvalidResponseModeHeader"


async def test_truncated_response_is_an_error(api: Api) -> None:
    """A connection that breaks within a response is an error, not a partial result."""
    exchange = await api.fetch()
    head = f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nContent-Length: 100\r\n\r\n"

    await api.hang_up_after(head.encode(), b"only this")

    error = (await exchange.answer).error
    assert error is not None
    assert error.type == "Runtime.TruncatedResponse"


async def test_expect_continue_is_answered(api: Api) -> None:
    """`Expect: 100-continue` is answered, which curl would await for a second."""
    exchange = await api.fetch()
    head = f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"

    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"{head}Connection: close\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 100")
    writer.write(b"{}")

    assert b"HTTP/1.1 202" in await reader.read()
    assert exchange.answer.result().payload == b"{}"
    writer.close()
    await writer.wait_closed()


async def test_requests_of_one_connection_are_answered_in_turn(api: Api) -> None:
    """A connection is kept: runtimes use one for all their calls."""
    exchange = await api.fetch()
    response = f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nContent-Length: 1\r\n\r\n1"
    ping = f"GET {API}/ping HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"

    received = await api.raw((response + ping).encode())

    assert exchange.answer.result().payload == b"1"
    assert received.count(b"HTTP/1.1 202") == 1
    assert received.endswith(b"pong")


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type"),
    [
        pytest.param("GET", f"{API}/ping", 200, "text/plain", id="ping"),
        pytest.param("GET", "/", 404, "text/plain", id="root"),
        pytest.param("GET", f"{API}/runtime", 404, "text/plain", id="unknown"),
        pytest.param("GET", "/2018-06-02/ping", 404, "application/json", id="of Lambda's API"),
        pytest.param("GET", "/2015-03-31", 404, "text/plain", id="without an operation"),
        pytest.param("POST", NEXT, 405, None, id="wrong method"),
        pytest.param("GET", RESPONSE, 405, None, id="wrong method of a route with an id"),
        pytest.param("POST", ERROR, 400, "application/json", id="no such invocation"),
    ],
)
async def test_other_calls_are_refused(
    api: Api, method: str, path: str, status: int, content_type: str | None
) -> None:
    """An unknown path is not found, and a wrong method is not allowed."""
    reply = await api.call(method, path)
    assert (reply.status, reply.headers.get("content-type")) == (status, content_type)


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("POST", NEXT, "GET"), ("DELETE", RESPONSE, "POST")]
)
async def test_wrong_method_names_the_right_one(
    api: Api, method: str, path: str, allowed: str
) -> None:
    """The answer to a wrong method has the one that is allowed."""
    assert (await api.call(method, path)).headers["allow"] == allowed


async def test_calls_go_to_the_apis_of_the_current_processes() -> None:
    """After the processes are started again, the same server dispatches calls to their APIs."""
    lives = [SandboxApis(configuration()), SandboxApis(configuration())]
    async with served(Router(lambda: lives[0])) as port:
        await Api(apis=lives[0], port=port).call("POST", INIT_ERROR, b"{}")
        lives.reverse()
        await Api(apis=lives[0], port=port).fetch()

    assert lives[1].runtime.initialised.result().failure
    assert not lives[0].runtime.initialised.result().failure


async def test_malformed_request_is_refused(api: Api) -> None:
    """Bytes that are not HTTP get an HTTP error, and the server goes on."""
    received = await api.raw(b"\x00\x01 nonsense\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 400")
    assert (await api.call("GET", f"{API}/ping")).body == b"pong"


async def test_strangers_are_not_served() -> None:
    """A peer that is not the sandbox gets no answer at all."""

    async def admit_nobody(_host: str, _port: int) -> bool:
        return False

    apis = SandboxApis(configuration())
    listener = socket.create_server(("127.0.0.1", 0))
    async with Server(listener, Router(lambda: apis), accepts_peer=admit_nobody):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(f"GET {API}/ping HTTP/1.1\r\nHost: api\r\n\r\n".encode())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_handler_that_fails_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that fails is an error for the client and in the log."""

    async def fail(_request: Request) -> Response:
        raise ZeroDivisionError

    async with served(fail) as port:
        reply = await Api(apis=SandboxApis(configuration()), port=port).call("GET", f"{API}/ping")

    assert (reply.status, json.loads(reply.body)["errorType"]) == (500, "InternalServerError")
    assert reply.headers["content-type"] == "application/json"
    assert "GET /2018-06-01/ping failed" in caplog.text


def test_every_route_of_the_documentation_is_there() -> None:
    """The routes are those of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html."""
    assert set(runtime_routes(RuntimeApi)) == {
        ("GET", "/2018-06-01/ping"),
        ("GET", "/2018-06-01/runtime/invocation/next"),
        ("POST", "/2018-06-01/runtime/invocation/{id}/response"),
        ("POST", "/2018-06-01/runtime/invocation/{id}/error"),
        ("POST", "/2018-06-01/runtime/init/error"),
    }
