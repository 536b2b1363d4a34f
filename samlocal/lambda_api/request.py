"""A request of a client, as ASGI hands it over."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.responses import all_headers, content_length
from samlocal.trace_header import format_trace_header, usable_fields

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from samlocal.http_server.asgi import Receive, Scope, Send
    from samlocal.lambda_api.responses import Response


class DisconnectedError(Exception):
    """The client hung up before it had sent its request."""


class Request:
    """One request: headers by name in lower case, and the ID that its answer has.

    `has_address` is false for a client on a unix socket. `trace_header` is that of the answer, which `has_begun` when its status cannot change any more.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        # Not `path`, in which a `/` of a function's name is no different from those of the path.
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.has_address = bool(scope.get("client"))
        self.request_id = str(uuid.uuid4())
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query_string: bytes = scope["query_string"]
        self.has_begun = False
        self._trace_header: str | None = None
        self._receive = receive
        self._send = send
        self._has_whole_body = False

    def header(self, name: bytes) -> str | None:
        """Return the value of a header; None if there is none."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the query; None if there is none."""
        if not self._query_string:
            return None
        pairs = parse_qsl(self._query_string.decode("latin-1"), keep_blank_values=True)
        return dict(pairs).get(name)

    @property
    def trace_header(self) -> str:
        if self._trace_header is None:
            fields = usable_fields(self.header(b"x-amzn-trace-id"))
            self._trace_header = format_trace_header(fields)
        return self._trace_header

    @trace_header.setter
    def trace_header(self, header: str) -> None:
        self._trace_header = header

    async def body(self, max_bytes: int) -> bytes:
        """Return the body.

        Raises:
            LambdaApiError: It is larger than Lambda allows for an invocation.
            DisconnectedError: The client hung up before the end.
        """
        if int(self._headers.get(b"content-length") or 0) > max_bytes:
            raise _too_large(max_bytes)
        chunk = await self._next_chunk()
        if self._has_whole_body and len(chunk) <= max_bytes:
            return chunk
        body = bytearray(chunk)
        while len(body) <= max_bytes:
            if self._has_whole_body:
                return bytes(body)
            body += await self._next_chunk()
        raise _too_large(max_bytes)

    async def respond(self, response: Response) -> None:
        """Send a whole response; the server reads what the client still sends."""
        headers = [*response.headers, *content_length(response)]
        await self.begin_response(response._replace(headers=headers))
        await self.send_part(response.body, is_last=True)

    def begin_response(self, response: Response) -> Awaitable[None]:
        """Return what sends status and headers; the response has begun from now on."""
        self.has_begun = True
        headers = all_headers(response, request_id=self.request_id, trace_header=self.trace_header)
        return self._send(
            {"type": "http.response.start", "status": response.status, "headers": headers}
        )

    async def send_part(self, part: bytes, *, is_last: bool = False) -> None:
        """Send a part of the body, no faster than the client reads."""
        await self._send({"type": "http.response.body", "body": part, "more_body": not is_last})

    async def _next_chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        self._has_whole_body = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk


def _too_large(max_bytes: int) -> LambdaApiError:
    return LambdaApiError(
        error_types.REQUEST_TOO_LARGE,
        f"Request must be smaller than {max_bytes} bytes for the InvokeFunction operation",
    )
