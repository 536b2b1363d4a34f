"""Methods that call a function with the whole request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.function_back_end import Failure
from samlocal.http_api.media_types import BinaryMediaTypes
from samlocal.http_api.rest.client_headers import own_headers, replace_headers
from samlocal.http_api.rest.function_response import (
    BrokenBase64Error,
    read_metadata,
    read_response,
)
from samlocal.http_api.rest.gateway_errors import (
    API_CONFIGURATION_ERROR,
    INTEGRATION_TIMEOUT,
    MALFORMED_RESPONSE,
    GatewayError,
    failure_error,
)
from samlocal.http_api.result_members import WrongResultError
from samlocal.http_prelude import HTTP_INTEGRATION_RESPONSE, PreludeError, PreludeSplitter

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.function_back_end import FunctionBackEnd
    from samlocal.http_api.rest.function_response import FunctionResponse
    from samlocal.http_api.rest.routed_request import RoutedRequest
    from samlocal.invocation import FunctionError, ResponseMode
    from samlocal.project.apis import Api, FunctionIntegration


class FunctionMethod:
    """A method whose function answers with one result."""

    def __init__(
        self, integration: FunctionIntegration, api: Api, back_end: FunctionBackEnd
    ) -> None:
        self._integration = integration
        self._back_end = back_end
        self._binary_types = BinaryMediaTypes(api.binary_types)

    async def answer(self, routed: RoutedRequest, _writer: ResponseWriter) -> HttpResponse:
        """Run the function, and return its response."""
        target, request = self._integration.target, routed.request
        result = await self._back_end.call(
            target, routed.event, request, timeout_ms=self._integration.timeout_ms
        )
        if isinstance(result, Failure):
            raise failure_error(result)
        accept = request.header("accept")
        try:
            response = read_response(
                result.payload, decodes_base64=self._binary_types.matches(accept)
            )
        except WrongResultError as error:
            is_base64 = isinstance(error, BrokenBase64Error)
            raise GatewayError(
                API_CONFIGURATION_ERROR if is_base64 else MALFORMED_RESPONSE,
                reason=f"the result of `{target.function}` is not a response: {error}",
            ) from error
        headers = _with_own_headers(response, request)
        return HttpResponse(status=response.status, headers=headers, body=response.body)


class StreamingMethod:
    """A method whose function sends its response in parts.

    Its time limit is that of the whole response, `idle_seconds` that without a part of it. A client sees an incomplete
    body if it ends too early.
    """

    def __init__(
        self, integration: FunctionIntegration, back_end: FunctionBackEnd, *, idle_seconds: float
    ) -> None:
        self._integration = integration
        self._back_end = back_end
        self._idle_seconds = idle_seconds

    async def answer(self, routed: RoutedRequest, writer: ResponseWriter) -> None:
        """Run the function, and send its response as it comes."""
        target, request = self._integration.target, routed.request
        stream = _ResponseStream(request, writer, self._idle_seconds)
        try:
            failure = await self._back_end.stream(
                target,
                routed.event,
                request,
                sink=stream,
                timeout_ms=self._integration.timeout_ms,
            )
        finally:
            stream.close()
        if stream.is_idle:
            reason = f"`{target.function}` has sent nothing for {self._idle_seconds:g} seconds"
            raise GatewayError(INTEGRATION_TIMEOUT, reason=reason, has_begun=stream.has_begun)
        if failure is not None:
            raise failure_error(failure, has_begun=stream.has_begun)
        if stream.problem is not None:
            reason = f"the response of `{target.function}` cannot be streamed: {stream.problem}"
            raise GatewayError(MALFORMED_RESPONSE, reason=reason, has_begun=stream.has_begun)
        await writer.end()


class _ResponseStream:
    """A response sink that sends metadata as status and headers, and then the body."""

    def __init__(self, request: HttpRequest, writer: ResponseWriter, idle_seconds: float) -> None:
        self.is_idle = False
        self.answered: asyncio.Future[FunctionError | None] = asyncio.Future()
        self.problem: str | None = None
        self.has_begun = False
        self._request = request
        self._writer = writer
        # API Gateway expects metadata whatever the type is that the function gives its stream.
        self._splitter = PreludeSplitter(HTTP_INTEGRATION_RESPONSE)
        self._is_buffered = False
        self._is_closed = False
        self._idle_seconds = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._last_part = self._loop.time()
        self._timer = self._loop.call_later(idle_seconds, self._check_idle)

    async def begin(self, _content_type: str, mode: ResponseMode) -> None:
        self._is_buffered = mode == "buffered"

    async def write(self, chunk: bytes) -> None:
        """Send what belongs to the body; nothing after the end of a response that is wrong or late."""
        if self._is_closed or self._is_buffered:
            return
        self._last_part = (
            math.inf
        )  # a client that reads slowly is not a function that sends nothing
        try:
            await self._send(chunk)
        finally:
            self._last_part = self._loop.time()

    async def _send(self, chunk: bytes) -> None:
        try:
            body = self._splitter.feed(chunk)
            if self._splitter.prelude is not None and not self.has_begun:
                response = read_metadata(self._splitter.prelude)
                self.has_begun = True
                headers = _with_own_headers(response, self._request)
                await self._writer.begin(response.status, headers)
        except (PreludeError, WrongResultError) as error:
            self._fail(str(error))
            return
        if body:
            await self._writer.write(body)

    async def end(self, error: FunctionError | None) -> None:
        if self._is_closed:
            return
        if error is None and self._is_buffered:
            self._fail("the function does not stream: its result has no metadata and no NUL bytes")
        elif error is None:
            try:
                self._splitter.end()
            except PreludeError as broken:
                self._fail(str(broken))
        if not self.answered.done():
            self.answered.set_result(error)

    def close(self) -> None:
        """Drop what the function still writes."""
        self._is_closed = True
        self._timer.cancel()

    def _check_idle(self) -> None:
        """End the response if the function has sent nothing for too long; the timer is renewed rarely."""
        if self._is_closed or self.answered.done():
            return
        now = self._loop.time()
        remaining = min(self._last_part + self._idle_seconds - now, self._idle_seconds)
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._check_idle)
            return
        self.is_idle = True
        self._is_closed = True
        self.answered.set_result(None)

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self._is_closed = True
        self.answered.set_result(None)


def _with_own_headers(response: FunctionResponse, request: HttpRequest) -> list[tuple[str, str]]:
    return replace_headers(response.headers, own_headers(request, with_trace=True))
