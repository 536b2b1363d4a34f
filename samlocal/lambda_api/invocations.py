"""Invoke and InvokeAsync.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

A client that hangs up ends nothing: the function runs to its end, as on Lambda.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from samlocal.invocation import MAX_PAYLOAD_BYTES, response_too_large
from samlocal.lambda_api.answers import KeptResponse, Underway
from samlocal.lambda_api.log_tail import LogTail
from samlocal.lambda_api.requested_call import read_call, read_invocation_type
from samlocal.lambda_api.responses import Response

if TYPE_CHECKING:
    from samlocal.errors import SamlocalError
    from samlocal.function import Function
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.request import Request
    from samlocal.lambda_api.requested_call import RequestedCall
    from samlocal.serving.function_call import FunctionCall


class Events(Protocol):
    """Where asynchronous invocations go."""

    def enqueue(
        self, function: Function, call: FunctionCall, *, refused: SamlocalError | None = None
    ) -> None:
        """Take an event, and return at once; one that is `refused` fails without a run.

        Raises:
            SamlocalError: There is no room for it.
        """


class Invocations:
    """The operations that run a function and answer when it is done, or at once."""

    def __init__(self, functions: Functions, events: Events) -> None:
        self._functions = functions
        self._events = events
        self._underway = Underway()

    async def invoke(self, request: Request, name: str) -> Response:
        """Run a function and return its result; or put the event in the queue; or only check."""
        invocation_type = read_invocation_type(request, "RequestResponse", "Event", "DryRun")
        requested = await read_call(self._functions, request, name, invocation_type=invocation_type)
        if invocation_type == "DryRun":
            return Response(204)
        if invocation_type == "Event":
            return self._enqueue(requested)
        if requested.has_tail:
            tail = LogTail()
            result = await self._functions.invoke(requested.call, tail=tail)
            failed = result.outcome != "success"
            return _response(result.payload, requested.version, failed=failed, tail=tail)
        kept = KeptResponse()
        invocation = self._functions.invoke(requested.call, response=kept)
        await self._underway.run(invocation, kept.answered)
        failed = kept.answered.result() is not None
        return _response(kept.payload, requested.version, failed=failed)

    async def invoke_async(self, request: Request, name: str) -> Response:
        """Put an event in the queue."""
        requested = await read_call(self._functions, request, name, invocation_type="Event")
        return self._enqueue(requested)

    def _enqueue(self, requested: RequestedCall) -> Response:
        self._events.enqueue(requested.function, requested.call, refused=requested.refused)
        return Response(202)


def _response(
    payload: bytes, version: str, *, failed: bool, tail: LogTail | None = None
) -> Response:
    if len(payload) > MAX_PAYLOAD_BYTES:  # of a function that streams: elsewhere it may be larger
        payload, failed = response_too_large(MAX_PAYLOAD_BYTES).payload, True
    headers = [(b"x-amz-executed-version", version.encode())]
    if failed:
        headers.append((b"x-amz-function-error", b"Unhandled"))
    if tail:
        headers.append((b"x-amz-log-result", tail.encoded()))
    return Response(200, payload, headers)
