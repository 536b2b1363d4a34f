"""InvokeWithResponseStream: the response of a function as it comes.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html

Here, too, a client that hangs up does not end the function: what it still writes is dropped.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from samlocal.errors import OutputError, SamlocalError
from samlocal.lambda_api.answers import Underway
from samlocal.lambda_api.api_error import api_error
from samlocal.lambda_api.event_stream import CONTENT_TYPE, encode_error, encode_event
from samlocal.lambda_api.log_tail import LogTail
from samlocal.lambda_api.requested_call import read_call, read_invocation_type
from samlocal.lambda_api.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import FunctionError, ResponseMode
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.request import Request

# After the timeout of the function, nothing more is expected of it: nobody waits for its client then.
_GRACE_SECONDS: Final = 5


class ResponseStreams:
    """The operation that streams."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._underway = Underway()

    async def invoke_with_response_stream(self, request: Request, name: str) -> Response | None:
        """Run a function and send its response in chunks; None if an answer has begun."""
        invocation_type = read_invocation_type(request, "RequestResponse", "DryRun")
        requested = await read_call(self._functions, request, name, invocation_type=invocation_type)
        if invocation_type == "DryRun":
            return Response(204)
        patience = requested.function.timeout_seconds + _GRACE_SECONDS
        stream = _ResponseStream(request, requested.version, patience_seconds=patience)
        invocation = self._functions.invoke(requested.call, response=stream, tail=stream.log)
        try:
            if requested.has_tail:
                await invocation
            else:
                await self._underway.run(invocation, stream.answered)
        except _SlowClientError:
            return None
        except SamlocalError as error:
            if not request.has_begun:
                raise
            await stream.break_off(error)
        else:
            await stream.complete(has_tail=requested.has_tail)
        return None


class _SlowClientError(OutputError):
    """A client keeps its connection, but reads nothing."""


class _ResponseStream:
    """A response sink, and the log that tells that the function runs.

    Status and headers are sent with the first line of the log, which is `START` at the latest, so that a
    client does not wait for the first byte. What is refused or throttled has a status of its own.
    """

    def __init__(self, request: Request, version: str, *, patience_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.log = _StreamLog(lambda: loop.call_soon_threadsafe(self._begin))
        self.answered: asyncio.Future[FunctionError | None] = asyncio.Future()
        """Done at the end of the response, with its error."""
        self._request = request
        self._version = version
        self._patience_seconds = patience_seconds
        self._beginning: asyncio.Future[None] | None = None
        self._kept: list[bytes] | None = None

    async def begin(self, _content_type: str, mode: ResponseMode) -> None:
        self._kept = [] if mode == "buffered" else None
        await self._begun()

    async def write(self, chunk: bytes) -> None:
        """Send a chunk, no faster than the client reads; keep that of a buffered response."""
        if self._kept is None:
            await self._send_chunk(chunk)
        else:
            self._kept.append(chunk)

    async def end(self, error: FunctionError | None) -> None:
        """Send a buffered response, unless it is an error, whose place is the last event."""
        if self._kept and error is None:
            await self._send_chunk(b"".join(self._kept))
        if not self.answered.done():
            self.answered.set_result(error)

    async def complete(self, *, has_tail: bool) -> None:
        """Send the last event, with the error of the function and the end of the log."""
        await self._begun()
        content = {}
        if error := self.answered.result():
            content["ErrorCode"] = error.type
            content["ErrorDetails"] = error.payload.decode(errors="replace")
        if has_tail:
            content["LogResult"] = self.log.tail.encoded().decode()
        payload = json.dumps(content).encode()
        await self._request.send_part(
            encode_event("InvokeComplete", payload, content_type="application/json"), is_last=True
        )

    async def break_off(self, error: SamlocalError) -> None:
        """Send an error in the middle of the response, which the client raises."""
        await self._begun()
        translated = api_error(error)
        message = encode_error(translated.error_type.name, translated.message)
        await self._request.send_part(message, is_last=True)

    def _begin(self) -> None:
        if not self._request.has_begun:
            headers = [(b"x-amz-executed-version", self._version.encode())]
            response = Response(200, headers=headers, content_type=CONTENT_TYPE)
            self._beginning = asyncio.ensure_future(self._request.begin_response(response))

    async def _begun(self) -> None:
        self._begin()
        if self._beginning:
            await self._beginning

    async def _send_chunk(self, chunk: bytes) -> None:
        message = encode_event("PayloadChunk", chunk, content_type="application/octet-stream")
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._request.send_part(message)
        except TimeoutError as error:
            raise _SlowClientError("the client does not read the response") from error


class _StreamLog:
    """A log that keeps its end, and tells when it gets something for the first time."""

    def __init__(self, has_begun: Callable[[], object]) -> None:
        self.tail = LogTail()
        self._has_begun: Callable[[], object] | None = has_begun

    def write(self, output: bytes) -> None:
        self._note()
        self.tail.write(output)

    def line(self, text: str) -> None:
        self._note()
        self.tail.line(text)

    def _note(self) -> None:
        if has_begun := self._has_begun:
            self._has_begun = None
            has_begun()
