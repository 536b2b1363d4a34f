"""The gateway of a REST API: from a request to its method, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.api_keys import ApiKeys
from samlocal.http_api.authorization import Refused, method_arn
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.forwarded_headers import forwarded_headers
from samlocal.http_api.function_back_end import FunctionBackEnd
from samlocal.http_api.media_types import BinaryMediaTypes
from samlocal.http_api.paths import PathTree
from samlocal.http_api.payload_1 import EventTarget, build_event, short_id
from samlocal.http_api.refusal_types import MISSING_AUTHENTICATION_TOKEN
from samlocal.http_api.request_headers import MAX_HEADER_BYTES, has_too_large_headers
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.rest.content_codings import (
    CodedBodyTooLargeError,
    CodingError,
    choose_coding,
    compress,
    decompress,
)
from samlocal.http_api.rest.custom_integration import CustomFunctionMethod
from samlocal.http_api.rest.function_integration import FunctionMethod, StreamingMethod
from samlocal.http_api.rest.gateway_errors import (
    API_CONFIGURATION_ERROR,
    REQUEST_TOO_LARGE,
    UNSUPPORTED,
    UNSUPPORTED_MEDIA_TYPE,
    GatewayError,
    refusal_error,
)
from samlocal.http_api.rest.gateway_responses import (
    choose_gateway_response,
    customized_response,
    plain_response,
)
from samlocal.http_api.rest.http_integration import HttpMethod
from samlocal.http_api.rest.mock_integration import MockMethod
from samlocal.http_api.rest.request_validation import RequestValidator
from samlocal.http_api.rest.routed_request import RoutedRequest
from samlocal.http_api.result_members import has_header
from samlocal.http_api.throttling import Throttle
from samlocal.project.apis import (
    ANY_METHOD,
    CustomFunctionIntegration,
    FunctionIntegration,
    HttpIntegration,
    MockIntegration,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.authorization import Authorizers, Event
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.functions import Functions
    from samlocal.http_api.rest.routed_request import BackEnd
    from samlocal.project.apis import Api, Route, UnsupportedIntegration

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_BODY_BYTES: Final = 10 * 1024 * 1024
# https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
_IDLE_SECONDS: Final = 300.0
_EDGE_IDLE_SECONDS: Final = 30.0
# Not API Gateway's own errors: no gateway response applies to them, and they have no ids.
# https://github.com/koki-develop/lgtm-generator/issues/10
_TEXT: Final = (("Content-Type", "text; charset=utf-8"),)
_BODY_TOO_LARGE: Final = HttpResponse(
    status=413,
    headers=_TEXT,
    body=b"HTTP content length exceeded %d bytes." % MAX_BODY_BYTES,
)
# https://ntsblog.homedev.com.au/index.php/2021/03/09/aws-api-gateway-http-header-is-larger-than-10240-bytes/
# https://backbencher.dev/solved-431-status-code-with-request-header-fields-too-large
_HEADERS_TOO_LARGE: Final = HttpResponse(
    status=431,
    headers=_TEXT,
    body=b"HTTP header is larger than %d bytes." % MAX_HEADER_BYTES,
)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
_METHODS_OF_ANY: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@frozen
class _Method:
    """A method of a resource, what answers it, and what limits its requests."""

    route: Route
    resource_id: str
    back_end: BackEnd
    validator: RequestValidator | None
    throttle: Throttle | None


class RestGateway:
    """Answers the requests of one REST API.

    `api_keys` are the values of API keys by their ids or names. `report` gets what was wrong where the client only
    gets a status.
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        *,
        api_keys: Mapping[str, str],
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._api = api
        self._functions = functions
        self._authorizers = authorizers
        self._report = report
        self._tell = RequestReports(report)
        self._keys = ApiKeys(api, api_keys, report=report)
        self._binary_types = BinaryMediaTypes(api.binary_types)
        self._back_end = FunctionBackEnd(functions)
        self._resources = self._build_resources()

    async def refuse_body(self, _request: HttpRequest) -> HttpResponse:
        """Return the answer to a request whose body is larger than 10 MiB."""
        return _BODY_TOO_LARGE

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the response to a request; None if it was sent with the writer."""
        if len(request.body) > MAX_BODY_BYTES:
            return _BODY_TOO_LARGE
        if has_too_large_headers(request):
            return _HEADERS_TOO_LARGE
        try:
            return await self._respond(request, writer)
        except GatewayError as error:
            self._report_error(request, error)
            if error.has_begun:
                await writer.break_off()
                return None
            return await self._respond_to_error(request, error)

    def _build_resources(self) -> PathTree[dict[str, _Method]]:
        methods: dict[str, dict[str, _Method]] = {}
        for route in self._api.routes:
            methods.setdefault(route.path, {})[route.method] = _Method(
                route=route,
                resource_id=short_id(self._api.identifier, route.path),
                back_end=self._choose_back_end(route),
                validator=RequestValidator(route, report=self._report)
                if route.validation
                else None,
                throttle=Throttle(route) if route.limits else None,
            )
        tree: PathTree[dict[str, _Method]] = PathTree()
        for path, by_name in methods.items():
            tree.add(path, by_name)
        return tree

    def _choose_back_end(self, route: Route) -> BackEnd:
        integration = route.integration
        if isinstance(integration, FunctionIntegration):
            if integration.streams:
                return StreamingMethod(
                    integration, self._back_end, idle_seconds=_idle_seconds(self._api)
                )
            return FunctionMethod(integration, self._api, self._back_end)
        if isinstance(integration, CustomFunctionIntegration):
            return CustomFunctionMethod(integration, self._back_end, report=self._report)
        if isinstance(integration, MockIntegration):
            return MockMethod(integration)
        if isinstance(integration, HttpIntegration):
            return HttpMethod(integration)
        return _UnsupportedMethod(integration)

    async def _respond(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        found = self._find(request)
        if found is None:
            raise GatewayError(MISSING_AUTHENTICATION_TOKEN, reason=self._why_missing(request))
        method, target = found
        request = await _decompressed(request)
        owner = await self._functions.region_and_account()
        event = self._build_event(request, target, owner[1])
        try:
            if method.throttle:
                _take(method.throttle, request)
            key = await self._authorize(request, method.route, event, owner)
            if method.route.needs_api_key:
                self._check_key(method.route, request, event, key)
            if method.validator:
                method.validator.check(request, event)
            routed = RoutedRequest(api=self._api, route=method.route, request=request, event=event)
            response = await method.back_end.answer(routed, writer)
        except GatewayError as error:
            error.event = event
            raise
        return None if response is None else await self._compressed(response, request)

    def _find(self, request: HttpRequest) -> tuple[_Method, EventTarget] | None:
        match = self._resources.match(request.path)
        if match is None:
            return None
        method = match.value.get(request.method)
        if method is None and request.method in _METHODS_OF_ANY:
            method = match.value.get(ANY_METHOD)
        if method is None:
            return None
        target = EventTarget(
            resource=method.route.path,
            resource_id=method.resource_id,
            path_parameters=match.parameters,
            operation_name=method.route.operation_name,
            version=None,
        )
        return method, target

    def _why_missing(self, request: HttpRequest) -> str:
        match = self._resources.match(request.path)
        if match is None:
            return f"`{self._api.full_path}` has no route for this path"
        first = next(iter(match.value.values()))
        return f"`{first.route.path}` of `{self._api.full_path}` has no such method"

    def _build_event(self, request: HttpRequest, target: EventTarget, account_id: str) -> Event:
        return build_event(
            self._api,
            request,
            target,
            headers=forwarded_headers(request),
            account_id=account_id,
            has_binary_body=self._binary_types.matches(request.header("content-type")),
        )

    async def _authorize(
        self, request: HttpRequest, route: Route, event: Event, owner: tuple[str, str]
    ) -> str | None:
        """Complete the event by what an authorizer says, and return the API key that it gives."""
        if route.needs_api_key:
            key = self._keys.choose(request)  # which the authorizer sees, too
            event["requestContext"]["identity"] |= {"apiKey": key} if key else {}
        if route.authorizer is None:
            return None
        path = "/" + request.path.lstrip("/")
        arn = method_arn(self._api, f"{request.method}{path}", owner)
        verdict = await self._authorizers.check(self._api, route, request, event, arn)
        if verdict.context is not None:
            event["requestContext"]["authorizer"] = dict(verdict.context)
        if isinstance(verdict, Refused):
            raise refusal_error(verdict)
        if verdict.identity is not None:
            event["requestContext"]["identity"] |= verdict.identity
        return verdict.api_key

    def _check_key(
        self, route: Route, request: HttpRequest, event: Event, from_authorizer: str | None
    ) -> None:
        """Complete the event by the API key and its id; `from_authorizer` is the key that an authorizer gives.

        Raises:
            GatewayError: There is none, or it may not be used now.
        """
        key = self._keys.choose(request, from_authorizer)
        refused = self._keys.check(key, route, request.received)
        if refused is not None:
            raise refusal_error(refused)
        event["requestContext"]["identity"] |= {"apiKey": key, "apiKeyId": self._keys.id_of(key)}

    async def _compressed(self, response: HttpResponse, request: HttpRequest) -> HttpResponse:
        """Return a response in the coding that the client prefers, if the API compresses ones of its size."""
        least = self._api.minimum_compression_bytes
        if least is None or len(response.body) < max(least, 1):
            return response
        coding = choose_coding(request.header("accept-encoding"))
        if coding is None or has_header([*response.headers], "content-encoding"):
            return response
        headers = [*response.headers, ("Content-Encoding", coding)]
        return replace(response, headers=headers, body=await compress(response.body, coding))

    async def _respond_to_error(self, request: HttpRequest, error: GatewayError) -> HttpResponse:
        response = choose_gateway_response(self._api, error)
        if response is None:
            return plain_response(error, request)
        event = error.event
        if event is None:
            found = self._find(request)
            target = found[1] if found else EventTarget(resource="", resource_id=None)
            _, account_id = await self._functions.region_and_account()
            event = self._build_event(request, target, account_id)
        return customized_response(response, error, request, event)

    def _report_error(self, request: HttpRequest, error: GatewayError) -> None:
        if error.reason is None:
            return
        place = error.place
        if error.error_type is API_CONFIGURATION_ERROR and (found := self._find(request)):
            place = found[0].route.place
        self._tell(request, error.reason, place=place, hint=error.hint)


def _take(throttle: Throttle, request: HttpRequest) -> None:
    refused = throttle.take(request.method, request.received)
    if refused is not None:
        raise refusal_error(refused)


def _idle_seconds(api: Api) -> float:
    return _EDGE_IDLE_SECONDS if api.is_edge_optimized else _IDLE_SECONDS


async def _decompressed(request: HttpRequest) -> HttpRequest:
    """Return a request whose body is as it was before its client compressed it."""
    coding = request.header("content-encoding")
    if not coding or not request.body:
        return request
    try:
        body = await decompress(request.body, coding, max_bytes=MAX_BODY_BYTES)
    except CodingError as error:
        raise GatewayError(UNSUPPORTED_MEDIA_TYPE, reason=str(error)) from error
    except CodedBodyTooLargeError as error:
        raise GatewayError(REQUEST_TOO_LARGE, reason=str(error)) from error
    return replace(request, body=body)


class _UnsupportedMethod:
    """A method whose integration samlocal does not have."""

    def __init__(self, integration: UnsupportedIntegration) -> None:
        self._diagnostic = integration.diagnostic

    async def answer(self, _routed: RoutedRequest, _writer: ResponseWriter) -> HttpResponse:
        """Refuse the request with the words of the diagnostic."""
        diagnostic = self._diagnostic
        raise GatewayError(
            UNSUPPORTED,
            message=diagnostic.message,
            reason=diagnostic.message,
            hint=diagnostic.hint,
            place=diagnostic.place,
        )
