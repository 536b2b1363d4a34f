"""Responses of integrations that are not proxies: which one it is, its headers and its body.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.http_api.event_values import find_member
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.header_values import sendable_headers
from samlocal.http_api.media_types import DEFAULT_MEDIA_TYPE, media_type_of
from samlocal.http_api.rest.client_headers import own_headers, remap, replace_headers
from samlocal.http_api.rest.gateway_errors import (
    API_CONFIGURATION_ERROR,
    UNSUPPORTED,
    UNSUPPORTED_MEDIA_TYPE,
    GatewayError,
)
from samlocal.http_api.rest.gateway_responses import choose_template
from samlocal.http_api.rest.variables import (
    RequestVariables,
    has_directives,
    map_parameter,
    render,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from samlocal.http_api.rest.routed_request import RoutedRequest
    from samlocal.project.apis import IntegrationResponse, Passthrough

_HEADER_PREFIX: Final = "method.response.header."
_RESPONSE_HEADER: Final = "integration.response.header."
_ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
_RESPONSE_BODY: Final = "integration.response.body"


def choose_response(
    responses: Sequence[IntegrationResponse], selection: str | None, *, what: str = "the status"
) -> IntegrationResponse:
    """Return the response whose pattern matches the whole of a status, else the one without a pattern.

    `selection` may be `what` else a response is chosen by; None if there is nothing that a pattern could match.

    Raises:
        GatewayError: There is none.
    """
    for each in responses:
        if each.pattern and selection is not None and _matches(each.pattern, selection):
            return each
    default = next((each for each in responses if not each.pattern), None)
    if default is None:
        reason = "no integration response is the default"
        if selection is not None:
            reason = f"no integration response is for {what} {selection}, and none is the default"
        raise GatewayError(API_CONFIGURATION_ERROR, reason=reason)
    return default


def map_response(
    response: IntegrationResponse,
    routed: RoutedRequest,
    *,
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
    with_trace: bool,
) -> HttpResponse:
    """Return an integration response for a client; body and headers are those of the back end.

    Raises:
        GatewayError: It needs VTL.
    """
    variables = RequestVariables(routed.event)
    content_type, content = DEFAULT_MEDIA_TYPE, body
    if response.templates:
        content_type = choose_template(response.templates, routed.request.header("accept"))
        content = render_template(response.templates[content_type], variables, routed)
    find = _finder(body, headers)
    mapped = (
        (key.removeprefix(_HEADER_PREFIX), map_parameter(expression, variables, find))
        for key, expression in response.headers.items()
    )
    given = ((name, value) for name, value in mapped if value is not None)
    sent = remap(sendable_headers(given))
    if origin := _allowed_origin(response, routed):
        sent = replace_headers(sent, [(_ALLOW_ORIGIN, origin)])
    own = own_headers(routed.request, with_trace=with_trace)
    return HttpResponse(
        status=response.status,
        headers=replace_headers([("Content-Type", content_type), *own], sent),
        body=content,
    )


def _allowed_origin(response: IntegrationResponse, routed: RoutedRequest) -> str | None:
    origin = routed.request.header("origin") if response.origins else None
    is_allowed = origin and any(_matches(each, origin) for each in response.origins)
    return origin if is_allowed else None


def render_request(
    templates: Mapping[str, str], passthrough: Passthrough, routed: RoutedRequest
) -> bytes:
    """Return the body of a request to an integration: what the template for its content type makes, or as it is.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html

    Raises:
        GatewayError: No template is for the type, and others do not pass through; or it needs VTL.
    """
    media_type = media_type_of(routed.request.header("content-type"))
    template = templates.get(media_type)
    if template is not None:
        return render_template(template, RequestVariables(routed.event), routed)
    if passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and templates):
        reason = (
            f"no request template is for `{media_type}`, and `PassthroughBehavior` is {passthrough}"
        )
        raise GatewayError(UNSUPPORTED_MEDIA_TYPE, reason=reason)
    return routed.request.body


def render_template(template: str, variables: RequestVariables, routed: RoutedRequest) -> bytes:
    """Return what a template without VTL makes.

    Raises:
        GatewayError: It needs VTL.
    """
    if has_directives(template):
        message = "samlocal does not evaluate mapping templates with VTL"
        raise GatewayError(
            UNSUPPORTED,
            message=f"{message}: {routed.route.method} {routed.route.path}",
            reason=message,
            place=routed.route.place,
            hint="templates of plain text and of variables such as `$context.requestId` are supported",
        )
    return render(template, variables).encode(errors="replace")


def _matches(pattern: str, selection: str) -> bool:
    try:
        return re.fullmatch(pattern, selection) is not None
    except re.error as error:
        reason = f"`{pattern}` is not a regular expression: {error}"
        raise GatewayError(API_CONFIGURATION_ERROR, reason=reason) from error


def _finder(body: bytes, headers: Iterable[tuple[str, str]]) -> Callable[[str], str | None]:
    """Return what finds `integration.response.header.X`, `….body` and `….body.a.b`."""
    by_name = {name.lower(): value for name, value in headers}

    def find(expression: str) -> str | None:
        if expression.startswith(_RESPONSE_HEADER):
            return by_name.get(expression.removeprefix(_RESPONSE_HEADER).lower())
        if expression == _RESPONSE_BODY:
            return body.decode(errors="replace")
        if not expression.startswith(f"{_RESPONSE_BODY}."):
            return None
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return None
        value = find_member(value, expression.removeprefix(f"{_RESPONSE_BODY}."))
        return value if value is None or isinstance(value, str) else json.dumps(value)

    return find
