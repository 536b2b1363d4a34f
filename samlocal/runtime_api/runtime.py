"""The Runtime API of one sandbox: its state, and the handlers of the routes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import (
    MAX_PAYLOAD_BYTES,
    MAX_STREAMED_PAYLOAD_BYTES,
    FunctionError,
    Invocation,
)
from samlocal.runtime_api.http_server import TruncatedRequestError
from samlocal.runtime_api.responses import (
    ACCEPTED,
    INVALID_REQUEST_ID,
    INVALID_RESPONSE_MODE,
    REQUEST_ENTITY_TOO_LARGE,
    TRUNCATED_REQUEST,
    invalid_state_transition,
    invocation_event,
)
from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState, move

if TYPE_CHECKING:
    from samlocal.runtime_api.http_server import Request, Response

_ERROR_TYPE: Final = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY: Final = "Lambda-Runtime-Function-Error-Body"
_RESPONSE_MODE: Final = "Lambda-Runtime-Function-Response-Mode"

_T = TypeVar("_T")


@frozen
class Answer:
    """A runtime's answer to an invocation, or its error in initialisation."""

    payload: bytes
    content_type: str = "application/json"
    error: FunctionError | None = None


@frozen
class Initialised:
    """The end of Init at `time.monotonic()` seconds; `failure` is the runtime's error, if any."""

    at: float
    failure: Answer | None = None


@dataclass(kw_only=True, slots=True)
class Exchange:
    """One invocation in the runtime. Times are `time.monotonic()` seconds."""

    invocation: Invocation
    deadline_ms: int
    begun: float = field(default_factory=time.monotonic)
    answer: asyncio.Future[Answer] = field(default_factory=asyncio.Future)
    finished: asyncio.Future[float] = field(default_factory=asyncio.Future)


