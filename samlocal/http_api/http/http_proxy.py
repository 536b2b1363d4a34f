"""Routes of an HTTP API that call another HTTP server.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.http.parameter_mapping import RequestParts, change_request, read_mappings
from samlocal.http_api.http_back_end import BackEndError, send_request
from samlocal.http_api.request_headers import CONNECTION_HEADERS
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE

if TYPE_CHECKING:
    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.http.parameter_mapping import Pairs
    from samlocal.http_api.http.routes import MatchedRoute
    from samlocal.project.apis import HttpIntegration

_PATH_VARIABLE: Final = re.compile(r"\{([\w.:-]+)\+?\}")
_NOT_PASSED: Final = CONNECTION_HEADERS | {"host", "content-length", "x-amzn-trace-id"}
_SAFE_IN_VALUES: Final = "/{}:@!$&'()*+,;=~"
_VIA: Final = "HTTP/1.1 AmazonAPIGateway"


class NoResponseError(Exception):
    """The other server has not answered; the message says why."""


class HttpProxy:
    """Passes requests on to the server of one integration, changed as its parameters say."""

    def __init__(self, integration: HttpIntegration, *, timeout_ms: int) -> None:
        self._integration = integration
        self._timeout_ms = timeout_ms
        self._mappings = read_mappings(integration.parameters)

    async def answer(
        self, request: HttpRequest, matched: MatchedRoute, event: Event
    ) -> HttpResponse:
        """Return the server's response, without the headers of its connection.

        Raises:
            NoResponseError: There is none.
        """
        method = self._integration.method
        url, headers = self._map(request, matched, event)
        try:
            response = await send_request(
                request.method if method == ANY_METHOD else method,
                url,
                headers=headers,
                body=request.body,
                timeout_ms=self._timeout_ms,
            )
        except TimeoutError as error:
            raise NoResponseError(
                f"`{url}` has not answered within {self._timeout_ms} ms"
            ) from error
        except BackEndError as error:
            raise NoResponseError(str(error)) from error
        dropped = CONNECTION_HEADERS | {"content-length"}
        passed = [each for each in response.headers if each[0].lower() not in dropped]
        return HttpResponse(status=response.status, headers=passed, body=response.body)

    def _map(self, request: HttpRequest, matched: MatchedRoute, event: Event) -> tuple[str, Pairs]:
        """Return the URL and the headers of the request to the server.

        Raises:
            NoResponseError: It has no URL.
        """
        target = _target(self._integration.url, request, matched)
        try:
            parts = urlsplit(target)
        except ValueError as error:
            raise NoResponseError(f"`{target}` is not a URL: {error}") from error
        query = "&".join(filter(None, (parts.query, request.query)))
        own = RequestParts(parts.path, query, _passed_headers(request))
        changed = change_request(self._mappings, own, request, event)
        url = urlunsplit((parts.scheme, parts.netloc, changed.path, changed.query, ""))
        return url, changed.headers


def _target(url: str, request: HttpRequest, matched: MatchedRoute) -> str:
    """Return the URL with its path variables, or with the whole path behind it in the route `$default`."""
    if matched.key == DEFAULT_ROUTE:
        return url.rstrip("/") + request.path
    parameters = matched.parameters
    return _PATH_VARIABLE.sub(
        lambda found: quote(parameters.get(found[1], found[0]), safe=_SAFE_IN_VALUES), url
    )


def _passed_headers(request: HttpRequest) -> Pairs:
    passed = [each for each in request.headers if each[0].lower() not in _NOT_PASSED]
    host = request.host
    forwarded = f"by={host};for={request.source_ip};host={host};proto={request.scheme}"
    return [
        *passed,
        ("Forwarded", forwarded),
        ("Via", _VIA),
        ("X-Amzn-Trace-Id", request.trace_header),
    ]
