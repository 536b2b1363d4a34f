"""Functions, authorizers and clients of a gateway in a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.exchange import HttpRequest, HttpResponse
from samlocal.http_api.websocket.gateway import WebSocketGateway
from samlocal.http_api.websocket.limits import Limits
from samlocal.invocation import FunctionError, InvocationResult, Report
from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function
    from samlocal.http_api.authorization import Event
    from samlocal.invocation import Outcome, ResponseSink
    from samlocal.serving.function_call import FunctionCall

Handler = Callable[[dict[str, Any]], Awaitable[object]]

API = Api(kind=ApiKind.WEBSOCKET, full_path="Chat", identifier="abcdefghij", stage="dev", routes=())


class FunctionFailedError(Exception):
    """A handler's exception."""


class FakeFunctions:
    """Runs Python coroutines as functions; `events` are those that they got, in their order."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = handlers
        self.events: list[dict[str, Any]] = []
        self.calls: list[FunctionCall] = []

    async def region_and_account(self) -> tuple[str, str]:
        return "eu-west-1", "123456789012"

    async def find(self, name: str) -> Function:
        raise NotImplementedError(name)

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
    ) -> InvocationResult:
        assert response is not None
        event = json.loads(call.payload)
        self.calls.append(call)
        self.events.append(event)
        failed: FunctionError | None = None
        try:
            payload = json.dumps(await self._handlers[call.function](event)).encode()
        except FunctionFailedError as error:
            failed = FunctionError(type="Error", message=str(error))
            payload = failed.payload
        await response.begin("application/json", "buffered")
        await response.write(payload)
        await response.end(failed)
        report = Report(request_id="r", duration_ms=1, memory_size_mb=128, max_memory_used_mb=None)
        outcome: Outcome = "error" if failed else "success"
        return InvocationResult(outcome=outcome, payload=b"", report=report, error=failed)


class FakeAuthorizers:
    """Has one answer for all; `checked` are the ARNs."""

    def __init__(self, answer: Allowed | Refused | None = None) -> None:
        self._answer = answer or Allowed()
        self.checked: list[str] = []
        self.events: list[Event] = []

    async def check(
        self,
        api: Api,  # noqa: ARG002  # as in the protocol
        route: Route,  # noqa: ARG002  # same
        request: HttpRequest,  # noqa: ARG002  # same
        event: Event,
        method_arn: str,
    ) -> Allowed | Refused:
        self.checked.append(method_arn)
        self.events.append(event)
        return self._answer


def function_route(key: str, *, timeout_ms: int = 29_000, **members: Any) -> Route:  # noqa: ANN401
    """Return a route to the function whose name is its key without `$`."""
    target = FunctionTarget(function=key.strip("$"))
    integration = FunctionIntegration(target=target, payload="1.0", timeout_ms=timeout_ms)
    return Route(method="ANY", path=key, integration=integration, **members)


class World:
    """A gateway with routes, and what it reported."""

    def __init__(
        self,
        *routes: Route,
        limits: Limits | None = None,
        authorizers: FakeAuthorizers | None = None,
        api: Api = API,
        api_keys: Mapping[str, str] | None = None,
        handlers: Mapping[str, Handler] | None = None,
        **named: Handler,
    ) -> None:
        self.functions = FakeFunctions(**(handlers or {}), **named)
        self.authorizers = authorizers or FakeAuthorizers()
        self.reported: list[Diagnostic] = []
        self.gateway = WebSocketGateway(
            replace(api, routes=routes),
            self.functions,
            self.authorizers,
            report=self.reported.append,
            api_keys=api_keys or {},
            limits=limits or Limits(),
        )

    async def manage(self, method: str, path: str, body: bytes = b"") -> HttpResponse:
        """Return the answer of the management endpoint."""
        request = replace(handshake(), method=method, path=path, body=body)
        return await self.gateway.answer(request, None)  # type: ignore[arg-type]  # nothing is written

    def kinds(self) -> list[str]:
        """Return the types of the events that functions got."""
        return [event["requestContext"]["eventType"] for event in self.functions.events]


def handshake(*headers: tuple[str, str], path: str = "/", query: str = "") -> HttpRequest:
    """Return a client's handshake."""
    return HttpRequest(
        method="GET",
        path=path,
        query=query,
        headers=(("Host", "127.0.0.1:3001"), *headers),
        body=b"",
        source_ip="127.0.0.1",
        host="127.0.0.1:3001",
        port=3001,
        scheme="ws",
        received=1_700_000_000.5,
        request_id="request-id",
        trace_header="Root=1-67891233-abcdef012345678912345678",
    )


class Client:
    """A client on the other side of an ASGI server, within an `async with` block; leaving it breaks the connection."""

    def __init__(
        self,
        world: World,
        *headers: tuple[str, str],
        path: str = "/",
        query: str = "",
        offers: tuple[str, ...] = (),
    ) -> None:
        self._gateway = world.gateway
        self._request = handshake(*headers, path=path, query=query)
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "subprotocols": list(offers),
            "extensions": {"websocket.http.response": {}},
        }
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._got: asyncio.Queue[Any] = asyncio.Queue()
        self._has_left = False
        self.reads = asyncio.Event()
        self.reads.set()

    async def __aenter__(self) -> Self:
        self._sent.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(
            self._gateway.accept(self._request, self.scope, self._sent.get, self._take)
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if not self._task.done():
            self.leave()
        await asyncio.wait_for(self._task, 5)

    async def _take(self, message: Any) -> None:  # noqa: ANN401
        await self.reads.wait()
        if self._has_left:
            raise OSError("the client has left")
        self._got.put_nowait(message)
        if message["type"] == "websocket.close":
            self._has_left = True

    def send(self, text: str) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "bytes": data})

    def close(self, code: int = 1000, reason: str | None = "") -> None:
        self._has_left = True
        self._sent.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def leave(self) -> None:
        """Break the connection."""
        self._has_left = True
        self.reads.set()
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def get(self) -> dict[str, Any]:
        """Return what the gateway sends next."""
        message: dict[str, Any] = await asyncio.wait_for(self._got.get(), 5)
        return message

    async def get_text(self) -> str:
        message = await self.get()
        assert message["type"] == "websocket.send"
        text: str = message["text"]
        return text

    async def accepted(self) -> str | None:
        """Return the subprotocol of the accepted handshake."""
        message = await self.get()
        assert message["type"] == "websocket.accept", message
        subprotocol: str | None = message["subprotocol"]
        return subprotocol

    async def refused(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the response that refuses the handshake."""
        start, body = await self.get(), await self.get()
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return start["status"], headers, body["body"]