class RuntimeApi:
    """The calls of the runtime in a sandbox, one invocation at a time.

    `initialised` is done when the runtime first calls `next`, or reports an error. The exchange of an
    invocation has the rest: `begun` is when the runtime receives it, `answer` is its result, and
    `finished` is when the runtime calls `next` again.
    """

    def __init__(self) -> None:
        self.initialised: asyncio.Future[Initialised] = asyncio.Future()
        self._state = RuntimeState.STARTED
        self._exchange: asyncio.Future[Exchange] = asyncio.Future()

    @property
    def is_waiting(self) -> bool:
        """Whether the runtime has called `next` and has no invocation."""
        return self._state is RuntimeState.READY

    def deliver(self, invocation: Invocation, *, deadline_ms: int) -> Exchange:
        """Answer the runtime's pending or next call of `next` with an invocation.

        `deadline_ms` is Unix time in milliseconds, from which the runtime computes the time remaining.
        """
        exchange = Exchange(invocation=invocation, deadline_ms=deadline_ms)
        self._exchange.set_result(exchange)
        return exchange

    async def next_invocation(self, _request: Request) -> Response:
        """`GET /runtime/invocation/next`: wait for an invocation."""
        if self._state is not RuntimeState.RUNNING:
            try:
                self._state = move(self._state, RuntimeState.READY)
            except InvalidStateTransitionError as error:
                return invalid_state_transition(error)
            self._ask_for_work()
        # The runtime may disconnect while it waits; its next call gets the invocation.
        exchange = await asyncio.shield(self._exchange)
        if self._state is RuntimeState.READY:
            exchange.begun = time.monotonic()
        self._state = move(self._state, RuntimeState.RUNNING)
        return invocation_event(exchange.invocation, exchange.deadline_ms)

    async def invocation_response(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/response`: the function's result."""
        exchange = self._current(request_id)
        if exchange is None:
            return INVALID_REQUEST_ID
        try:
            self._state = move(self._state, RuntimeState.INVOCATION_RESPONSE)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        answer, response = await _read_result(request)
        self._finish_answer(exchange, answer)
        return response

    async def invocation_error(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/error`: the function failed."""
        exchange = self._current(request_id)
        if exchange is None:
            return INVALID_REQUEST_ID
        try:
            self._state = move(self._state, RuntimeState.INVOCATION_ERROR_RESPONSE)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        self._finish_answer(exchange, await _read_error(request))
        return ACCEPTED

    async def init_error(self, request: Request) -> Response:
        """`POST /runtime/init/error`: the runtime could not load the function."""
        try:
            self._state = move(self._state, RuntimeState.INIT_ERROR)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        failure = await _read_error(request)
        _settle(self.initialised, Initialised(at=time.monotonic(), failure=failure))
        return ACCEPTED

    def _current(self, request_id: str) -> Exchange | None:
        if not self._exchange.done():
            return None
        exchange = self._exchange.result()
        return exchange if exchange.invocation.request_id == request_id else None

    def _ask_for_work(self) -> None:
        """Record that the runtime is initialised and has finished its invocation."""
        _settle(self.initialised, Initialised(at=time.monotonic()))
        if self._exchange.done() and self._exchange.result().answer.done():
            _settle(self._exchange.result().finished, time.monotonic())
            self._exchange = asyncio.Future()

    def _finish_answer(self, exchange: Exchange, answer: Answer) -> None:
        self._state = move(self._state, RuntimeState.RESPONSE_SENT)
        _settle(exchange.answer, answer)


def error_answer(error: FunctionError) -> Answer:
    """Return Lambda's own answer for a function that gave none."""
    payload = json.dumps({"errorType": error.type, "errorMessage": error.message})
    return Answer(payload=payload.encode(), error=error)


async def _read_result(request: Request) -> tuple[Answer, Response]:
    mode = request.header(_RESPONSE_MODE)
    if mode not in {None, "streaming"}:
        message = f"Invalid function response mode: {mode}"
        error = FunctionError(type="Runtime.InvalidResponseModeHeader", message=message)
        return error_answer(error), INVALID_RESPONSE_MODE
    limit = MAX_STREAMED_PAYLOAD_BYTES if mode else MAX_PAYLOAD_BYTES
    payload = bytearray()
    try:
        async for chunk in request.stream():
            payload += chunk
            if len(payload) > limit:
                message = (
                    f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
                )
                error = FunctionError(type="Function.ResponseSizeTooLarge", message=message)
                return error_answer(error), REQUEST_ENTITY_TOO_LARGE
    except TruncatedRequestError:
        message = "The runtime's connection broke in the middle of its response."
        error = FunctionError(type="Runtime.TruncatedResponse", message=message)
        return error_answer(error), TRUNCATED_REQUEST
    content_type = request.header("Content-Type") or "application/octet-stream"
    if midstream := request.trailer(_ERROR_TYPE):
        body = _decode_base64(request.trailer(_ERROR_BODY) or "")
        return _as_error(body, midstream), ACCEPTED
    return Answer(payload=bytes(payload), content_type=content_type), ACCEPTED


async def _read_error(request: Request) -> Answer:
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) <= MAX_PAYLOAD_BYTES:
                body += chunk
    except TruncatedRequestError:
        pass  # keep the part of the error that has arrived
    return _as_error(bytes(body), request.header(_ERROR_TYPE))


def _as_error(body: bytes, error_type: str | None) -> Answer:
    """Read Lambda's error object from any body; the body itself is the payload."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        fields = {}
    error = FunctionError(
        type=str(fields.get("errorType") or error_type or "Runtime.Unknown"),
        message=str(fields.get("errorMessage") or ""),
    )
    return Answer(payload=body, error=error) if body else error_answer(error)


def _decode_base64(text: str) -> bytes:
    encoded = text.encode("latin-1")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return encoded


def _settle(future: asyncio.Future[_T], value: _T) -> None:
    if not future.done():
        future.set_result(value)
