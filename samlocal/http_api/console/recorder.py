"""Records what gateways and functions do with each request, and sends one again.

A request is followed from its gateway to the functions that are called for it, authorizers first, by a context
variable: tasks that a gateway starts have it, too. The entry has the event, result and log of the last function.

While nobody looks, a request has an entry when all of it has ended, or when somebody asks: that costs it less time.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from samlocal.errors import SamlocalError
from samlocal.http_api.console.entry import (
    MAX_BODY_BYTES,
    ConsoleEntry,
    KeptBytes,
    Timing,
    bounded,
    keep,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samlocal.function import Function
    from samlocal.http_api.exchange import Gateway, HttpRequest, HttpResponse, ResponseWriter
    from samlocal.invocation import (
        FunctionError,
        InvocationResult,
        ResponseMode,
        ResponseSink,
    )
    from samlocal.project.apis import Api
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import FunctionCall


class LoggedFunctions(Protocol):
    """Functions whose output can be had for each invocation; `ServedProject` is one."""

    async def region_and_account(self) -> tuple[str, str]: ...

    async def find(self, name: str) -> Function: ...

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None, tail: Log | None = None
    ) -> InvocationResult: ...


class Recorder:
    """Wraps the gateways and the functions of a server; `record` is the console's.

    `is_watched` tells whether somebody waits for entries.
    """

    def __init__(
        self,
        record: Callable[[ConsoleEntry], None],
        is_watched: Callable[[], bool] = lambda: True,
    ) -> None:
        self._requests = _Requests(record, is_watched)
        self._gateways: dict[str, RecordedGateway] = {}

    def gateway(self, api: Api, gateway: Gateway) -> RecordedGateway:
        """Return the gateway of an API that records its requests; the last one for an API is what `find` returns."""
        recorded = RecordedGateway(api, gateway, self._requests)
        self._gateways[api.label] = recorded
        return recorded

    def functions(self, functions: LoggedFunctions) -> RecordedFunctions:
        """Return functions that record what they do for a gateway's request."""
        return RecordedFunctions(functions)

    def refresh(self) -> None:
        """Record the requests that run, as they are now."""
        self._requests.refresh()

    def find(self, api: str) -> RecordedGateway | None:
        """Return the gateway of an API by its label, the last one if it has changed."""
        return self._gateways.get(api)


class RecordedGateway:
    """A gateway whose requests are recorded."""

    def __init__(self, api: Api, gateway: Gateway, requests: _Requests) -> None:
        self._api = api.label
        self._gateway = gateway
        self._requests = requests

    @property
    def max_body_bytes(self) -> int:
        return self._gateway.max_body_bytes

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        recording = _Recording(self._requests, request, self._api)
        response = await self._gateway.refuse_body(request)
        recording.answered(response)
        return response

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        return await self._answer(request, writer, _Recording(self._requests, request, self._api))

    async def repeat(self, request: HttpRequest, identifier: str) -> None:
        """Answer a request like the one of an entry; the response is recorded, and goes nowhere."""
        recording = _Recording(self._requests, request, self._api, sent_again=identifier)
        await self._answer(request, _Nowhere(), recording)

    async def _answer(
        self, request: HttpRequest, writer: ResponseWriter, recording: _Recording
    ) -> HttpResponse | None:
        recording.show()
        token = _current.set(recording)
        try:
            response = await self._gateway.answer(request, _RecordedWriter(writer, recording))
        except BaseException as error:
            recording.failed(f"{type(error).__name__}: {error}" if str(error) else "cancelled")
            recording.ended()
            raise
        finally:
            _current.reset(token)
        recording.answered(response)
        return response

    async def accept(self, *arguments: Any) -> None:  # noqa: ANN401  # those of `WebSockets.accept`
        """Serve a WebSocket connection, which is not recorded."""
        gateway: Any = self._gateway
        await gateway.accept(*arguments)


class RecordedFunctions:
    """Functions whose invocations are recorded, if a gateway has asked for them."""

    def __init__(self, functions: LoggedFunctions) -> None:
        self._functions = functions

    async def region_and_account(self) -> tuple[str, str]:
        return await self._functions.region_and_account()

    async def find(self, name: str) -> Function:
        return await self._functions.find(name)

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        recording = _current.get()
        if recording is None:
            return await self._functions.invoke(call, response=response)
        kept = _Call(call)
        recording.called(kept)
        sink = _RecordedSink(response, kept) if response else None
        try:
            result = await self._functions.invoke(call, response=sink, tail=kept)
        except SamlocalError as error:
            recording.failed(error.message)
            raise
        else:
            kept.ended(result)
        finally:
            kept.duration_ms = (time.perf_counter() - kept.start) * 1000
            recording.ended()
        return result


_current: Final[ContextVar[_Recording | None]] = ContextVar("recording", default=None)


class _Requests:
    """The requests of which something still runs, the oldest first."""

    def __init__(
        self, record: Callable[[ConsoleEntry], None], is_watched: Callable[[], bool]
    ) -> None:
        self._record = record
        self._is_watched = is_watched
        self._running: dict[_Recording, None] = {}

    def show(self, recording: _Recording) -> None:
        if recording.is_running:
            self._running[recording] = None
            if not self._is_watched():
                return
        else:
            self._running.pop(recording, None)
        self._record(recording.entry())

    def refresh(self) -> None:
        for each in tuple(self._running):
            self._record(each.entry())


