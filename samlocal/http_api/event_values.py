"""Values that events of several formats have in common, and the text of what their members hold."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from time import gmtime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.http_api.authorization import Event

Values = dict[str, str]
MultiValues = dict[str, list[str]]

# Not those of `strftime`, which are in the language of the process.
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
# Members of `$context` that have other names, or other places, in an event of format 2.0:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
_NAMES_IN_FORMAT_2: Final[Mapping[str, str]] = {
    "httpMethod": "http.method",
    "path": "http.path",
    "protocol": "http.protocol",
    "identity.sourceIp": "http.sourceIp",
    "identity.userAgent": "http.userAgent",
    "requestTime": "time",
    "requestTimeEpoch": "timeEpoch",
    "extendedRequestId": "requestId",
}


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Return the decoded names and values of a query: `+` is a space, and a name without `=` has an empty value."""
    if not query:
        return []
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def collect_values(pairs: Iterable[tuple[str, str]]) -> tuple[Values, MultiValues]:
    """Return the last value of each name, and all of them; names that differ in case are different ones."""
    last: Values = {}
    every: MultiValues = {}
    for name, value in pairs:
        last[name] = value
        every.setdefault(name, []).append(value)
    return last, every


def request_time(received: float) -> str:
    """Return a Unix time in seconds as in the Common Log Format: `26/Nov/2026:10:11:12 +0000`."""
    at = gmtime(received)
    return (
        f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}"
        f":{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
    )


@lru_cache(maxsize=256)
def domain_prefix(host: str) -> str | None:
    """Return the first label of a host, which may have a port; None for an address, and for a name of one label."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    first, dot, _ = name.partition(".")
    return None if not dot or _is_address(name.strip("[]")) else first


def find_member(content: object, path: str) -> object:
    """Return what a path such as `identity.sourceIp` leads to in JSON objects; None if there is nothing."""
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def find_context_variable(event: Event, name: str) -> object:
    """Return the variable `$context.NAME` from an event of format 1.0 or 2.0; None if the event does not have it."""
    if event.get("version") == "2.0":
        name = _NAMES_IN_FORMAT_2.get(name, name)
    return find_member(event.get("requestContext"), name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
