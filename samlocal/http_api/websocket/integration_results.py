"""What an integration's result means for a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.project.apis import IntegrationResponse, MockIntegration

_SHOWN: Final = 200
_LEAST_STATUS: Final = 100
_MOST_STATUS: Final = 599


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


class ResultShapeError(Exception):
    """A result is not what the gateway can use; `str()` says what is wrong with it."""


def read_function_result(payload: bytes) -> RouteResult:
    """Return the result of a function: an object with `statusCode`, `body`, `headers` and `isBase64Encoded`.

    All are optional. Other members are ignored.

    Raises:
        ResultShapeError: It is another value, or a member has a wrong type.
    """
    try:
        result = json.loads(payload or b"null")
    except (ValueError, RecursionError):
        raise ResultShapeError(f"{_shown(payload)} is not JSON") from None
    if not isinstance(result, dict):
        raise ResultShapeError(
            f'{_shown(payload)} is not an object such as {{"statusCode": 200}}, which the gateway needs'
        )
    return RouteResult(
        status=_read_status(result.get("statusCode", 200)),
        body=_read_body(result),
        headers=_read_headers(result),
    )


def mock_result(integration: MockIntegration) -> RouteResult:
    """Return the response of a mock integration, whose templates are plain texts.

    Raises:
        ResultShapeError: A template is not one without expressions, or there is none for the status.
    """
    template = _default_template(integration.request_templates)
    try:
        request = json.loads(template) if template else {"statusCode": 200}
    except ValueError:
        raise ResultShapeError(f"the request template `{template}` is not plain JSON") from None
    status = _read_status(request.get("statusCode") if isinstance(request, dict) else None)
    response = _matching(integration.responses, status)
    if response is None:
        return RouteResult(status=status)
    body = _default_template(response.templates)
    if "$" in body or "#" in body:
        raise ResultShapeError(f"the response template `{body}` has expressions (VTL)")
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


def _read_status(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if (
        isinstance(number, bool)
        or not isinstance(number, int)
        or not _LEAST_STATUS <= number <= _MOST_STATUS
    ):
        raise ResultShapeError(f"`statusCode` is {json.dumps(value)}, not an HTTP status")
    return number


def _read_body(result: dict[str, Any]) -> str:
    body = result.get("body")
    if body is None:
        return ""
    if not isinstance(body, str):
        raise ResultShapeError(f"`body` is {_shown(json.dumps(body).encode())}, not a text")
    if result.get("isBase64Encoded") is not True:
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ResultShapeError("`body` is not the base64 of a text in UTF-8") from None


def _read_headers(result: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name in ("headers", "multiValueHeaders"):
        given = result.get(name) or {}
        if not isinstance(given, dict):
            raise ResultShapeError(f"`{name}` is {json.dumps(given)}, not an object")
        for header, value in given.items():
            values = value if isinstance(value, list) else [value]
            headers[header.lower()] = ",".join(
                each if isinstance(each, str) else json.dumps(each) for each in values
            )
    return headers


def _shown(payload: bytes) -> str:
    text = payload[:_SHOWN].decode(errors="replace")
    return f"`{text}…`" if len(payload) > _SHOWN else f"`{text}`"
