"""What an integration's result means for a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.result_members import (
    WrongResultError,
    parse_json,
    read_body,
    read_headers,
    read_multi_value_headers,
    read_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.project.apis import IntegrationResponse, MockIntegration


@frozen
class RouteResult:
    """What a route's integration returned; the names of `headers` are in lower case."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether `$connect` lets the client in."""
        return self.status // 100 == 2  # noqa: PLR2004  # 2xx


@frozen
class RouteFailure:
    """An integration without a usable result; `status` is that of a handshake."""

    status: int


def read_function_result(payload: bytes) -> RouteResult:
    """Return the result of a function: an object with `statusCode`, `body`, `headers` and `isBase64Encoded`.

    All are optional. Other members are ignored.

    Raises:
        WrongResultError: It is another value, or a member is not what it should be.
    """
    result = parse_json(payload)
    if not isinstance(result, dict):
        raise WrongResultError('the result is not an object such as `{"statusCode": 200}`')
    headers = read_multi_value_headers(result.get("multiValueHeaders"))
    headers += read_headers(result.get("headers"))
    try:
        body = read_body(result).decode()
    except UnicodeDecodeError:
        raise WrongResultError("`body` is not the Base64 of a text in UTF-8") from None
    return RouteResult(
        status=read_status(result.get("statusCode", 200)),
        body=body,
        headers={name.lower(): value for name, value in headers},
    )


def mock_result(integration: MockIntegration) -> RouteResult:
    """Return the response of a mock integration, whose templates are plain texts.

    Raises:
        WrongResultError: A template is not one without expressions, or there is none for the status.
    """
    template = _default_template(integration.request_templates)
    try:
        request = json.loads(template) if template else {"statusCode": 200}
    except ValueError:
        raise WrongResultError(f"the request template `{template}` is not plain JSON") from None
    status = read_status(request.get("statusCode") if isinstance(request, dict) else None)
    response = _matching(integration.responses, status)
    if response is None:
        return RouteResult(status=status)
    body = _default_template(response.templates)
    if "$" in body or "#" in body:
        raise WrongResultError(f"the response template `{body}` has expressions (VTL)")
    return RouteResult(status=status, body=body)


def _matching(
    responses: tuple[IntegrationResponse, ...], status: int
) -> IntegrationResponse | None:
    """Return the response whose key, a status between slashes, is that status, else the one for all."""
    by_key = {each.pattern.strip("/") if each.pattern else None: each for each in responses}
    return by_key.get(str(status)) or by_key.get("$default") or by_key.get(None)


def _default_template(templates: Mapping[str, str]) -> str:
    for key in ("$default", "application/json"):
        if key in templates:
            return templates[key]
    return next(iter(templates.values()), "")
