"""The endpoint of a web function: passes requests on to its program.

What AWS tells of the service's requests, responses and errors:
https://github.com/aws/agent-toolkit-for-aws/tree/main/skills/specialized-skills/serverless-skills/aws-lambda-web-functions
The service drops requests for a WebSocket; here they are passed on, too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import ProgramNotListeningError, SamlocalError
from samlocal.http_api.asgi_exchange import refuse_websocket
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.web_functions.program_client import (
    HOP_BY_HOP,
    ProgramError,
    ProgramRequest,
    open_response,
)
from samlocal.project.web_functions import DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.web_functions.program_client import ProgramResponse
    from samlocal.http_api.web_functions.programs import Programs
    from samlocal.http_server.asgi import Receive, Scope, Send
    from samlocal.project.apis import Api

# https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
MAX_BODY_BYTES: Final = 64 * 1024 * 1024

_DROPPED: Final = HOP_BY_HOP | {
    "content-length",
    "expect",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-proto",
}
_REQUEST_ID: Final = "lambda-web-request-id"
_ENDPOINT_NAME: Final = "lambda-web-endpoint-name"


class WebFunctionGateway:
    """Serves one web function.

    `programs` start its program if need be, which does not count as time of a request. A request may take
    `timeout_seconds`, its response included. `concurrency` is the number of requests that the program gets at a time;
    others wait. That of a client that hangs up ends, as the program sees by its connection.
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self,
        api: Api,
        programs: Programs,
        *,
        report: Callable[[Diagnostic], None],
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> None:
        self._api = api
        self._programs = programs
        self._report = report
        self._reports = RequestReports(report)
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(concurrency)

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request with a body of more than 64 MiB, which is not kept in memory here."""
        return _error(413, "Payload Too Large", request)

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Send the program's response as it comes; return an error if there is none."""
        if request.header("expect"):
            self._tell(
                request,
                "the service refuses `Expect: 100-continue`, which curl sends for bodies over 1 MB",
            )
            return _error(417, "Expectation Failed", request)
        answering = asyncio.create_task(self._answer(request, writer))
        gone = asyncio.create_task(writer.wait_hang_up())
        try:
            await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return answering.result()
        finally:
            answering.cancel()
            gone.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)
        await writer.break_off()
        return None

    async def _answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        has_begun = False
        try:
            async with (
                self._slots,
                self._programs.connected(self._api.full_path) as connection,
                asyncio.timeout(self._timeout_seconds),
                open_response(connection, self._forwarded(request)) as response,
            ):
                has_begun = True
                await _pass_on(response, writer, request)
        except SamlocalError as error:
            return self._not_running(error, request)
        except ProgramError as error:
            self._tell(request, f"the program failed: {error}")
            failure = _error(502, "Internal Server Error", request)
        except TimeoutError:
            self._tell(
                request, f"no whole response within {self._timeout_seconds:g} s, its timeout"
            )
            failure = _error(504, "Gateway Timeout", request)
        else:
            return None
        if not has_begun:
            return failure
        await writer.break_off()
        return None

    async def accept(
        self, request: HttpRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Connect a client's WebSocket with one of the program, until either closes it.

        It does not count as a request, and does not keep a program alive whose code has changed.
        """
        from samlocal.http_api.web_functions.websocket_relay import relay_websocket  # noqa: PLC0415  # few programs have any

        await receive()  # that the client asks
        try:
            async with self._programs.connected(self._api.full_path, holds=False) as connection:
                forwarded = self._forwarded(request)
                await relay_websocket(connection, forwarded, scope["subprotocols"], receive, send)
        except SamlocalError as error:
            await refuse_websocket(self._not_running(error, request), send)
        except ProgramError as error:
            self._tell(request, f"no WebSocket: {error}")
            await refuse_websocket(_error(502, "Internal Server Error", request), send)

    def _not_running(self, error: SamlocalError, request: HttpRequest) -> HttpResponse:
        """Say why the program does not run, and return the response."""
        self._report(error_diagnostic(error, function=self._api.full_path))
        if isinstance(error, ProgramNotListeningError):
            return _error(504, "Gateway Timeout", request)
        return _error(502, "Internal Server Error", request)

    def _forwarded(self, request: HttpRequest) -> ProgramRequest:
        headers = [pair for pair in request.headers if pair[0].lower() not in _DROPPED]
        if request.header("host") is None:  # of a client of HTTP/1.0
            headers.insert(0, ("Host", request.host))
        addresses = [*request.all_values("x-forwarded-for"), request.source_ip]
        headers += (
            ("x-forwarded-for", ", ".join(addresses)),
            ("x-forwarded-port", str(request.port)),
            ("x-forwarded-proto", request.scheme),
            (_REQUEST_ID, request.request_id),
            (_ENDPOINT_NAME, self._api.stage),
        )
        query = f"?{request.query}" if request.query else ""
        target = f"{request.prefix}{request.path}{query}"
        return ProgramRequest(
            method=request.method, target=target, headers=headers, body=request.body
        )

    def _tell(self, request: HttpRequest, message: str) -> None:
        name = self._api.full_path
        self._reports(request, f"`{name}`: {message}", place=self._api.place)


async def _pass_on(response: ProgramResponse, writer: ResponseWriter, request: HttpRequest) -> None:
    headers: Sequence[tuple[str, str]] = (*response.headers, (_REQUEST_ID, request.request_id))
    await writer.begin(response.status, headers)
    async for chunk in response.chunks():
        await writer.write(chunk)
    await writer.end()


def _error(status: int, message: str, request: HttpRequest) -> HttpResponse:
    headers = [("Content-Type", "text/plain"), (_REQUEST_ID, request.request_id)]
    return HttpResponse(status=status, headers=headers, body=message.encode())
