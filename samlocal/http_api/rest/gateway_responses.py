"""The answers of a REST API to its own errors, as its template customises them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.header_values import sendable_headers
from samlocal.http_api.media_types import DEFAULT_MEDIA_TYPE, media_type_of
from samlocal.http_api.rest.client_headers import own_headers, replace_headers
from samlocal.http_api.rest.gateway_errors import UNSUPPORTED
from samlocal.http_api.rest.variables import RequestVariables, map_parameter, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.rest.gateway_errors import GatewayError
    from samlocal.project.apis import Api, GatewayResponse

_HEADER_PREFIX: Final = "gatewayresponse.header."
_OTHER_PREFIX: Final = "gatewayresponse."
_FIRST_SERVER_ERROR: Final = 500


def choose_gateway_response(api: Api, error: GatewayError) -> GatewayResponse | None:
    """Return what the template says about a type of error, or about all client or server errors."""
    if error.error_type is UNSUPPORTED:
        return None
    is_server_error = error.error_type.status >= _FIRST_SERVER_ERROR
    fallback = "DEFAULT_5XX" if is_server_error else "DEFAULT_4XX"
    return api.gateway_responses.get(error.error_type.name) or api.gateway_responses.get(fallback)


def plain_response(error: GatewayError, request: HttpRequest) -> HttpResponse:
    """Return the answer to an error of which the template says nothing."""
    return HttpResponse(
        status=error.error_type.status, headers=_headers(error, request), body=error.body
    )


def customized_response(
    response: GatewayResponse, error: GatewayError, request: HttpRequest, event: Event
) -> HttpResponse:
    """Return the template's answer to an error; `event` has the variables of the request."""
    variables = RequestVariables(
        event,
        error={
            "message": error.message,
            "messageString": json.dumps(error.message),
            "responseType": error.error_type.name,
            "validationErrorString": error.details,
        },
    )
    headers, body = _headers(error, request), error.body
    if response.templates:
        content_type = choose_template(response.templates, request.header("accept"))
        body = render(response.templates[content_type], variables).encode(errors="replace")
        headers = replace_headers(headers, [("Content-Type", content_type)])
    mapped = sendable_headers(_mapped(response.headers, variables))
    headers = replace_headers(headers, mapped)
    return HttpResponse(
        status=response.status or error.error_type.status, headers=headers, body=body
    )


def choose_template(templates: Mapping[str, str], accept: str | None) -> str:
    """Return the content type of the template for a response: that of `Accept`, JSON, or the first one."""
    wanted = media_type_of(accept)
    if wanted in templates:
        return wanted
    return DEFAULT_MEDIA_TYPE if DEFAULT_MEDIA_TYPE in templates else next(iter(templates))


def _headers(error: GatewayError, request: HttpRequest) -> list[tuple[str, str]]:
    return [
        ("Content-Type", DEFAULT_MEDIA_TYPE),
        ("x-amzn-ErrorType", error.error_type.exception),
        *own_headers(request, with_trace=False),
        *error.headers.items(),
    ]


def _mapped(headers: Mapping[str, str], variables: RequestVariables) -> Iterator[tuple[str, str]]:
    """Yield the headers of a template with their values."""
    for key, expression in headers.items():
        name = key.removeprefix(_HEADER_PREFIX)
        value = map_parameter(expression, variables)
        if value is not None and not name.startswith(_OTHER_PREFIX):
            yield name, value
