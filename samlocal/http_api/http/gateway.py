"""The gateway of an HTTP API."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from samlocal.http_api.authorization import Refused, method_arn
from samlocal.http_api.cors import CORS_HEADERS_PREFIX, CorsPolicy, is_preflight
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.function_back_end import STREAM_HINT, Failure, FunctionBackEnd
from samlocal.http_api.http.events import Events
from samlocal.http_api.http.http_proxy import HttpProxy, NoResponseError
from samlocal.http_api.http.parameter_mapping import RequestParts, change_request, read_mappings
from samlocal.http_api.http.paths import PathError, decode_path
from samlocal.http_api.http.response_mapping import ResponseMapping
from samlocal.http_api.http.results import error_response, read_result
from samlocal.http_api.http.routes import RouteTable
from samlocal.http_api.payload_1 import extended_request_id
from samlocal.http_api.request_headers import has_too_large_headers
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.result_members import WrongResultError
from samlocal.http_api.throttling import Throttle
from samlocal.project.apis import FunctionIntegration, HttpIntegration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.authorization import Authorizers, Event, RefusalType
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.functions import Functions
    from samlocal.http_api.http.parameter_mapping import ParameterMapping
    from samlocal.http_api.http.routes import MatchedRoute
    from samlocal.project.apis import Api

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAX_BODY_BYTES: Final = 10 * 1024 * 1024
MAX_TIMEOUT_MS: Final = 30_000

_ERROR: Final = (500, "Internal Server Error")
_UNAVAILABLE: Final = (503, "Service Unavailable")
_TOO_LARGE: Final = (413, "Request Entity Too Large")
# The quota is documented, the answer is not: see `MAX_HEADER_BYTES`.
_HEADERS_TOO_LARGE: Final = (431, "Request Header Fields Too Large")
_FORBIDDEN: Final = (403, "Forbidden")
_REFUSALS: Final[Mapping[RefusalType, tuple[int, str]]] = {
    "UNAUTHORIZED": (401, "Unauthorized"),
    "ACCESS_DENIED": _FORBIDDEN,
    "MISSING_AUTHENTICATION_TOKEN": _FORBIDDEN,
    "INVALID_API_KEY": _FORBIDDEN,
    "THROTTLED": (429, "Too Many Requests"),
    "AUTHORIZER_FAILURE": _ERROR,
    "AUTHORIZER_CONFIGURATION_ERROR": _ERROR,
}
_FAILURES: Final = {
    "error": _ERROR,
    "timeout": _UNAVAILABLE,
    "throttled": _UNAVAILABLE,
    "too large": _TOO_LARGE,
}


class HttpGateway:
    """Answers the requests of one HTTP API.

    `report` gets what was wrong where the client only gets a status. Ids of requests are short ones, such as
    `ATfSmjLgPHcESJw=`: https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/apigwv2-request.json
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        *,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._api = api
        self._functions = functions
        self._authorizers = authorizers
        self._tell = RequestReports(report)
        self._routes = RouteTable(api.routes)
        self._cors = CorsPolicy(api.cors, repeats_origin=False) if api.cors else None
        self._back_end = FunctionBackEnd(functions)
        self._events = Events(api)
        self._proxies = {
            id(each.integration): _proxy(each.integration)
            for each in api.routes
            if isinstance(each.integration, HttpIntegration)
        }
        self._throttles = {id(each): Throttle(each) for each in api.routes if each.limits}
        self._request_mappings = {
            id(each.integration): read_mappings(each.integration.parameters)
            for each in api.routes
            if isinstance(each.integration, FunctionIntegration) and each.integration.parameters
        }
        self._response_mappings = {
            id(each.integration): ResponseMapping(each.integration.response_parameters)
            for each in api.routes
            if isinstance(each.integration, FunctionIntegration | HttpIntegration)
            and each.integration.response_parameters
        }

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request whose body is larger than 10 MiB."""
        request = replace(request, request_id=extended_request_id(request.request_id))
        return self._complete(request, error_response(*_TOO_LARGE))

    async def answer(self, request: HttpRequest, _writer: ResponseWriter) -> HttpResponse:
        """Return the response to a request."""
        request = replace(request, request_id=extended_request_id(request.request_id))
        if self._cors is not None and is_preflight(request):
            return await self._answer_preflight(request, self._cors)
        if len(request.body) > MAX_BODY_BYTES:
            return self._complete(request, error_response(*_TOO_LARGE))
        if has_too_large_headers(request):
            return self._complete(request, error_response(*_HEADERS_TOO_LARGE))
        return self._complete(request, await self._respond(request))

    async def _answer_preflight(self, request: HttpRequest, cors: CorsPolicy) -> HttpResponse:
        """Return the API's own answer, unless a route takes OPTIONS whose authorizer refuses the request.

        Browsers send no token with a preflight, so such a route needs another one, `OPTIONS /{proxy+}`, beside it:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
        """
        matched, path = None, ""
        with suppress(PathError):
            path = decode_path(request.path)
            matched = self._routes.find(request.method, path)
        if matched is not None and matched.route.authorizer is not None:
            checked = await self._authorize(request, matched, path)
            if isinstance(checked, HttpResponse):
                self._tell(
                    request,
                    f"the preflight is refused by the authorizer of `{matched.key}`",
                    hint="add a route `OPTIONS /{proxy+}` without an authorizer",
                )
                return self._complete(request, checked)
        headers = [*cors.preflight_headers(request), _request_id(request)]
        return HttpResponse(status=204, headers=headers)

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        try:
            path = decode_path(request.path)
        except PathError as error:
            self._tell(request, str(error))
            return error_response(400, "Bad Request")
        matched = self._routes.find(request.method, path)
        if matched is None:
            return error_response(404, "Not Found")
        if matched.route.limits:
            throttle = self._throttles[id(matched.route)]
            refused = throttle.take(request.method, request.received)
            if refused is not None:
                return self._refuse(request, refused)
        event = await self._authorize(request, matched, path)
        if isinstance(event, HttpResponse):
            return event
        response = await self._integrate(request, matched, path, event)
        changes = self._response_mappings.get(id(matched.route.integration))
        return changes.change(response, request, event) if changes else response

    async def _authorize(
        self, request: HttpRequest, matched: MatchedRoute, path: str
    ) -> Event | HttpResponse:
        """Return the event of a request with what its authorizer has found, or the refusal."""
        owner = await self._functions.region_and_account()
        event = self._events.build_2(request, matched, path, owner[1])
        if matched.route.authorizer is not None:
            arn = method_arn(self._api, f"{request.method}{path}", owner)
            verdict = await self._authorizers.check(self._api, matched.route, request, event, arn)
            if isinstance(verdict, Refused):
                return self._refuse(request, verdict)
            if verdict.context is not None:
                event["requestContext"]["authorizer"] = verdict.context
        return event

    async def _integrate(
        self, request: HttpRequest, matched: MatchedRoute, path: str, event: Event
    ) -> HttpResponse:
        integration = matched.route.integration
        if isinstance(integration, FunctionIntegration):
            if mappings := self._request_mappings.get(id(integration)):
                request, path, event = self._map(mappings, request, matched, path, event)
            if integration.payload == "1.0":
                event = self._events.build_1(request, matched, path, event)
            return await self._call(request, integration, event)
        if (proxy := self._proxies.get(id(integration))) is not None:
            try:
                return await proxy.answer(request, matched, event)
            except NoResponseError as error:
                self._tell(request, str(error))
                return error_response(*_UNAVAILABLE)
        message = "HTTP APIs have integrations with functions and HTTP servers only"
        return error_response(501, self._tell.refusal(request, integration, message))

    def _map(
        self,
        mappings: tuple[ParameterMapping, ...],
        request: HttpRequest,
        matched: MatchedRoute,
        path: str,
        event: Event,
    ) -> tuple[HttpRequest, str, Event]:
        """Return a request for a function with the changes of its integration, its decoded path, and its event."""
        own = RequestParts(quote(path), request.query, list(request.headers))
        changed = change_request(mappings, own, request, event)
        context = event["requestContext"]
        request = replace(request, query=changed.query, headers=tuple(changed.headers))
        path = unquote(changed.path)
        event = self._events.build_2(request, matched, path, context["accountId"])
        if "authorizer" in context:
            event["requestContext"]["authorizer"] = context["authorizer"]
        return request, path, event

    async def _call(
        self, request: HttpRequest, integration: FunctionIntegration, event: Event
    ) -> HttpResponse:
        result = await self._back_end.call(
            integration.target,
            event,
            request,
            timeout_ms=_timeout_ms(integration),
        )
        if isinstance(result, Failure):
            self._tell(request, result.message, hint=result.hint)
            return error_response(*_FAILURES[result.kind])
        try:
            return read_result(result.payload, integration.payload)
        except WrongResultError as error:
            function = integration.target.function
            hint = STREAM_HINT if result.mode == "streaming" else None
            self._tell(request, f"the result of `{function}` is not a response: {error}", hint=hint)
            return error_response(*_ERROR)

    def _refuse(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        if refused.reason is not None:
            self._tell(request, refused.reason, place=refused.place)
        status, message = _REFUSALS[refused.kind]
        response = error_response(status, refused.message or message)
        return replace(response, headers=[*response.headers, *refused.headers.items()])

    def _complete(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add what every response has; CORS headers of the back end are ignored if the API has a configuration."""
        headers = list(response.headers)
        if self._cors is not None:
            headers = [
                (name, value)
                for name, value in headers
                if not name.lower().startswith(CORS_HEADERS_PREFIX)
            ]
            headers += self._cors.response_headers(request)
        headers.append(_request_id(request))
        return HttpResponse(status=response.status, headers=headers, body=response.body)


def _proxy(integration: HttpIntegration) -> HttpProxy:
    return HttpProxy(integration, timeout_ms=_timeout_ms(integration))


def _timeout_ms(integration: FunctionIntegration | HttpIntegration) -> int:
    return min(integration.timeout_ms, MAX_TIMEOUT_MS)


def _request_id(request: HttpRequest) -> tuple[str, str]:
    return "apigw-requestid", request.request_id
