"""Functions whose event is the body of a request, and whose result is that of the response."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.errors import ThrottledError
from samlocal.http_api.rest.gateway import RestGateway
from samlocal.invocation import FunctionError
from samlocal.project.apis import CustomFunctionIntegration, FunctionTarget, IntegrationResponse
from tests.unit.http_api.gateway_fakes import (
    PLACE,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
)
from tests.unit.http_api.requests import ROOT, function_route, http_request, rest_api

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpResponse

DEFAULT: Final = IntegrationResponse(status=200)
BAD: Final = IntegrationResponse(status=400, pattern="Bad (request|input)")
OTHER: Final = IntegrationResponse(status=500, pattern=r"(\n|.)+")
JSON: Final = ("Content-Type", "application/json")


class Served:
    """A method with a function behind it, and what the terminal says."""

    def __init__(
        self,
        *responses: IntegrationResponse,
        functions: FakeFunctions | None = None,
        **settings: Any,  # noqa: ANN401  # of the integration
    ) -> None:
        self.functions = functions or FakeFunctions()
        self.said: list[Diagnostic] = []
        facts = {"timeout_ms": 1000, "responses": responses, **settings}
        integration = CustomFunctionIntegration(target=FunctionTarget(function="Items"), **facts)
        self.gateway = RestGateway(
            rest_api(function_route("/items", "ANY", integration=integration, place=PLACE)),
            self.functions,
            FakeAuthorizers(),
            api_keys={},
            report=self.said.append,
        )

    async def ask(
        self, body: bytes = b"", *headers: tuple[str, str], method: str = "POST"
    ) -> HttpResponse:
        request = http_request("/items", method, body=body, headers=(("Host", "x"), *headers))
        response = await self.gateway.answer(request, FakeWriter())
        assert response is not None
        return response


def raising(message: str) -> FakeFunctions:
    error = FunctionError(type="ValueError", message=message)
    return FakeFunctions(lambda _: error)


async def test_body_as_event() -> None:
    """Body and result are passed on as they are; the response has the status of its mapping, and ids."""
    served = Served(IntegrationResponse(status=201))
    response = await served.ask(b' {"a": [1.0, "\xc3\xa4"]}', JSON)
    assert served.functions.calls[0].payload == b' {"a": [1.0, "\xc3\xa4"]}'
    assert (response.status, json.loads(response.body)) == (201, {"a": [1.0, "\xe4"]})
    headers = headers_of(response)
    assert len(headers.pop("x-amz-apigw-id")) == 16
    assert headers == {
        "content-type": "application/json",
        "x-amzn-requestid": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "x-amzn-trace-id": f"Root={ROOT};Sampled=1",
    }
    assert served.said == []


@pytest.mark.parametrize("body", [b"", b" \n"])
@pytest.mark.parametrize("result", [b"null", b'"Pass"', b'{"statusCode": 404}'])
async def test_no_body(body: bytes, result: bytes) -> None:
    """Without a body the event is empty, as Lambda has it; any result is a body."""
    served = Served(DEFAULT, functions=FakeFunctions(lambda _: result))
    response = await served.ask(body, method="GET")
    assert served.functions.event == {}
    assert (response.status, response.body) == (200, result)


@pytest.mark.parametrize(
    ("message", "responses", "status"),
    [
        ("Bad request", (BAD, DEFAULT), 400),
        ("A Bad request", (BAD, DEFAULT), 200),
        ("Bad request", (OTHER, BAD, DEFAULT), 500),
        ("two\nlines", (BAD, OTHER, DEFAULT), 500),
        ("anything", (DEFAULT,), 200),
    ],
)
async def test_errors(
    message: str, responses: tuple[IntegrationResponse, ...], status: int
) -> None:
    """A pattern is for the whole message of an error, which is the body; without one, an error is a 200."""
    served = Served(*responses, functions=raising(message))
    response = await served.ask(b"{}")
    assert response.status == status
    assert json.loads(response.body) == {"errorType": "ValueError", "errorMessage": message}
    (said,) = served.said
    assert said.message.startswith("POST /items: `Items` has failed: ValueError: ")


async def test_patterns_are_for_errors() -> None:
    """A result is not compared with patterns, whatever they match, and even if it looks like an error."""
    functions = FakeFunctions(lambda _: {"errorMessage": "Bad request"})
    served = Served(IntegrationResponse(status=500, pattern=".*"), DEFAULT, functions=functions)
    assert (await served.ask()).status == 200


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (FakeFunctions(), "no integration response is the default"),
        (
            raising("Worse"),
            "no integration response is for the error Worse, and none is the default",
        ),
    ],
)
async def test_no_response(functions: FakeFunctions, said: str) -> None:
    """Without a response for a result or an error, the API is misconfigured."""
    served = Served(BAD, functions=functions)
    response = await served.ask()
    assert (response.status, response.body) == (500, b'{"message": "Internal server error"}')
    assert served.said[-1].message == f"POST /items: {said}"
    assert served.said[-1].place == PLACE


async def test_headers_of_a_response() -> None:
    """A response has what its mapping takes of the result, and of what Lambda says about it."""
    mapped = {
        "X-Id": "integration.response.body.item.id",
        "X-Type": "integration.response.header.Content-Type",
        "X-Error": "integration.response.header.x-amz-function-error",
    }
    responses = (IntegrationResponse(status=200, headers=mapped),)
    served = Served(*responses, functions=FakeFunctions(lambda _: {"item": {"id": 7}}))
    headers = headers_of(await served.ask())
    assert (headers["x-id"], headers["x-type"]) == ("7", "application/json")
    assert "x-error" not in headers
    served = Served(*responses, functions=raising("x"))
    assert headers_of(await served.ask())["x-error"] == "Unhandled"


async def test_body_that_is_not_json() -> None:
    """The function does not run; the client gets Lambda's refusal as the default response, and the terminal says why."""
    served = Served(IntegrationResponse(status=500, pattern=".*"), DEFAULT)
    response = await served.ask(b"a=1&b=2", ("Content-Type", "application/x-www-form-urlencoded"))
    assert response.status == 200
    body = json.loads(response.body)
    assert body["Type"] == "User"
    assert body["message"].startswith("Could not parse request body into json: ")
    assert served.functions.calls == []
    assert "the event of `Items` is not JSON" in served.said[0].message


async def test_request_templates() -> None:
    """A template without directives makes the event, for its type; others pass through, or do not."""
    templates = {"application/json": '{"id": "$context.requestId", "fixed": true}'}
    served = Served(DEFAULT, templates=templates)
    await served.ask(b"[1]", JSON)
    assert served.functions.event == {"id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "fixed": True}
    await served.ask(b"[1]", ("Content-Type", "text/plain"))
    assert served.functions.event == [1]
    for passthrough in ("WHEN_NO_TEMPLATES", "NEVER"):
        served = Served(DEFAULT, templates=templates, passthrough=passthrough)
        assert (await served.ask(b"[1]", ("Content-Type", "text/plain"))).status == 415
        assert served.functions.calls == []


async def test_function_that_does_not_answer() -> None:
    """A function that takes too long is a 504, and one that does not run a 500, whatever the responses are."""
    served = Served(DEFAULT, functions=FakeFunctions(delay_seconds=0.2), timeout_ms=50)
    assert (await served.ask()).status == 504
    await served.functions.has_ended.wait()
    throttled = FakeFunctions(
        lambda _: ThrottledError(
            "no concurrency is left", reason="ConcurrentInvocationLimitExceeded"
        )
    )
    assert (await Served(DEFAULT, functions=throttled).ask()).status == 500
