"""What gateways need, without functions in processes: requests, and functions that are Python functions."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import FunctionNotFoundError, Place, SamlocalError
from samlocal.function import Function, LocalCode
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.exchange import HttpRequest, HttpResponse
from samlocal.invocation import FunctionError, InvocationResult, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samlocal.http_api.authorization import Event
    from samlocal.invocation import ResponseMode, ResponseSink
    from samlocal.project.apis import Api, Route
    from samlocal.serving.function_call import FunctionCall

ACCOUNT_ID: Final = "123456789012"
REQUEST_ID: Final = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
PLACE: Final = Place(Path("/app/template.yaml"), 12, 5)
# 12 March 2020, 19:03:58.390 UTC
RECEIVED: Final = 1584039838.390
TRACE_HEADER: Final = "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e;Parent=53995c3f42cd8ad8;Sampled=0"


def http_request(
    method: str = "GET",
    target: str = "/",
    *headers: tuple[str, str],
    body: bytes = b"",
    host: str = "id.execute-api.us-east-1.amazonaws.com",
    prefix: str = "",
) -> HttpRequest:
    """Return a request of a client at 192.0.2.1."""
    path, _, query = target.partition("?")
    return HttpRequest(
        method=method,
        path=path,
        query=query,
        headers=(("Host", host), *headers),
        body=body,
        source_ip="192.0.2.1",
        host=host,
        port=443,
        scheme="https",
        received=RECEIVED,
        request_id=REQUEST_ID,
        trace_header=TRACE_HEADER,
        prefix=prefix,
    )


class FakeFunctions:
    """Functions that answer what `answer` returns or raises, with its event.

    Bytes are the payload itself, and a `FunctionError` is the function's. `chunks` is a streamed response instead.
    """

    def __init__(
        self,
        answer: Callable[[Any], object] = lambda event: event,
        *,
        chunks: Sequence[bytes] | None = None,
        content_type: str = "application/json",
        error: FunctionError | None = None,
        delay_seconds: float = 0.0,
    ) -> None:
        self.calls: list[FunctionCall] = []
        self.has_ended = asyncio.Event()
        self._answer = answer
        self._chunks = chunks
        self._content_type = content_type
        self._error = error
        self._delay_seconds = delay_seconds

    @property
    def event(self) -> Any:  # noqa: ANN401  # JSON
        """The event of the last call."""
        return json.loads(self.calls[-1].payload)

    async def region_and_account(self) -> tuple[str, str]:
        return "us-east-1", ACCOUNT_ID

    async def find(self, name: str) -> Function:
        if name == "Missing":
            raise FunctionNotFoundError("there is no `Missing`")
        code = LocalCode(path=PLACE.path.parent, place=PLACE)
        return Function(logical_id=name, full_path=name, name=name, code=code, place=PLACE)

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        self.calls.append(call)
        assert response is not None
        await asyncio.sleep(self._delay_seconds)
        answer = self._answer(json.loads(call.payload))
        if isinstance(answer, SamlocalError):
            raise answer
        error = answer if isinstance(answer, FunctionError) else self._error
        if self._chunks is None or isinstance(answer, FunctionError):
            payload = answer if isinstance(answer, bytes) else b""
            if not isinstance(answer, bytes | FunctionError):
                payload = json.dumps(answer).encode()
            await self._respond(
                response, "buffered", [error.payload] if error else [payload], error
            )
        else:
            await self._respond(response, "streaming", self._chunks, error)
        self.has_ended.set()
        report = Report(
            request_id=call.request_id, duration_ms=1.0, memory_size_mb=128, max_memory_used_mb=None
        )
        return InvocationResult(
            outcome="error" if error else "success", payload=b"", report=report, error=error
        )

    async def _respond(
        self,
        response: ResponseSink,
        mode: ResponseMode,
        chunks: Sequence[bytes],
        error: FunctionError | None,
    ) -> None:
        await response.begin(self._content_type, mode)
        for each in chunks:
            await response.write(each)
            await asyncio.sleep(0)
        await response.end(error)


class FakeAuthorizers:
    """An authorizer that always says the same."""

    def __init__(self, verdict: Allowed | Refused | None = None) -> None:
        self.verdict = verdict or Allowed()
        self.checked: list[tuple[Route, Event, str]] = []

    async def check(
        self, api: Api, route: Route, request: HttpRequest, event: Event, method_arn: str
    ) -> Allowed | Refused:
        assert api.identifier
        assert request.method
        self.checked.append((route, json.loads(json.dumps(event)), method_arn))
        return self.verdict


class FakeWriter:
    """A client that takes what it gets; `seen` are its parts in their order."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.seen: list[bytes] = []
        self.end_of_body: str | None = None

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        assert not self.status
        self.status, self.headers = status, list(headers)

    async def write(self, chunk: bytes) -> None:
        assert self.status
        self.seen.append(chunk)

    async def end(self) -> None:
        assert self.status
        self.end_of_body = "complete"

    async def break_off(self) -> None:
        self.end_of_body = "broken off"

    async def wait_hang_up(self) -> None:
        await asyncio.Future()


def headers_of(response: HttpResponse | FakeWriter) -> dict[str, str]:
    """Return headers by their names in lower case, each of which may be there once only."""
    found: dict[str, str] = {}
    for name, value in response.headers:
        assert name.lower() not in found, f"{name} is there twice"
        found[name.lower()] = value
    return found