class _Recording:
    """One request, and what has become of it so far."""

    def __init__(
        self,
        requests: _Requests,
        request: HttpRequest,
        api: str,
        *,
        sent_again: str | None = None,
    ) -> None:
        self._requests = requests
        self._running = 1  # the gateway, and functions
        self._request, self._request_body_size = bounded(request)
        self._api = api
        self._sent_again = sent_again
        self._start = time.perf_counter()
        self._calls: list[_Call] = []
        self._status: int | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._duration_ms: float | None = None
        self._reason: str | None = None
        self.body = _Kept()

    @property
    def is_running(self) -> bool:
        return self._running > 0

    def called(self, call: _Call) -> None:
        self._running += 1
        self._calls.append(call)
        self.show()

    def ended(self) -> None:
        """Note that the gateway or a function has ended."""
        self._running -= 1
        self.show()

    def begun(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self._status, self._headers = status, tuple(headers)

    def answered(self, response: HttpResponse | None) -> None:
        if response is not None:
            self.begun(response.status, response.headers)
            self.body.add(response.body)
        self._duration_ms = (time.perf_counter() - self._start) * 1000
        self.ended()

    def failed(self, reason: str) -> None:
        self._reason = reason
        self.show()

    def show(self) -> None:
        self._requests.show(self)

    def entry(self) -> ConsoleEntry:
        last = self._calls[-1] if self._calls else None
        return ConsoleEntry(
            identifier=self._request.request_id,
            request=self._request,
            request_body_size=self._request_body_size,
            api=self._api,
            function=last.function if last else None,
            status=self._status,
            headers=self._headers,
            body=self.body.kept(),
            event=last.event if last else None,
            result=last.result.kept() if last and last.has_result else None,
            logs=last.logs() if last else KeptBytes(),
            duration_ms=self._duration_ms,
            timings=tuple(each for call in self._calls for each in call.timings()),
            reason=self._reason or (last.reason if last else None),
            sent_again=self._sent_again,
        )


class _Kept:
    """The beginning of what is written in parts."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._left = MAX_BODY_BYTES
        self._size = 0
        self._kept = KeptBytes()

    def add(self, chunk: bytes) -> None:
        if self._left and chunk:
            self._chunks.append(chunk[: self._left])
            self._left -= len(self._chunks[-1])
        self._size += len(chunk)

    def kept(self) -> KeptBytes:
        """Return the same value again until more is written: an entry is shown several times."""
        if self._kept.size != self._size:
            self._chunks = [b"".join(self._chunks)]
            self._kept = KeptBytes(content=self._chunks[0], size=self._size)
        return self._kept


class _Call:
    """One invocation, and the log of its function, which is written from several threads."""

    def __init__(self, call: FunctionCall) -> None:
        self.function = call.function
        self.event = keep(call.payload)
        self.result = _Kept()
        self.has_result = False
        self.reason: str | None = None
        self.start = time.perf_counter()
        self.duration_ms: float | None = None
        self._phases: tuple[Timing, ...] = ()
        self._log = _Kept()
        self._lock = Lock()

    def write(self, output: bytes) -> None:
        with self._lock:
            self._log.add(output)

    def line(self, text: str) -> None:
        self.write(text.encode(errors="backslashreplace") + b"\n")

    def logs(self) -> KeptBytes:
        with self._lock:
            return self._log.kept()

    def ended(self, result: InvocationResult) -> None:
        self._phases = tuple(
            Timing(name=f"{self.function} {each.name}", duration_ms=each.duration_ms)
            for each in result.phases
        )
        if not self.has_result:
            self.has_result = True
            self.result.add(result.payload)
        if result.error is not None:
            self.reason = f"{result.error.type}: {result.error.message}"

    def timings(self) -> tuple[Timing, ...]:
        """Return the phases and the whole, which has what is between them, such as a wait for an environment."""
        if self.duration_ms is None:
            return ()
        return (*self._phases, Timing(name=self.function, duration_ms=self.duration_ms))


class _RecordedSink:
    """Passes a response on, and keeps its beginning."""

    def __init__(self, sink: ResponseSink, call: _Call) -> None:
        self._sink = sink
        self._call = call

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        self._call.has_result = True
        await self._sink.begin(content_type, mode)

    async def write(self, chunk: bytes) -> None:
        self._call.result.add(chunk)
        await self._sink.write(chunk)

    async def end(self, error: FunctionError | None) -> None:
        await self._sink.end(error)


class _RecordedWriter:
    """Passes a response on, and keeps its head and the beginning of its body."""

    def __init__(self, writer: ResponseWriter, recording: _Recording) -> None:
        self._writer = writer
        self._recording = recording

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self._recording.begun(status, headers)
        await self._writer.begin(status, headers)

    async def write(self, chunk: bytes) -> None:
        self._recording.body.add(chunk)
        await self._writer.write(chunk)

    async def end(self) -> None:
        await self._writer.end()

    async def break_off(self) -> None:
        self._recording.failed("the response was broken off")
        await self._writer.break_off()

    async def wait_hang_up(self) -> None:
        await self._writer.wait_hang_up()


class _Nowhere:
    """The writer of a response that nobody reads."""

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None: ...

    async def write(self, chunk: bytes) -> None: ...

    async def end(self) -> None: ...

    async def break_off(self) -> None: ...

    async def wait_hang_up(self) -> None:
        await asyncio.Future()
