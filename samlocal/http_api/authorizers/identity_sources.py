"""Identity sources: what an authorizer reads from a request, and what its cached results are kept by.

https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.identity-sources
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from samlocal.http_api.event_values import find_context_variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest

_PARAMETER: Final = re.compile(
    r"(?:\$|method\.|route\.)request\.(?:multivalue)?(header|querystring)\.(.+)", re.IGNORECASE
)
_VARIABLE: Final = re.compile(r"\$?(stageVariables|context)\.(.+)")


def compile_source(source: str) -> Callable[[HttpRequest, Event], str | None]:
    """Return a function that reads an identity source: its text, None where it is missing or empty.

    `source` is as in a template: `method.request.header.Auth` (REST), `$request.querystring.q` (HTTP),
    `route.request.header.Auth` (WebSocket), `stageVariables.x` and `context.x` with or without `$`.

    Raises:
        ValueError: It is none of them.
    """
    if match := _PARAMETER.fullmatch(source):
        kind, name = match.groups()
        return partial(_read_header if kind.lower() == "header" else _read_query, name)
    if match := _VARIABLE.fullmatch(source):
        kind, name = match.groups()
        return partial(_read_stage_variable if kind == "stageVariables" else _read_context, name)
    raise ValueError(f"`{source}` is not an identity source")


def _read_header(name: str, request: HttpRequest, event: Event) -> str | None:
    if event.get("version") == "2.0":
        return ",".join(request.all_values(name)) or None
    return request.header(name) or None


def _read_query(name: str, _request: HttpRequest, event: Event) -> str | None:
    return _text((event.get("queryStringParameters") or {}).get(name))


def _read_stage_variable(name: str, _request: HttpRequest, event: Event) -> str | None:
    return _text((event.get("stageVariables") or {}).get(name))


def _read_context(name: str, _request: HttpRequest, event: Event) -> str | None:
    return _text(find_context_variable(event, name))


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None
