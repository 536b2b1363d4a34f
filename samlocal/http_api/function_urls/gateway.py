"""The gateway of a function URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import SamlocalError
from samlocal.http_api import payload_2
from samlocal.http_api.authorizers.iam_callers import find_caller, iam_context
from samlocal.http_api.cors import CorsPolicy, is_preflight
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.function_back_end import Failure, FunctionBackEnd
from samlocal.http_api.function_urls.results import (
    error_response,
    failed_response,
    read_result,
)
from samlocal.http_api.function_urls.streamed_response import StreamedResponse
from samlocal.http_api.request_headers import collect_headers
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.result_members import WrongResultError
from samlocal.project.apis import (
    DEFAULT_ROUTE,
    DEFAULT_STAGE,
    FunctionIntegration,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.functions import Functions
    from samlocal.http_api.result_members import HeaderList
    from samlocal.project.apis import Api

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES: Final = 6 * 1024 * 1024

_ANONYMOUS: Final = "anonymous"
# Functions do not see it.
_SIGNATURE: Final = "AWS4-"
# URLs are always HTTPS. https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/functionurl-request.json
_TLS_HEADERS: Final = {
    "x-amzn-tls-cipher-suite": ["TLS_AES_128_GCM_SHA256"],
    "x-amzn-tls-version": ["TLSv1.3"],
}
# After the timeout of the function, nothing more is expected of it: nobody waits for its client then.
_GRACE_SECONDS: Final = 5
_MAX_TIMEOUT_SECONDS: Final = 900


class FunctionUrlGateway:
    """Answers the requests of one function URL.

    `report` gets what was wrong where the client only gets a status.
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self, api: Api, functions: Functions, *, report: Callable[[Diagnostic], None]
    ) -> None:
        self._api = api
        self._functions = functions
        self._tell = RequestReports(report)
        self._cors = CorsPolicy(api.cors, repeats_origin=True) if api.cors else None
        self._back_end = FunctionBackEnd(functions)

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request whose body is larger than 6 MiB."""
        return self._complete_response(request, _too_large())

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the response to a request; None if it was streamed."""
        if self._cors is not None and is_preflight(request):
            headers = [("Content-Type", "application/json"), *_traces(request)]
            headers += self._cors.preflight_headers(request)
            return HttpResponse(status=200, headers=headers)
        if len(request.body) > MAX_BODY_BYTES:
            return await self.refuse_body(request)
        integration = next((each.integration for each in self._api.routes), None)
        if not isinstance(integration, FunctionIntegration):
            message = self._tell.refusal(request, integration, "this URL has no function")
            return self._complete_response(request, error_response(501, message))
        event = await self._event(request)
        if integration.streams:
            return await self._stream(request, writer, integration, event)
        response = await self._call(request, integration, event)
        return self._complete_response(request, response)

    async def _call(
        self, request: HttpRequest, integration: FunctionIntegration, event: Event
    ) -> HttpResponse:
        result = await self._back_end.call(
            integration.target, event, request, invocation_id=request.request_id
        )
        if isinstance(result, Failure):
            return self._fail(request, result)
        try:
            return read_result(result)
        except WrongResultError as error:
            return self._reject(request, integration, str(error))

    async def _stream(
        self,
        request: HttpRequest,
        writer: ResponseWriter,
        integration: FunctionIntegration,
        event: Event,
    ) -> HttpResponse | None:
        function = integration.target.function
        sink = StreamedResponse(
            writer,
            lambda headers: self._complete(request, headers),
            patience_seconds=await self._timeout_seconds(function) + _GRACE_SECONDS,
        )
        failure = await self._back_end.stream(
            integration.target, event, request, sink=sink, invocation_id=request.request_id
        )
        if sink.has_begun:
            if failure is None and sink.problem is None:
                await writer.end()
            else:
                self._tell(
                    request,
                    f"{failure.message if failure else sink.problem}; the response is incomplete",
                )
                await writer.break_off()
            return None
        if failure is not None:
            response = self._fail(request, failure)
        elif sink.problem is not None:
            response = self._reject(request, integration, sink.problem)
        else:
            response = sink.whole
            self._warn_unless_streamed(request, function, response.body)
        return self._complete_response(request, response)

    def _warn_unless_streamed(self, request: HttpRequest, function: str, payload: bytes) -> None:
        if b'"statusCode"' not in payload[:1000]:
            return
        self._tell(
            request,
            f"`{function}` does not stream its response: with `InvokeMode: RESPONSE_STREAM` its whole"
            " result is the body, and `statusCode` has no effect",
            hint="stream the response, or set `InvokeMode: BUFFERED`",
        )

    async def _timeout_seconds(self, function: str) -> int:
        try:
            return (await self._functions.find(function)).timeout_seconds
        except SamlocalError:  # which the invocation raises as well
            return _MAX_TIMEOUT_SECONDS

    def _fail(self, request: HttpRequest, failure: Failure) -> HttpResponse:
        self._tell(request, failure.message, hint=failure.hint)
        if failure.kind == "throttled":
            return error_response(429, "Rate Exceeded.", "TooManyRequestsException")
        if failure.kind == "too large":
            return _too_large()
        return failed_response()

    def _reject(
        self, request: HttpRequest, integration: FunctionIntegration, problem: str
    ) -> HttpResponse:
        function = integration.target.function
        self._tell(request, f"the result of `{function}` is not a response: {problem}")
        return failed_response()

    async def _event(self, request: HttpRequest) -> Event:
        headers = collect_headers(request, keeps_forwarded=False) | _TLS_HEADERS
        account_id, caller = _ANONYMOUS, None
        if not self._api.takes_any_caller:
            _, own_account_id = await self._functions.region_and_account()
            caller = find_caller(request, account_id=own_account_id)
            account_id = caller.account_id
            if headers.get("authorization", [""])[0].startswith(_SIGNATURE):
                del headers["authorization"]
        path = f"{request.prefix}{request.path}"
        route = payload_2.EventRoute(
            account_id=account_id,
            api_id=self._api.identifier,
            domain_prefix=self._api.identifier,
            stage=DEFAULT_STAGE,
            key=DEFAULT_ROUTE,
            raw_path=path,
            path=payload_2.decode_path(path),
            has_cookie_header=True,
        )
        event = payload_2.build_event(request, route, headers)
        if caller is not None:
            event["requestContext"]["authorizer"] = {"iam": iam_context(caller)}
        return event

    def _complete_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        headers = self._complete(request, list(response.headers))
        return HttpResponse(status=response.status, headers=headers, body=response.body)

    def _complete(self, request: HttpRequest, headers: HeaderList) -> HeaderList:
        """Add what every response has; CORS headers come besides those of the function."""
        added = self._cors.response_headers(request) if self._cors else []
        return [*headers, *_traces(request), *added]


def _too_large() -> HttpResponse:
    message = (
        f"Request must be smaller than {MAX_BODY_BYTES} bytes for the InvokeFunction operation"
    )
    return error_response(413, message, "RequestEntityTooLargeException")


def _traces(request: HttpRequest) -> HeaderList:
    return [("x-amzn-RequestId", request.request_id), ("X-Amzn-Trace-Id", request.trace_header)]
