"""Methods that call another HTTP server.

https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html

Which headers and parameters arrive is as recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_integrations.snapshot.json
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_http.snapshot.json
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus, urlencode

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.forwarded_headers import forwarded_headers
from samlocal.http_api.header_values import sendable_headers
from samlocal.http_api.http_back_end import BackEndError, send_request
from samlocal.http_api.media_types import DEFAULT_MEDIA_TYPE
from samlocal.http_api.rest.client_headers import own_headers, remap, replace_headers
from samlocal.http_api.rest.gateway_errors import (
    API_CONFIGURATION_ERROR,
    INTEGRATION_FAILURE,
    INTEGRATION_TIMEOUT,
    GatewayError,
)
from samlocal.http_api.rest.integration_responses import (
    choose_response,
    map_response,
    render_request,
)
from samlocal.http_api.rest.variables import RequestVariables, map_parameter, render
from samlocal.project.apis import ANY_METHOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.exchange import ResponseWriter
    from samlocal.http_api.http_back_end import BackEndErrorKind, BackEndResponse
    from samlocal.http_api.refusal_types import ErrorType
    from samlocal.http_api.rest.routed_request import RoutedRequest
    from samlocal.project.apis import HttpIntegration

_PARAMETER_PREFIX: Final = "integration.request."
_PATH_PARAMETER: Final = re.compile(r"(?<!\$)\{([\w.:-]+)\+?\}")
# The body is not compressed any more.
_NOT_PASSED: Final = frozenset(
    {
        "content-encoding",
        "host",
        "via",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
)
# A mapping to one of these fails in API Gateway, too.
_REFUSED_HEADERS: Final = frozenset({"content-length", "transfer-encoding"})
_FAILURES: Final[Mapping[BackEndErrorKind, ErrorType]] = {
    "address": API_CONFIGURATION_ERROR,
    "network": INTEGRATION_FAILURE,
    "too large": API_CONFIGURATION_ERROR,
}


class HttpMethod:
    """A method whose back end is an HTTP server: a proxy passes everything on, others what their mappings say."""

    def __init__(self, integration: HttpIntegration) -> None:
        self._integration = integration

    async def answer(self, routed: RoutedRequest, _writer: ResponseWriter) -> HttpResponse:
        """Ask the server, and return its response."""
        integration = self._integration
        mapped = _map_parameters(integration.parameters, routed)
        method = routed.request.method if integration.method == ANY_METHOD else integration.method
        url = _build_url(integration, routed, mapped)
        body = render_request(integration.templates, integration.passthrough, routed)
        try:
            response = await send_request(
                method,
                url,
                headers=_build_headers(integration, routed, mapped["header"], body),
                body=body,
                timeout_ms=integration.timeout_ms,
            )
        except TimeoutError as error:
            reason = f"`{url}` has not answered within {integration.timeout_ms} ms"
            raise GatewayError(INTEGRATION_TIMEOUT, reason=reason) from error
        except BackEndError as error:
            raise GatewayError(_FAILURES[error.kind], reason=str(error)) from error
        return self._pass_back(response, routed)

    def _pass_back(self, response: BackEndResponse, routed: RoutedRequest) -> HttpResponse:
        if not self._integration.is_proxy and self._integration.responses:
            chosen = choose_response(self._integration.responses, str(response.status))
            return map_response(
                chosen, routed, body=response.body, headers=response.headers, with_trace=True
            )
        passed = (pair for pair in response.headers if pair[0].lower() != "via")
        headers = remap(sendable_headers(passed))
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.insert(0, ("Content-Type", DEFAULT_MEDIA_TYPE))
        own = own_headers(routed.request, with_trace=False)
        return HttpResponse(
            status=response.status, headers=replace_headers(headers, own), body=response.body
        )


def _map_parameters(
    parameters: Mapping[str, str], routed: RoutedRequest
) -> dict[str, dict[str, str]]:
    """Return the values of `integration.request.KIND.NAME` by kind and name, without those that have none."""
    variables = RequestVariables(routed.event)
    mapped: dict[str, dict[str, str]] = {"path": {}, "querystring": {}, "header": {}}
    for key, expression in parameters.items():
        kind, _, name = key.removeprefix(_PARAMETER_PREFIX).partition(".")
        value = map_parameter(expression, variables)
        if value is not None and kind in mapped:
            mapped[kind][name] = value
    return mapped


def _build_url(
    integration: HttpIntegration, routed: RoutedRequest, mapped: Mapping[str, Mapping[str, str]]
) -> str:
    """Return the address with the values of its parameters, its own query, and then the request's."""
    values = {**(routed.event["pathParameters"] or {}), **mapped["path"]}

    def replace(found: re.Match[str]) -> str:
        if found[1] not in values:
            reason = (
                f"the address `{integration.url}` has a parameter without a value: `{found[1]}`"
            )
            raise GatewayError(API_CONFIGURATION_ERROR, reason=reason)
        return quote(values[found[1]], safe="/%:@!$&'()*+,;=~")

    url = _PATH_PARAMETER.sub(replace, render(integration.url, RequestVariables(routed.event)))
    replaced = mapped["querystring"]
    own = routed.request.query if integration.is_proxy else ""
    kept = [part for part in own.split("&") if part and _name_of(part) not in replaced]
    query = "&".join([*kept, *([urlencode(replaced, quote_via=quote)] if replaced else [])])
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _name_of(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _build_headers(
    integration: HttpIntegration, routed: RoutedRequest, mapped: Mapping[str, str], body: bytes
) -> list[tuple[str, str]]:
    for name in mapped:
        if name.lower() in _REFUSED_HEADERS:
            reason = f"the header `{name}` cannot be mapped"
            raise GatewayError(API_CONFIGURATION_ERROR, reason=reason)
    request, identifier = routed.request, routed.api.identifier
    if integration.is_proxy:
        passed = forwarded_headers(request)
        headers = [pair for pair in passed if pair[0].lower() not in _NOT_PASSED]
    else:
        headers = [
            ("Accept", DEFAULT_MEDIA_TYPE),
            ("User-Agent", f"AmazonAPIGateway_{identifier}"),
        ]
        if body:
            content_type = request.header("content-type") or DEFAULT_MEDIA_TYPE
            headers.append(("Content-Type", content_type))
    headers += (
        ("X-Amzn-Apigateway-Api-Id", identifier),
        ("X-Amzn-Trace-Id", request.trace_header),
    )
    return replace_headers(headers, mapped.items())
