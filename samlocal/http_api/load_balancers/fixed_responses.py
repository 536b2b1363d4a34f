"""Responses of a load balancer without a target: fixed ones and redirects.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.load_balancers.results import error_page

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import MockIntegration

_LOCATION: Final = "Location"
_KEYWORD: Final = re.compile(r"#\{(protocol|host|port|path|query)\}")
_PORT: Final = re.compile(r":\d+\Z")


def fixed_response(integration: MockIntegration, request: HttpRequest) -> HttpResponse:
    """Return the response of an action; a redirect takes those parts of the request's URL that it names."""
    (response,) = integration.responses
    location = response.headers.get(_LOCATION)
    if location is None:
        body = next(iter(response.templates.values()), "").encode()
        return HttpResponse(status=response.status, headers=[*response.headers.items()], body=body)
    parts = {
        "protocol": request.scheme,
        "host": _PORT.sub("", request.host),
        "port": str(request.port),
        "path": (request.prefix + request.path).removeprefix("/"),
        "query": request.query,
    }
    url = _KEYWORD.sub(lambda found: parts[found[1]], location).removesuffix("?")
    page = error_page(response.status)
    return HttpResponse(
        status=page.status, headers=[*page.headers, (_LOCATION, url)], body=page.body
    )
