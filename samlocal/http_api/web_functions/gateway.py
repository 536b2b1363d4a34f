"""The endpoint of a web function: passes requests on to its program.

What AWS tells of the service's requests, responses and errors:
https://github.com/aws/agent-toolkit-for-aws/tree/main/skills/specialized-skills/serverless-skills/aws-lambda-web-functions
A request for a WebSocket is a request as any other: the service drops the upgrade.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import SamlocalError
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.web_functions.program_client import (
    ProgramError,
    ProgramRequest,
    open_response,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.web_functions.program_client import ProgramAddress, ProgramResponse
    from samlocal.project.apis import Api

# https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
DEFAULT_TIMEOUT_SECONDS: Final = 30
DEFAULT_CONCURRENCY: Final = 64
MAX_BODY_BYTES: Final = 64 * 1024 * 1024

_DROPPED: Final = frozenset(
    ("connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer")
) | {"transfer-encoding", "upgrade", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
_REQUEST_ID: Final = "lambda-web-request-id"
_ENDPOINT_NAME: Final = "lambda-web-endpoint-name"


class WebFunctionGateway:
    """Serves one web function.

    `find_address` returns where its program listens, and starts it if need be. A request may take `timeout_seconds`,
    its response included. `concurrency` is the number of requests that the program gets at a time; others wait.
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self,
        api: Api,
        find_address: Callable[[], Awaitable[ProgramAddress]],
        *,
        report: Callable[[Diagnostic], None],
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> None:
        self._api = api
        self._find_address = find_address
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
        has_begun = False
        try:
            async with self._slots, asyncio.timeout(self._timeout_seconds):
                address = await self._find_address()
                async with open_response(address, self._forwarded(request)) as response:
                    has_begun = True
                    await _pass_on(response, writer, request)
        except SamlocalError as error:
            self._report(error_diagnostic(error, function=self._api.full_path))
            return _error(500, "Internal Server Error", request)
        except ProgramError as error:
            self._tell(request, f"the program failed: {error}")
            failure = _error(502 if error.is_reachable else 500, "Internal Server Error", request)
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

    def _forwarded(self, request: HttpRequest) -> ProgramRequest:
        headers = [pair for pair in request.headers if pair[0].lower() not in _DROPPED]
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
