"""What a recorder shows of requests while gateways and functions answer them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.errors import SamlocalError, SandboxError
from samlocal.http_api.console.entry import MAX_BODY_BYTES, ConsoleEntry, details
from samlocal.http_api.console.recorder import RecordedFunctions, Recorder
from samlocal.http_api.exchange import HttpRequest, HttpResponse, ResponseWriter
from samlocal.http_api.function_back_end import FunctionBackEnd, FunctionResult
from samlocal.invocation import InvocationResult, Report, ResponseSink
from samlocal.project.apis import Api, ApiKind, FunctionTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.function import Function
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import FunctionCall

API = Api(kind=ApiKind.HTTP, full_path="Shop", identifier="abcdefghij", stage="$default", routes=())
REQUEST = HttpRequest(
    method="POST",
    path="/items",
    query="a=b",
    headers=(),
    body=b"body",
    source_ip="127.0.0.1",
    host="localhost:3000",
    port=3000,
    scheme="http",
    received=1.0,
    request_id="r1",
    trace_header="Root=1-5e6722a7-cc56ab7c46db7ae02d4da47e",
)


class Project:
    """Functions that log a line and return their event, or raise an error."""

    def __init__(self, error: SamlocalError | None = None) -> None:
        self._error = error

    async def region_and_account(self) -> tuple[str, str]:
        return "us-east-1", "123456789012"

    async def find(self, name: str) -> Function:
        raise NotImplementedError

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None, tail: Log | None = None
    ) -> InvocationResult:
        if self._error:
            raise self._error
        assert tail
        tail.write(b"hello\n")
        tail.line("END")
        assert response
        await response.begin("application/json", "buffered")
        await response.write(call.payload)
        await response.end(None)
        report = Report(
            request_id=call.request_id, duration_ms=1.0, memory_size_mb=128, max_memory_used_mb=None
        )
        return InvocationResult(outcome="success", payload=call.payload, report=report)


class Backed:
    """A gateway with one function."""

    max_body_bytes = 10

    def __init__(self, functions: RecordedFunctions) -> None:
        self._back_end = FunctionBackEnd(functions)

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse(status=413)

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        event = {"routeKey": "POST /items", "body": request.body.decode()}
        result = await self._back_end.call(FunctionTarget(function="Items"), event, request)
        if not isinstance(result, FunctionResult):
            return HttpResponse(status=503, body=result.message.encode())
        if request.query == "stream":
            await writer.begin(200, [("A", "b")])
            await writer.write(b"one")
            await writer.write(b"two")
            await writer.end()
            return None
        return HttpResponse(status=200, headers=[("A", "b")], body=result.payload)


class Client:
    """A writer that keeps a body."""

    def __init__(self) -> None:
        self.body = b""

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None: ...

    async def write(self, chunk: bytes) -> None:
        self.body += chunk

    async def end(self) -> None: ...

    async def break_off(self) -> None: ...

    async def wait_hang_up(self) -> None:
        raise AssertionError


def recorder(error: SamlocalError | None = None) -> tuple[list[ConsoleEntry], Recorder, Any]:
    entries: list[ConsoleEntry] = []
    made = Recorder(entries.append)
    return entries, made, made.gateway(API, Backed(made.functions(Project(error))))


async def test_a_request_is_shown_from_its_beginning_to_its_end() -> None:
    """It is shown at once, with its event when the function is called, and with all when it is answered."""
    entries, _, gateway = recorder()
    response = await gateway.answer(REQUEST, Client())
    await asyncio.sleep(0.01)
    assert {each.identifier for each in entries} == {"r1"}
    assert (entries[0].status, entries[0].function, entries[0].event) == (None, None, None)
    assert (entries[1].status, entries[1].function) == (None, "Items")
    last = entries[-1]
    assert (last.status, last.api, last.body.content) == (200, "Shop", response.body)
    assert last.event == last.result
    assert last.logs.content == b"hello\nEND\n"
    assert last.duration_ms is not None
    assert [each.name for each in last.timings] == ["Items"]
    shown = details(last)
    assert shown["route"] == "POST /items"
    assert json.loads(shown["event"]["text"])["body"] == "body"


async def test_a_streamed_response() -> None:
    """A client gets the parts of a response, and the console has them, too."""
    entries, _, gateway = recorder()
    client = Client()
    assert await gateway.answer(replace(REQUEST, query="stream"), client) is None
    assert client.body == entries[-1].body.content == b"onetwo"
    assert (entries[-1].status, entries[-1].headers) == (200, (("A", "b"),))


async def test_an_error_has_its_reason() -> None:
    """A function that cannot run is a reason beside the status of the gateway."""
    entries, _, gateway = recorder(SandboxError("no environment is free"))
    await gateway.answer(REQUEST, Client())
    assert (entries[-1].status, entries[-1].reason) == (503, "no environment is free")


async def test_a_large_body_is_refused_and_shown() -> None:
    """A request whose body nobody reads is an entry, too."""
    entries, _, gateway = recorder()
    assert gateway.max_body_bytes == 10
    await gateway.refuse_body(REQUEST)
    assert [each.status for each in entries] == [413]


async def test_send_again() -> None:
    """The same request is answered again, as an entry of its own."""
    entries, made, gateway = recorder()
    await gateway.answer(REQUEST, Client())
    found = made.find(entries[-1].api)
    assert found is gateway
    await found.repeat(replace(REQUEST, request_id="r2"), entries[-1].identifier)
    again = [each for each in entries if each.identifier == "r2"]
    assert (again[-1].status, again[-1].sent_again) == (200, "r1")
    assert made.find("Gone") is None


async def test_requests_at_the_same_time() -> None:
    """Each has its own event."""
    entries, _, gateway = recorder()
    asked = [replace(REQUEST, request_id=str(n), body=str(n).encode()) for n in range(20)]
    await asyncio.gather(*(gateway.answer(each, Client()) for each in asked))
    last = {each.identifier: each for each in entries}
    for number, entry in last.items():
        assert entry.event
        assert json.loads(entry.event.content)["body"] == number


async def test_functions_called_by_no_gateway_are_not_recorded() -> None:
    """An invocation that belongs to no request passes through."""
    with pytest.raises(SandboxError):
        await RecordedFunctions(Project(SandboxError("none"))).invoke(_call())


def _call() -> FunctionCall:
    from samlocal.serving.function_call import FunctionCall  # noqa: PLC0415  # its only use

    return FunctionCall(function="Items", payload=b"{}", request_id="r")


async def test_large_bodies_are_cut() -> None:
    """The console has the beginnings of a large request, event and response, and the client has all."""
    entries, _, gateway = recorder()
    body = b"x" * (2 * MAX_BODY_BYTES)
    response = await gateway.answer(replace(REQUEST, body=body), Client())
    assert len(response.body) > len(body)
    last = entries[-1]
    assert (len(last.request.body), last.request_body_size) == (MAX_BODY_BYTES, len(body))
    for kept in (last.event, last.result, last.body):
        assert kept
        assert (len(kept.content), kept.size) == (MAX_BODY_BYTES, len(response.body))


async def test_nobody_looks() -> None:
    """A request has one entry, when its function has ended, too; one that runs is shown to whoever asks."""
    entries: list[ConsoleEntry] = []
    made = Recorder(entries.append, lambda: False)
    gateway = made.gateway(API, Backed(made.functions(Project(None))))
    asking = asyncio.create_task(gateway.answer(REQUEST, Client()))
    await asyncio.sleep(0)
    made.refresh()
    assert [(each.status, each.api) for each in entries] == [(None, "Shop")]
    await asking
    await asyncio.sleep(0.01)
    assert [each.status for each in entries] == [None, 200]
    assert entries[-1].logs.content == b"hello\nEND\n"
    made.refresh()
    assert len(entries) == 2
