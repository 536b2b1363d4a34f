"""A function as the back end of a request: its whole response, or why there is none.

Neither a gateway's time limit nor a client that hangs up ends a function: it runs to its end, as on Lambda.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from samlocal.errors import FunctionNotFoundError, SamlocalError, ThrottledError
from samlocal.frozen_dataclass import frozen
from samlocal.invocation import MAX_PAYLOAD_BYTES, ResponseSink, response_too_large
from samlocal.serving.function_call import FunctionCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.functions import Functions
    from samlocal.invocation import FunctionError, InvocationResult, ResponseMode
    from samlocal.project.apis import FunctionTarget

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_log: Final = logging.getLogger("samlocal.http_api")

# For a result that is not one because it was streamed.
STREAM_HINT: Final = (
    "its handler streams, which function URLs and REST APIs take; give it another one here"
)

FailureKind = Literal["error", "throttled", "timeout", "too large"]


@frozen
class FunctionResult:
    """What a function has returned; `content_type` is the one that the runtime has sent."""

    payload: bytes
    content_type: str
    mode: ResponseMode


@frozen
class Failure:
    """Why there is no result: `message` begins with the function's name, and `hint` says what to do about it.

    `too large` is an event that Lambda does not take. An error `is_missing` where there is no such function, and has the
    `function_error` that the function ended with, if it has run.
    """

    kind: FailureKind
    message: str
    hint: str | None = None
    is_missing: bool = False
    function_error: FunctionError | None = None


class AnsweredSink(ResponseSink, Protocol):
    """A sink whose `answered` is done at the end of the response, with its error."""

    @property
    def answered(self) -> asyncio.Future[FunctionError | None]: ...


class FunctionBackEnd:
    """Runs functions for one gateway."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._tasks: set[asyncio.Task[InvocationResult]] = set()

    async def call(
        self,
        target: FunctionTarget,
        event: Mapping[str, Any] | bytes,
        request: HttpRequest,
        *,
        timeout_ms: int | None = None,
        invocation_id: str | None = None,
        domain_name: str | None = None,
    ) -> FunctionResult | Failure:
        """Return the whole response to an event, which may be JSON already; after `timeout_ms` nobody waits for it any more.

        `domain_name` is that of an event of a WebSocket API: see `Invocation`.
        """
        sink = _KeptResponse()
        failure = await self.stream(
            target,
            event,
            request,
            sink=sink,
            timeout_ms=timeout_ms,
            invocation_id=invocation_id,
            domain_name=domain_name,
        )
        if failure is not None:
            return failure
        payload = b"".join(sink.chunks)
        if (
            len(payload) > MAX_PAYLOAD_BYTES
        ):  # of a function that streams: elsewhere it may be larger
            return _error_failure(target.function, response_too_large(MAX_PAYLOAD_BYTES))
        return FunctionResult(payload=payload, content_type=sink.content_type, mode=sink.mode)

    async def stream(
        self,
        target: FunctionTarget,
        event: Mapping[str, Any] | bytes,
        request: HttpRequest,
        *,
        sink: AnsweredSink,
        timeout_ms: int | None = None,
        invocation_id: str | None = None,
        domain_name: str | None = None,
    ) -> Failure | None:
        """Give the response to a sink, and return when that has ended; it may have begun before a failure."""
        payload = event if isinstance(event, bytes) else _encode(event).encode()
        if len(payload) > MAX_PAYLOAD_BYTES:
            return Failure(
                kind="too large",
                message=f"`{target.function}` is not called: its event has {len(payload)} bytes,"
                f" and Lambda takes {MAX_PAYLOAD_BYTES}",
            )
        call = FunctionCall(
            function=target.function,
            payload=payload,
            request_id=invocation_id or str(uuid.uuid4()),
            qualifier=target.qualifier,
            trace_id=request.trace_header,
            domain_name=domain_name,
        )
        task = asyncio.create_task(self._functions.invoke(call, response=sink))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        ends: tuple[asyncio.Future[Any], ...] = (task, sink.answered)
        limit = None if timeout_ms is None else timeout_ms / 1000
        try:
            await asyncio.wait(ends, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if sink.answered.done():
            error = sink.answered.result()
            return None if error is None else _error_failure(target.function, error)
        if not task.done():
            return Failure(
                kind="timeout",
                message=f"`{target.function}` has not answered within {timeout_ms} ms;"
                " the service does not wait longer",
            )
        return _raised_failure(target.function, task)

    def _forget(self, task: asyncio.Task[InvocationResult]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.debug("an invocation failed: %s", error)


class _KeptResponse:
    """A sink that keeps all of a response."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[FunctionError | None] = asyncio.Future()
        self.content_type = "application/json"
        self.mode: ResponseMode = "buffered"
        self.chunks: list[bytes] = []

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        self.content_type, self.mode = content_type, mode

    async def write(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    async def end(self, error: FunctionError | None) -> None:
        if not self.answered.done():
            self.answered.set_result(error)


def _error_failure(function: str, error: FunctionError) -> Failure:
    text = f"{error.type}: {error.message}" if error.message else error.type
    message = f"`{function}` has failed: {text}"
    return Failure(kind="error", message=message, hint=error.hint, function_error=error)


def _raised_failure(function: str, task: asyncio.Task[InvocationResult]) -> Failure:
    try:
        task.result()
    except ThrottledError as error:
        return Failure(
            kind="throttled", message=f"`{function}` is throttled: {error.message}", hint=error.hint
        )
    except SamlocalError as error:
        return Failure(
            kind="error",
            message=f"`{function}` cannot run: {error.message}",
            hint=error.hint,
            is_missing=isinstance(error, FunctionNotFoundError),
        )
    return Failure(kind="error", message=f"`{function}` has ended without a response")
