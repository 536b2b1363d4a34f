"""Parameter mapping of an HTTP API's integrations: what of a request and of a response is changed on its way.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast
from urllib.parse import quote, quote_plus

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.event_values import find_context_variable, find_member, query_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest, HttpResponse

Action = Literal["append", "overwrite", "remove"]
Location = Literal["header", "querystring", "path"]
Pairs = list[tuple[str, str]]

_KEY: Final = re.compile(r"(append|overwrite|remove):(?:(header|querystring)\.(.+)|(path))")
_VARIABLE: Final = r"(?:request|response|context|stageVariables)\.[^\s{}]+|request\.path"
_WHOLE: Final = re.compile(rf"\$({_VARIABLE})")
_SAFE_IN_PATHS: Final = "/%:@!$&'()*+,;=~"
_EMBEDDED: Final = re.compile(rf"\$\{{({_VARIABLE})\}}")


@frozen
class ParameterMapping:
    """One change; `value` may have variables such as `$request.header.x` or `${context.stage}`."""

    action: Action
    location: Location
    name: str
    value: str


def read_mappings(parameters: Mapping[str, str]) -> tuple[ParameterMapping, ...]:
    """Return the changes that an integration's parameters describe; others, such as those of a service, are left out."""
    found = []
    for key, value in parameters.items():
        if match := _KEY.fullmatch(key):
            action, location, name, path = match.groups()
            mapping = ParameterMapping(
                action=cast("Action", action),
                location=cast("Location", location or path),
                name=name or "",
                value=value,
            )
            found.append(mapping)
    return tuple(found)


class RequestParts(NamedTuple):
    """What a request to a back end has: its path, percent-encoded, its query as sent, and its headers."""

    path: str
    query: str
    headers: Pairs


def change_request(
    mappings: Iterable[ParameterMapping], parts: RequestParts, request: HttpRequest, event: Event
) -> RequestParts:
    """Return a request with changes, whose variables are those of the client's `request`."""
    path, text, headers = parts
    query: Pairs | None = None
    for each in mappings:
        value = resolve_value(each.value, request, event)
        if each.location == "header":
            headers = change_pairs(headers, each, value)
        elif each.location == "querystring":
            query = change_pairs(query_pairs(text) if query is None else query, each, value)
        elif value is not None:
            path = quote(value if value.startswith("/") else f"/{value}", safe=_SAFE_IN_PATHS)
    if query is not None:
        text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in query)
    return RequestParts(path, text, headers)


def resolve_value(
    text: str, request: HttpRequest, event: Event, response: HttpResponse | None = None
) -> str | None:
    """Return a value with its variables replaced; None if it is a variable that request and response do not have."""
    if whole := _WHOLE.fullmatch(text):
        return _look_up(whole[1], request, event, response)
    return _EMBEDDED.sub(lambda found: _look_up(found[1], request, event, response) or "", text)


def change_pairs(pairs: Pairs, mapping: ParameterMapping, value: str | None) -> Pairs:
    """Return headers or parameters of a query with one change; names of headers are compared without case."""
    is_header = mapping.location == "header"
    name = mapping.name.lower() if is_header else mapping.name
    others = [each for each in pairs if (each[0].lower() if is_header else each[0]) != name]
    if mapping.action == "remove":
        return others
    if value is None:
        return pairs
    return [*(others if mapping.action == "overwrite" else pairs), (mapping.name, value)]


def _look_up(
    variable: str, request: HttpRequest, event: Event, response: HttpResponse | None
) -> str | None:
    source, _, name = variable.partition(".")
    if source == "response":
        return _look_up_response(name, response) if response else None
    if source == "stageVariables":
        return _text(event.get("stageVariables", {}).get(name))
    if source == "context":
        return _look_up_context(name, event)
    return _look_up_request(name, request, event)


def _look_up_request(member: str, request: HttpRequest, event: Event) -> str | None:
    kind, _, name = member.partition(".")
    match kind:
        case "header":
            return ",".join(request.all_values(name)) or None
        case "querystring":
            return _text(event.get("queryStringParameters", {}).get(name))
        case "path":
            return _text(event.get("pathParameters", {}).get(name)) if name else request.path
        case "body":
            return _look_up_body(name, request.body)
    return None


def _look_up_response(member: str, response: HttpResponse) -> str | None:
    kind, _, name = member.partition(".")
    if kind == "header":
        values = [value for own, value in response.headers if own.lower() == name.lower()]
        return ",".join(values) or None
    return _look_up_body(name, response.body) if kind == "body" else None


def _look_up_context(name: str, event: Event) -> str | None:
    authorizer, dot, member = name.partition(".")
    if authorizer == "authorizer" and dot:
        found = event["requestContext"].get("authorizer", {})
        return _text(find_member(found.get("lambda") or found.get("jwt"), member))
    return _text(find_context_variable(event, name))


def _look_up_body(path: str, body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _text(find_member(content, path.removeprefix("$.")) if path else content)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
