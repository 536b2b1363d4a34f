"""What a runtime does: the end of its initialisation, and one invocation with its response as it arrives."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import (
    MAX_PAYLOAD_BYTES,
    MAX_STREAMED_PAYLOAD_BYTES,
    FunctionError,
    response_too_large,
)
from samlocal.runtime_api.answer import Answer, as_error, decode_base64, error_answer
from samlocal.runtime_api.futures import settle
from samlocal.runtime_api.http_messages import TruncatedRequestError
from samlocal.runtime_api.responses import (
    ACCEPTED,
    INVALID_RESPONSE_MODE,
    REQUEST_ENTITY_TOO_LARGE,
    TRUNCATED_REQUEST,
    invalid_state_transition,
)
from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState, move

if TYPE_CHECKING:
    from samlocal.invocation import Invocation, ResponseMode
    from samlocal.runtime_api.delivery import Delivery
    from samlocal.runtime_api.http_messages import Request, Response

_ERROR_TYPE: Final = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY: Final = "Lambda-Runtime-Function-Error-Body"
_RESPONSE_MODE: Final = "Lambda-Runtime-Function-Response-Mode"


@frozen
class Initialised:
    """The end of Init at `time.monotonic()` seconds; `failure` is the runtime's error, if any."""

    at: float
    failure: Answer | None = None


class InitCalls:
    """The calls of a runtime that end its Init; `initialised` is done then.

    If several workers of a runtime report an error, the first one counts.
    """

    def __init__(self) -> None:
        self.initialised: asyncio.Future[Initialised] = asyncio.Future()
        self._state = RuntimeState.STARTED

    async def init_error(self, request: Request) -> Response:
        """`POST /runtime/init/error`: the runtime could not load the function."""
        try:
            self._state = move(self._state, RuntimeState.INIT_ERROR)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        self._end_init(await read_error(request))
        return ACCEPTED

    def _end_init(self, failure: Answer | None = None) -> None:
        settle(self.initialised, Initialised(at=time.monotonic(), failure=failure))


@dataclass(kw_only=True, slots=True)
class Exchange:
    """One invocation in the runtime. Times are `time.monotonic()` seconds.

    `begun` is when the runtime receives the invocation, `answer` is done at the end of the runtime's
    response, and `finished` is when the runtime calls `next` again. The response has `first_byte_at` and
    `last_byte_at` (None before), which are the same for an empty one, and its size and mode so far.
    """

    invocation: Invocation
    deadline_ms: int
    delivery: Delivery
    begun: float = field(default_factory=time.monotonic)
    answer: asyncio.Future[Answer] = field(default_factory=asyncio.Future)
    finished: asyncio.Future[float] = field(default_factory=asyncio.Future)
    first_byte_at: float | None = None
    last_byte_at: float | None = None
    produced_bytes: int = 0
    mode: ResponseMode = "buffered"

    @property
    def has_whole_answer(self) -> bool:
        """Whether all of the runtime's answer has arrived."""
        return self.answer.done() and self.answer.result().is_whole

    @property
    def has_begun(self) -> bool:
        """Whether a part of the response has arrived, if only what announces a stream."""
        return self.first_byte_at is not None or self.mode == "streaming"

    def note_bytes(self, number: int) -> None:
        """Note that a part of the response has arrived."""
        self.last_byte_at = time.monotonic()
        if self.first_byte_at is None:
            self.first_byte_at = self.last_byte_at
        self.produced_bytes += number


async def read_response(request: Request, exchange: Exchange) -> tuple[Answer, Response]:
    """Read the runtime's response, and return it with the response to the runtime.

    A streamed response is delivered while it arrives, a buffered one is not delivered here.
    """
    mode = request.header(_RESPONSE_MODE)
    if mode not in {None, "", "streaming"}:
        message = f"Invalid function response mode: {mode}"
        error = FunctionError(type="Runtime.InvalidResponseModeHeader", message=message)
        return error_answer(error), INVALID_RESPONSE_MODE
    content_type = request.header("Content-Type") or "application/octet-stream"
    try:
        if mode:
            exchange.mode = "streaming"
            await exchange.delivery.begin(content_type, exchange.mode)
            await _deliver_body(request, exchange)
            payload = exchange.delivery.kept
        else:
            payload = await _read_body(request, exchange)
    except _TooLargeError as error:
        return error_answer(error.error), REQUEST_ENTITY_TOO_LARGE
    except TruncatedRequestError:
        message = "The runtime's connection broke in the middle of its response."
        truncated = FunctionError(type="Runtime.TruncatedResponse", message=message)
        return replace(error_answer(truncated), is_whole=False), TRUNCATED_REQUEST
    finally:
        exchange.note_bytes(0)
    if error_type := request.trailer(_ERROR_TYPE):
        return as_error(decode_base64(request.trailer(_ERROR_BODY) or ""), error_type), ACCEPTED
    return Answer(payload=payload, content_type=content_type), ACCEPTED


async def read_error(request: Request, exchange: Exchange | None = None) -> Answer:
    """Read an error that the runtime reports; what is over the limit of a payload is dropped."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) <= MAX_PAYLOAD_BYTES:
                body += chunk
            if exchange:
                exchange.note_bytes(len(chunk))
    except TruncatedRequestError:
        pass  # keep the part of the error that has arrived
    if exchange:
        exchange.note_bytes(0)
    return as_error(bytes(body), request.header(_ERROR_TYPE))


class _TooLargeError(Exception):
    """A response is over its limit in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.error = response_too_large(limit)


async def _read_body(request: Request, exchange: Exchange) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        exchange.note_bytes(len(chunk))
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            raise _TooLargeError(MAX_PAYLOAD_BYTES)
    return bytes(body)


async def _deliver_body(request: Request, exchange: Exchange) -> None:
    """Deliver the body as it arrives, up to the limit; what comes after it is dropped."""
    room = MAX_STREAMED_PAYLOAD_BYTES
    async for chunk in request.stream():
        exchange.note_bytes(len(chunk))
        await exchange.delivery.write(chunk[:room])
        room -= len(chunk)
        if room < 0:
            raise _TooLargeError(MAX_STREAMED_PAYLOAD_BYTES)
